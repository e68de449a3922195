r"""Reads the finished files back: every number that they print must be what the ledger says stands there.

    report = read_back(Path("build"))     # of the files as they lie there; builds nothing
    report.findings                       # what does not hold, in words; empty when all is well
    report.files                          # by file: numbers, how many are claims', how many allowed for which reason

While the documents are rendered, marks tell the source of every number by its place (`marks.py`). The ledger keeps them
passage by passage in reading order, and each finished file must hold the same numbers in the same order. A number whose
source is a claim must be that claim's printed form, and this must be its value within half a unit of the last printed
place; what else may stand in a document is listed, with its reason, in `sources.py`.

Words that claims print, such as the winner of a comparison, are counted in each passage of the Markdown and the TeX.
What this cannot see: other words, and words in the PDF; that a picture's data are those of the record (the
answers' checks see to that); a ledger that was forged together with the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from writeup.errors import WriteupError
from writeup.readback.figures import panels_problems, plain_numbers, tikz_labels, tikz_panels, word_problems
from writeup.readback.notebook import cells_of, changed_cells, code_numbers, pieces_of_notebook, read_cells
from writeup.readback.page import page_findings, page_passages, read_page
from writeup.readback.pdf import difference, pieces_of_tex, read_pages
from writeup.readback.sources import MATCHED, Finding, ledger_findings
from writeup.readback.svg import svg_panels, svg_words
from writeup.readback.text import (
    TIKZ,
    Passage,
    claimed_words,
    markdown_captions,
    markdown_passages,
    occurrences,
    tex_passages,
)
from writeup.text.marks import Sourced
from writeup.text.numerals import spelled
from writeup.trust.ledger import FigureRow, FileRow, Ledger, PassageRow, read

Drawn = TypeVar("Drawn")
TIKZ_ROUNDING, SVG_ROUNDING = 0.0015, 0.001  # cm: three decimals, at both ends of an axis; points: six decimals


@dataclass(frozen=True)
class Report:
    """What was found: `claims` is how many there are, `printed` how many of them the documents print."""

    findings: list[Finding]
    files: list[FileRow]
    claims: int
    printed: int


def read_back(folder: Path) -> Report:
    """Compare the files in a build's `folder` with its `ledger.json`.

    Raises `WriteupError` where there is no ledger or no document; whatever differs is a finding.
    """
    ledger = read(folder / "ledger.json")
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return compare(content, ledger)


def compare(content: Mapping[str, bytes], ledger: Ledger) -> Report:
    """Compare finished files, by name, with the ledger."""
    stems = [name.removesuffix(".tex") for name in content if name.endswith(".tex")]
    if len(stems) != 1 or f"{stems[0]}.md" not in content:
        raise WriteupError(f"read-back: expected one .tex and its .md, got {sorted(content)}; `make all` writes them")
    stem = stems[0]
    tex = content[f"{stem}.tex"].decode("utf-8")
    read_files: list[tuple[list[Finding], FileRow]] = [
        _markdown(f"{stem}.md", content[f"{stem}.md"].decode("utf-8"), ledger),
        *_pictures(f"{stem}_figures", content, ledger),
        _tex(f"{stem}.tex", tex, ledger),
    ]
    if f"{stem}.pdf" in content:
        read_files.append(_pdf(f"{stem}.pdf", content[f"{stem}.pdf"], tex, ledger))
    if f"{stem}_evidence.html" in content:
        read_files.append(read_evidence(f"{stem}_evidence.html", content[f"{stem}_evidence.html"].decode(), ledger))
    for name in sorted(name for name in content if name.endswith(".ipynb")):
        read_files += _notebook(name.removesuffix(".ipynb"), content, ledger)
    findings = [*ledger_findings(ledger), *(finding for found, _ in read_files for finding in found)]
    absent = {row.file for row in ledger.readback.cells} - content.keys()
    findings += [Finding(file, "the file", "is not there") for file in sorted(absent)]
    printed = sum(bool(row.printed) for row in ledger.claims)
    return Report(findings, [row for _, row in read_files], len(ledger.claims), printed)


def passages_of(markdown: Sourced) -> list[PassageRow]:
    """What the ledger keeps of a rendered document: its numbers and their sources, by passage."""
    rows = []
    for passage in markdown_passages(markdown.text):
        found = markdown.numbers(passage.start, passage.text)
        words = occurrences(claimed_words(markdown, passage), passage.text)
        rows.append(PassageRow.of(passage.name, found, words=words))
    return rows


# -- one kind of file each ---------------------------------------------------------------------------------------------


def _markdown(file: str, markdown: str, ledger: Ledger) -> tuple[list[Finding], FileRow]:
    passages = list(markdown_passages(markdown))
    found = {passage.name: spelled(passage.text) for passage in passages}
    findings = [*_out_of_order(file, ledger.readback.passages, found), *_words(file, passages, ledger)]
    for alternative, caption in markdown_captions(markdown):
        if spelled(alternative) != spelled(caption):
            findings.append(Finding(file, "pictures", f"alternative text {alternative!r} is not its finding"))
    return findings, _counted(file, _text_sources(ledger.readback.passages), _count(found))


def _tex(file: str, tex: str, ledger: Ledger) -> tuple[list[Finding], FileRow]:
    passages = list(tex_passages(tex))
    found = {passage.name: spelled(passage.text) for passage in passages}
    findings = [*_out_of_order(file, ledger.readback.passages, found), *_words(file, passages, ledger)]

    def problems(picture: str, row: FigureRow) -> Iterator[str]:
        yield from word_problems(tikz_labels(picture), row)
        yield from panels_problems(tikz_panels(picture) if row.panels else [], row, TIKZ_ROUNDING)

    pictures = TIKZ.findall(tex)
    findings += _each(file, "pictures", pictures, ledger.readback.figures, problems)
    drawn = sum(len(list(plain_numbers(tikz_labels(picture)))) for picture in pictures)
    return findings, _counted(file, _tex_sources(ledger), _count(found) + drawn)


def _pictures(folder: str, content: Mapping[str, bytes], ledger: Ledger) -> Iterator[tuple[list[Finding], FileRow]]:
    """The SVG files beside the Markdown."""

    def problems(svg: str, row: FigureRow) -> Iterator[str]:
        yield from word_problems(svg_words(svg), row)
        yield from panels_problems(svg_panels(svg), row, SVG_ROUNDING)

    for row in ledger.readback.figures:
        file = f"{folder}/{row.file}"
        drawn = [content[file].decode("utf-8")] if file in content else []
        found = sum(len(list(plain_numbers(svg_words(svg)))) for svg in drawn)
        sources = _picture_sources([row], ledger)
        yield list(_each(file, "pictures", drawn, [row], problems)), _counted(file, sources, found)


def _pdf(file: str, pdf: bytes, tex: str, ledger: Ledger) -> tuple[list[Finding], FileRow]:
    pages, problems = read_pages(pdf)
    problems += [difference(*pieces_of_tex(tex), pages)]
    furniture = Counter({"page": sum(page.furniture for page in pages)})
    findings = [Finding(file, "pages", problem) for problem in problems if problem]
    return findings, _counted(file, _tex_sources(ledger) + furniture)


def read_evidence(file: str, html: str, ledger: Ledger) -> tuple[list[Finding], FileRow]:
    """The evidence page: its text, and a card for whatever it prints."""
    page = read_page(html)
    found = page_passages(page, ledger.readback.passages)
    findings = [*_out_of_order(file, ledger.readback.passages, found), *page_findings(file, page, ledger)]
    return findings, _counted(file, _text_sources(ledger.readback.passages), _count(found))


def _notebook(name: str, content: Mapping[str, bytes], ledger: Ledger) -> Iterator[tuple[list[Finding], FileRow]]:
    """The notebook against the ledger, and its PDF against the notebook. A student's own notebook makes no claims, so
    only its code is looked at."""
    due = [row for row in ledger.readback.cells if row.file == f"{name}.ipynb"]
    cells = cells_of(content[f"{name}.ipynb"])
    changed = "its code is not what this cell held when it was assembled"
    findings = [Finding(f"{name}.ipynb", cell, changed) for cell in changed_cells(cells)]
    found, sources = read_cells(cells), _text_sources(due)
    sources["code"] = code_numbers(cells)
    if not due:
        sources["student"] = _count(found)
    row = _counted(f"{name}.ipynb", sources, _count(found) + sources["code"])
    yield [*findings, *(_out_of_order(f"{name}.ipynb", due, found) if due else ())], row
    if due and f"{name}.pdf" in content:
        pages, problems = read_pages(content[f"{name}.pdf"], running_head=True)
        main, pictures = pieces_of_notebook(cells)
        problems += [difference(main, pictures, pages)]
        sources["page"] = sum(page.furniture for page in pages)
        sources["tick"] = sum(len(picture.numbers) for picture in pictures)
        findings = [Finding(f"{name}.pdf", "pages", problem) for problem in problems if problem]
        yield findings, _counted(f"{name}.pdf", sources)


# -- what they share ---------------------------------------------------------------------------------------------------


def _out_of_order(file: str, due: Sequence[PassageRow], found: Mapping[str, list[str]]) -> Iterator[Finding]:
    """For each passage the first number that is not the one which the ledger has there."""
    rows = {row.name: row for row in due}
    for name in dict.fromkeys([*rows, *found]):
        if name not in rows or name not in found:
            yield Finding(file, name, "the passage is not in the " + ("ledger" if name in found else "file"))
            continue
        wanted = zip(rows[name].numbers.split(), rows[name].sources.split(), strict=True)
        for place, (expected, got) in enumerate(zip_longest(wanted, found[name])):
            if expected is None or got != expected[0]:
                number, source = expected or ("nothing", "the passage's end")
                before = " ".join(found[name][max(0, place - 3) : place])
                yield Finding(file, name, f"after {before!r} it prints {got or 'nothing'}; {number} ({source}) is due")
                break


def _words(file: str, passages: Iterable[Passage], ledger: Ledger) -> Iterator[Finding]:
    """Words that claims print ("lower", "LSTM") and that a passage holds more or less often than when it was made."""
    rows = {row.name: row for row in ledger.readback.passages}
    for passage in passages:
        due = rows[passage.name].words if passage.name in rows else {}
        for word, count in occurrences(due, passage.text).items():
            if count != due[word]:
                yield Finding(
                    file, passage.name, f"the claimed {word!r} stands there {count} times; {due[word]} are due"
                )


def _each(
    file: str,
    kind: str,
    drawn: Sequence[Drawn],
    due: Sequence[FigureRow],
    problems: Callable[[Drawn, FigureRow], Iterable[str]],
) -> Iterator[Finding]:
    """The problems of each picture, which come in the order of their rows."""
    if len(drawn) != len(due):
        yield Finding(file, kind, f"{len(drawn)} are drawn; {len(due)} are due")
    for picture, row in zip(drawn, due, strict=False):
        yield from (Finding(file, f"figure {row.name}", problem) for problem in problems(picture, row))


def _text_sources(rows: Iterable[PassageRow]) -> Counter[str]:
    return Counter(source for row in rows for source in row.sources.split())


def _tex_sources(ledger: Ledger) -> Counter[str]:
    return _text_sources(ledger.readback.passages) + _picture_sources(ledger.readback.figures, ledger)


def _picture_sources(rows: Iterable[FigureRow], ledger: Ledger) -> Counter[str]:
    """The sources of the numbers in pictures: a tick, a claim of the question that prints this very number, or else the
    words of a label."""
    kinds: Counter[str] = Counter()
    for row in rows:
        claims = {n for claim in ledger.of(row.name.partition("-")[0]) for n in spelled(claim.shown)}
        kinds["tick"] += len(list(plain_numbers(row.tick_labels)))
        kinds.update("claim" if number in claims else "label" for number in plain_numbers(row.words))
    return kinds


def _count(found: Mapping[str, Sequence[str]]) -> int:
    return sum(map(len, found.values()))


def _counted(file: str, sources: Counter[str], found: int | None = None) -> FileRow:
    """The sources by kind. `found` is left out for a PDF, whose text may join numbers: its source's are counted."""
    kinds: Counter[str] = Counter()
    for source, count in sources.items():
        kinds[source.partition(":")[0]] += count
    matched = sum(kinds.pop(kind, 0) for kind in MATCHED)
    allowed = {kind: count for kind, count in sorted(kinds.items()) if count}
    due = matched + sum(allowed.values())
    return FileRow(file=file, numbers=due if found is None else found, matched=matched, allowed=allowed)
