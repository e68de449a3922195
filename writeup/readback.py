r"""Reads the finished files back: every number that they print must be what the ledger says stands there.

    report = read_back(Path("build"))     # of the files as they lie there; builds nothing
    report.findings                       # what does not hold, in words; empty when all is well
    report.files                          # by file: numbers found, matched to claims, allowed by reason

While the documents are rendered, marks tell the source of every number by its place (`marks.py`). The ledger keeps them
passage by passage in reading order, and each finished file must hold the same numbers in the same order. A number whose
source is a claim must be that claim's printed form, and this must be its value within half a unit of the last printed
place; what else may stand in a document is in `ALLOWED`, with its reason.

What this cannot see is said in the README: words, and a ledger that was forged to agree with forged files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from writeup.claims import WriteupError
from writeup.ledger import ClaimRow, FigureRow, FileRow, Ledger, PassageRow, read
from writeup.marks import Sourced
from writeup.numerals import rounds, spelled
from writeup.read_figures import panels_problems, plain_numbers, tikz_labels, tikz_panels, word_problems
from writeup.read_notebook import cells_of, changed_cells, code_numbers, pieces_of_notebook, read_cells
from writeup.read_pdf import difference, pieces_of_tex, read_pages
from writeup.read_svg import svg_panels, svg_words
from writeup.read_text import TIKZ, markdown_passages, mermaid_words, tex_passages

# Sources of numbers that are no claims, and why they may stand in a document.
ALLOWED = {
    "template": "typed by a template: constants of formulas and names (a test keeps other numbers out)",
    "question": "the assignment's own words: number, points, text of a question",
    "author": "name and NetID",
    "caption-number": "number of a table or figure",
    "citation": "year of a cited source",
    "reference": "entry of the references",
    "words": "heading of a table's row or column: a setting that was chosen, not a result",
    "count": "number of claims and of wrong values, counted in the ledger",
    "record": "name, seeds, device and date of a record in the ledger",
    "environment": "version of a program in the ledger",
    "claim-name": "name of a claim",
    "claim-words": "words of a claim: a setting that was chosen, not a result",
    "check": "words of a check: how the second route was set up",
    "control-why": "words on a wrong value",
    "tick": "tick of a plot, which stands for its own place on the axis",
    "label": "words in a figure: a setting that was chosen, not a result",
    "page": "page number, number of pages, running head, contents",
    # in the notebook; its own list is `ALLOWED` of writeup/notebook/outputs.py
    "name": "name of a module of torch.nn",
    "setting": "set before the cell ran: a delay, a temperature, the settings of a recorded run",
    "sample": "text that the model has read or written: words, not results",
    "code": "program text of the notebook, drawn from the project's modules, and the numbers of its cells",
    "student": "the student's own notebook, which makes no claims",
}
MATCHED = ("claim", "control")
TIKZ_ROUNDING, SVG_ROUNDING = 0.0015, 0.001  # cm: three decimals, at both ends of an axis; points: six decimals


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: in which file, where in it, and what."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.what}"


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
    markdown, tex = (content[f"{stem}{ending}"].decode("utf-8") for ending in (".md", ".tex"))
    findings = [*_ledger_findings(ledger)]
    for ending, passages in ((".md", markdown_passages(markdown)), (".tex", tex_passages(tex))):
        found = {passage.name: spelled(passage.text) for passage in passages}
        findings += _sequence_findings(f"{stem}{ending}", ledger.readback.passages, found)
    findings += _tex_picture_findings(f"{stem}.tex", tex, ledger.readback.figures)
    findings += _markdown_picture_findings(stem, markdown, content, ledger.readback.figures)
    text = Counter(source for row in ledger.readback.passages for source in row.sources.split())
    diagrams, drawn = (_sources(ledger, of_diagrams=choice) for choice in (True, False))
    files = [_counted(f"{stem}.md", text + diagrams), _counted(f"{stem}.tex", text + diagrams + drawn)]
    if drawn:
        files.append(_counted(f"{stem}_figures/*.svg", drawn))
    if f"{stem}.pdf" in content:
        pages, problems = read_pages(content[f"{stem}.pdf"])
        problems += [difference(*pieces_of_tex(tex), pages)]
        findings += [Finding(f"{stem}.pdf", "pages", problem) for problem in problems if problem]
        furniture = Counter({"page": sum(page.furniture for page in pages)})
        files.append(_counted(f"{stem}.pdf", text + diagrams + drawn + furniture))
    if f"{stem}_code.ipynb" in content:
        found, rows = _notebook(f"{stem}_code", content, ledger)
        findings, files = findings + found, files + rows
    return Report(findings, files, len(ledger.claims), sum(bool(row.printed) for row in ledger.claims))


def passages_of(markdown: Sourced) -> list[PassageRow]:
    """What the ledger keeps of a rendered document: its numbers and their sources, by passage."""
    rows = []
    for passage in markdown_passages(markdown.text):
        found = markdown.numbers(passage.start, passage.text)
        columns = [" ".join(column) for column in zip(*found, strict=True)] or ["", ""]
        rows.append(PassageRow(name=passage.name, numbers=columns[0], sources=columns[1]))
    return rows


def _ledger_findings(ledger: Ledger) -> Iterator[Finding]:
    """Where a claim's printed form is not its value, where a claim is printed nowhere, where a number has no source."""
    claims = {row.id: row for row in ledger.claims}
    controls = {row.id: {n for c in row.controls for n in spelled(c.printed)} for row in ledger.claims}
    for row in ledger.claims:
        if not rounds(spelled(row.shown), row.value):
            yield Finding("ledger.json", row.id, f"{row.shown} is not {row.value} rounded to its last printed place")
        if not row.printed:
            yield Finding("ledger.json", row.id, "the claim is printed nowhere")
    for passage in [*ledger.readback.passages, *ledger.readback.cells]:
        for number, source in zip(passage.numbers.split(), passage.sources.split(), strict=True):
            kind, _, id = source.partition(":")
            if kind == "claim" and id in claims:
                legal = {number for text in _forms(claims[id]) for number in spelled(text)}
            elif kind == "control" and id in controls:
                legal = controls[id]
            elif kind in ALLOWED:
                continue
            else:
                yield Finding("documents", passage.name, f"they print {number}, which no claim holds (it is {source})")
                continue
            if number not in legal and number.removesuffix("%") not in legal:
                yield Finding("documents", passage.name, f"they print {number} as {source}, which is {sorted(legal)}")


def _forms(row: ClaimRow) -> list[str]:
    """How a claim may print. What a cell of the notebook prints has gone through the claim's own check, which lets a
    trained result differ a little."""
    return [row.shown, *(place.text for place in row.printed if place.file.startswith("_code"))]


def _sequence_findings(file: str, due: Sequence[PassageRow], found: Mapping[str, list[str]]) -> Iterator[Finding]:
    """For each passage the first number that is not the one which the ledger has there."""
    rows = {row.name: row for row in due}
    for name in [*rows, *(name for name in found if name not in rows)]:
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


def _notebook(name: str, content: Mapping[str, bytes], ledger: Ledger) -> tuple[list[Finding], list[FileRow]]:
    """The notebook against the ledger, and its PDF against the notebook. A student's own notebook makes no claims, so
    only its code is looked at."""
    due = ledger.readback.cells
    cells = cells_of(content[f"{name}.ipynb"])
    findings = [
        Finding(f"{name}.ipynb", cell, "its code is not what this cell held when it was assembled")
        for cell in changed_cells(cells)
    ]
    numbers = read_cells(cells)
    sources = Counter(source for row in due for source in row.sources.split())
    if due:
        findings += _sequence_findings(f"{name}.ipynb", due, numbers)
    else:
        sources["student"] = sum(map(len, numbers.values()))
    sources["code"] = code_numbers(cells)
    files = [_counted(f"{name}.ipynb", sources)]
    if due and f"{name}.pdf" in content:
        (contents, *pages), problems = read_pages(content[f"{name}.pdf"])
        main, pictures = pieces_of_notebook(cells)
        problems += [difference(main, pictures, pages)]
        findings += [Finding(f"{name}.pdf", "pages", problem) for problem in problems if problem]
        sources["page"] = sum(page.furniture for page in [contents, *pages]) + len(contents.numbers)
        sources["tick"] = sum(len(picture.numbers) for picture in pictures)
        files.append(_counted(f"{name}.pdf", sources))
    return findings, files


def _tex_picture_findings(file: str, tex: str, figures: Sequence[FigureRow]) -> Iterator[Finding]:
    pictures = TIKZ.findall(tex)
    if len(pictures) != len(figures):
        yield Finding(file, "pictures", f"{len(pictures)} are drawn; {len(figures)} are due")
    for picture, row in zip(pictures, figures, strict=False):
        problems = [*word_problems(tikz_labels(picture), row)]
        problems += panels_problems(tikz_panels(picture) if row.panels else [], row, TIKZ_ROUNDING)
        yield from (Finding(file, f"figure {row.name}", problem) for problem in problems)


def _markdown_picture_findings(
    stem: str, markdown: str, content: Mapping[str, bytes], figures: Sequence[FigureRow]
) -> Iterator[Finding]:
    diagrams = list(mermaid_words(markdown))
    of_mermaid = [row for row in figures if not row.file]
    if len(diagrams) != len(of_mermaid):
        yield Finding(f"{stem}.md", "diagrams", f"{len(diagrams)} are drawn; {len(of_mermaid)} are due")
    for words, row in zip(diagrams, of_mermaid, strict=False):
        for problem in word_problems(words, row):
            yield Finding(f"{stem}.md", f"figure {row.name}", problem)
    for row in figures:
        if not row.file:
            continue
        file = f"{stem}_figures/{row.file}"
        if file not in content:
            yield Finding(file, f"figure {row.name}", "the file is not there")
            continue
        svg = content[file].decode("utf-8")
        problems = [*word_problems(svg_words(svg), row), *panels_problems(svg_panels(svg), row, SVG_ROUNDING)]
        yield from (Finding(file, f"figure {row.name}", problem) for problem in problems)


def _sources(ledger: Ledger, of_diagrams: bool) -> Counter[str]:
    """The sources of the numbers in the words of diagrams, or of plots: a claim of the question that prints this very
    number, a tick, or a label's own words."""
    kinds: Counter[str] = Counter()
    for row in ledger.readback.figures:
        if bool(row.file) == of_diagrams:
            continue
        claims = {
            n for claim in ledger.claims if row.name.startswith(claim.question + "-") for n in spelled(claim.shown)
        }
        kinds["tick"] += len(list(plain_numbers(row.tick_labels)))
        for number in plain_numbers(row.words):
            kinds["claim" if number in claims else "label"] += 1
    return kinds


def _counted(file: str, sources: Counter[str]) -> FileRow:
    kinds: Counter[str] = Counter()
    for source, count in sources.items():
        kinds[source.partition(":")[0]] += count
    matched = sum(kinds.pop(kind, 0) for kind in MATCHED)
    allowed = {kind: count for kind, count in sorted(kinds.items()) if count}
    return FileRow(file=file, numbers=matched + sum(allowed.values()), matched=matched, allowed=allowed)
