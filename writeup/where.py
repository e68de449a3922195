"""One fact, statement or figure to look at: what `writeup show ID` says, what `writeup figure ID` draws."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from writeup.assignment import Assignment, Question, load_assignment
from writeup.errors import WriteupError, near
from writeup.evidence.cards import fact_card
from writeup.figures import TIKZ_LIBRARIES
from writeup.folder import BUILD
from writeup.pages.blocks import question_label
from writeup.pages.pdf import compile, find_engine, text_of
from writeup.records.store import write_whole
from writeup.text.written import written_in
from writeup.trust.ledger import ClaimRow, StatementRow
from writeup.trust.question import Verified, verify_question
from writeup.trust.verify import assemble

PAGE = r"""\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern,amsmath,bm,charter,textcomp}
\IfFileExists{sourcesanspro.sty}{\usepackage{sourcesanspro}}{\usepackage[scaled=0.9]{helvet}}
\usepackage[table]{xcolor}\usepackage{tikz}\usetikzlibrary{LIBRARIES}
\DeclareUnicodeCharacter{2212}{\ensuremath{-}}
\begin{document}\pagestyle{empty}\setbox0\hbox{%s}\hoffset=-1in\voffset=-1in
\pdfpagewidth=\wd0 \pdfpageheight=\dimexpr\ht0+\dp0\relax\shipout\box0 \end{document}
""".replace("LIBRARIES", ",".join(TIKZ_LIBRARIES))


def where(root: Path, id: str) -> list[tuple[str, str]]:
    """What there is to say of `id`, as (what, words). Verifies its question; the pages are those of the last build.

    Raises `WriteupError` with the nearest ids where there is no such fact or statement.
    """
    assignment = load_assignment(root)
    question = _question_of(assignment, id)
    verified = verify_question(question, root)
    stated: list[ClaimRow | StatementRow] = [*verified.rows, *verified.statements]
    rows = {row.id: row for row in stated}
    _named(id, "fact or statement", rows, verified)
    row = rows[id]
    said = [("declared", row.source)]
    if isinstance(row, ClaimRow):
        card = fact_card(row, assemble(assignment, [verified], []).ledger, (), str)
        said += [("value", card.title), ("level", card.level), *((name.lower(), words) for name, words in card.rows)]
        said += [("record", path) for path in card.records]
        said += [("wrong", f"{'; '.join(values)}: {why}" if why else "; ".join(values)) for why, values in card.wrong]
    else:
        said += [("holds", "yes" if row.holds else "no"), ("rests on", ", ".join(row.claims))]
        said += [("wrong", control.printed) for control in row.controls]
    said += [("template", place) for place in _places(root, question.id, id)]
    return said + [("page", page) for page in _pages(root, question, row)]


def draw(root: Path, id: str, file: Path) -> None:
    """Draw the figure `id`, a question's id and its name there, to an .svg or a .pdf file, as the documents have it."""
    if file.suffix not in (".svg", ".pdf"):
        raise WriteupError(f"{file}: a figure is drawn as .svg or .pdf")
    question = _question_of(load_assignment(root), id)
    verified = verify_question(question, root)
    figures: dict[str, Any] = {f"{question.id}.{name}": figure for name, figure in verified.figures.items()}
    _named(id, "figure", figures, verified)
    pdf = file.suffix == ".pdf"
    try:
        write_whole(file, compile(PAGE % figures[id].tikz(), engine=find_engine()) if pdf else figures[id].svg())
    except OSError as error:
        raise WriteupError(f"{file} cannot be written: {error.strerror}") from error


def _named(id: str, what: str, known: Collection[str], verified: Verified) -> None:
    """Raises `WriteupError` with the nearest of the `known` names where `id` is none of them."""
    if id in known:
        return
    if verified.problems and not verified.rows:
        raise WriteupError(f"question {verified.question} could not be verified: {verified.problems[0]}")
    others = f"; some are {', '.join([*known][:5])}" if known else "; there is none"
    raise WriteupError(f"no {what} is called {id!r}{near(id, known) or others}")


def _question_of(assignment: Assignment, id: str) -> Question:
    found = [question for question in assignment.everything if id.startswith(f"{question.id}.")]
    if not found:
        known = ", ".join(question.id for question in assignment.everything)
        raise WriteupError(f"{id!r} begins with no question's id and a dot; the questions are {known}")
    return max(found, key=lambda question: len(question.id))


def _places(root: Path, question: str, id: str) -> Iterator[str]:
    written = written_in(root, question)
    yield from (written.place(start) for start in written.printed(id))
    if place := written.statements().get(id):
        yield place


def _pages(root: Path, question: Question, row: ClaimRow | StatementRow) -> list[str]:
    """Page of the last build's PDF, found by the words that stand on it; none without a build."""
    papers = [path for path in (root / BUILD).glob("*.pdf") if path.with_suffix(".tex").is_file()]  # not the notebook's
    if len(papers) != 1 or not isinstance(row, ClaimRow):
        return []
    pages = [" ".join(page.split()) for page in text_of(papers[0].read_bytes())]
    heading = f"{question_label(question.id)} {question.title}"
    first = next((number for number, page in enumerate(pages) if heading in page), None)
    if first is None:
        return []
    found = [number for number, page in enumerate(pages[first : first + 3], first + 1) if row.shown in page]
    return [f"{papers[0].name}, page {found[0]}"] if found else []
