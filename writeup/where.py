"""Where a fact or a statement is declared, checked, printed: what `writeup where ID` says."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from writeup.assignment import Assignment, Question, load_assignment
from writeup.errors import WriteupError
from writeup.folder import BUILD
from writeup.pages.blocks import question_label
from writeup.pages.pdf import text_of
from writeup.text.written import written_in
from writeup.trust.ledger import ClaimRow, StatementRow
from writeup.trust.verify import verify_question


def where(root: Path, id: str) -> list[tuple[str, str]]:
    """What there is to say of `id`, as (what, words). Verifies its question; the pages are those of the last build.

    Raises `WriteupError` with the nearest ids where there is no such fact or statement.
    """
    question = _question_of(load_assignment(root), id)
    verified = verify_question(question, root)
    stated: list[ClaimRow | StatementRow] = [*verified.rows, *verified.statements]
    rows = {row.id: row for row in stated}
    if id not in rows:
        if verified.problems and not rows:
            raise WriteupError(f"question {question.id} could not be verified: {verified.problems[0]}")
        near = ", ".join(difflib.get_close_matches(id, rows, n=5, cutoff=0.4)) or ", ".join(list(rows)[:5])
        raise WriteupError(f"no fact or statement is called {id!r}; near to it: {near}")
    row = rows[id]
    said = [("declared", row.source)]
    if isinstance(row, ClaimRow):
        said += [("value", f"{row.shown} {row.unit}".strip()), ("level", row.level), ("second route", row.check)]
        said += [("record", path) for path in row.evidence["records"]]
    else:
        said += [("holds", "yes" if row.holds else "no"), ("rests on", ", ".join(row.claims))]
    said += [
        ("wrong", f"{control.printed}: {control.why}" if control.why else control.printed) for control in row.controls
    ]
    said += [("template", place) for place in _places(root, question.id, id)]
    return said + [("page", page) for page in _pages(root, question, row)]


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
    papers = [path for path in (root / BUILD).glob("*.pdf") if not path.name.endswith("_code.pdf")]
    if len(papers) != 1 or not isinstance(row, ClaimRow):
        return []
    pages = [" ".join(page.split()) for page in text_of(papers[0].read_bytes())]
    heading = f"{question_label(question.id)} {question.title}"
    first = next((number for number, page in enumerate(pages) if heading in page), None)
    if first is None:
        return []
    found = [number for number, page in enumerate(pages[first : first + 3], first + 1) if row.shown in page]
    return [f"{papers[0].name}, page {found[0]}"] if found else []
