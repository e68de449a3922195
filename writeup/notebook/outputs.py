"""What the cells of the notebook printed, held against the claims.

The template says beside each cell what it prints: words, in place of every number that was found a fact
(`<< name.plain >>`), and in place of every other one a value with the reason why nobody has to claim it (`given`). The
executed output must be those words, and each number in the place of a claim goes through that claim's own check, the
very function that has rejected its controls: what is exact must be the same, what was trained must lie within the
check's tolerance. A picture must have words for those who cannot see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nbformat import NotebookNode

from writeup.claims import Claim
from writeup.errors import CheckFailed, WriteupError
from writeup.estimators import Estimate
from writeup.readback.sources import ALLOWED
from writeup.text.marks import TEMPLATE, Marked, mark, read, unmarked
from writeup.text.numerals import spelled
from writeup.trust.ledger import Ledger, PassageRow, PrintedRow

# Sources of what is no claim and may stand in an output; why it may, the table says.
GIVEN = {source: ALLOWED[source] for source in ("question", "name", "setting", "sample", "rounding")}
CLAIM, FREE, ROUNDING = "claim:", "sample", "rounding"
PICTURES = {"image/png", "image/jpeg", "image/svg+xml", "application/pdf"}


def given(value: object, source: str) -> Marked:
    """A value that is no result; `source` is a key of `GIVEN`."""
    if source not in GIVEN:
        raise WriteupError(f"the notebook's template gives {value!r} as {source!r}; legal are {', '.join(GIVEN)}")
    return mark(str(value), source)


def text_of(cell: NotebookNode) -> str:
    """What a code cell printed, beside pictures.

    Raises `WriteupError` when it printed to the stream of errors and warnings.
    """
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            raise WriteupError(f"the notebook, cell {cell.id} warns: {output.text.strip()}")
        data = output.get("data", {})
        if not PICTURES & data.keys():  # a picture's words are its representation, which no reader sees
            shown.append(output.get("text", data.get("text/plain", "")))
    return "".join(shown)


def _described(cell: NotebookNode, where: str) -> None:
    """Raise `WriteupError` for a picture without words for who cannot see it."""
    for output in cell.outputs:
        for kind in PICTURES & output.get("data", {}).keys():
            if not output.metadata.get(kind, {}).get("alt"):
                raise WriteupError(
                    f"{where} shows a picture without alternative text; display(figure, metadata={{{kind!r}: "
                    "{'alt': ...}}) gives it one"
                )


def hold_against_claims(
    notebook: NotebookNode,
    expected: Mapping[str, str],
    claims: Sequence[Claim],
    called: Callable[[int], str] = "the notebook, cell {}".format,
) -> dict[str, Marked]:
    """What was printed, by cell id, with the source of every number marked: a claim, or why it is none.

    `expected` maps a cell's id to the text that the template says it prints, with marks; `called` gives a cell's name
    in errors. Raises `WriteupError` naming
    the cell where it printed something else, or a number that its claim's check refuses, or a picture without words.
    """
    by_source = {CLAIM + claim.id: claim for claim in claims}
    marked = {}
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        where, found = called(number), text_of(cell)
        _described(cell, where)
        if cell.id in expected:
            marked[cell.id] = _marked(found, expected[cell.id], by_source, where)
        elif found.strip():
            raise WriteupError(f"{where} prints {found.strip()[:200]!r}; its template has no output block for it")
    return marked


def passages(marked: Mapping[str, Marked], file: str) -> list[PassageRow]:
    """By cell of a notebook's file, the numbers that stand in it in their order, and the source of each."""
    return [PassageRow.of(cell, read(text).numbers(0, unmarked(text)), file=file) for cell, text in marked.items()]


def note_printed(ledger: Ledger, marked: Mapping[str, Marked], files: Sequence[str]) -> None:
    """Add to the ledger where each claim is printed, and how: a trained result may differ within its check."""
    rows = {CLAIM + row.id: row for row in ledger.claims}
    for text in marked.values():
        for source, piece in pieces(text):
            if source in rows:
                rows[source].printed += [PrintedRow(file=file, text=piece) for file in files]


def pieces(marked: str) -> Iterator[tuple[str, str]]:
    """The text cut where the source changes: source and text."""
    sourced = read(marked)
    ends = [*sourced.starts[1:], len(sourced.text)]
    for source, start, end in zip(sourced.sources, sourced.starts, ends, strict=True):
        if start < end:
            yield source, sourced.text[start:end]


def _marked(found: str, expected: str, claims: Mapping[str, Claim], where: str) -> Marked:
    parts = list(pieces(expected))
    match = re.fullmatch(rf"\s*{''.join(_pattern(*part, claims, where) for part in parts)}\s*", found)
    if match is None:
        wanted = "".join(text for _, text in parts)
        raise WriteupError(f"{where} prints\n{found.rstrip()}\nand its template expects\n{wanted.rstrip()}")
    text, end = "", 0
    slots = [source for source, _ in parts if source != TEMPLATE]
    allowed = [text for source, text in parts if source != TEMPLATE]
    for group, source in enumerate(slots, start=1):
        if source in claims:
            _check(claims[source], match[group], where)
        elif source == ROUNDING and not float(match[group]) <= float(allowed[group - 1]):
            raise WriteupError(f"{where} prints {match[group]} where at most {allowed[group - 1]} may stand")
        text += found[end : match.start(group)] + mark(match[group], source)
        end = match.end(group)
    return Marked(text + found[end:])


def _pattern(source: str, text: str, claims: Mapping[str, Claim], where: str) -> str:
    """A regular expression for one piece; there may be more blanks, since columns are aligned."""
    if source == FREE:
        return r"([\s\S]*?)"
    if source == ROUNDING:
        return r"(\d+(?:\.\d+)?(?:e[-+]\d+)?)"
    if source in claims:
        return r"([^\n]+?)" if isinstance(claims[source].value, str) else r"(\S+?)"
    words = re.sub(r"(?:\\\s)+", lambda blanks: r"\s*\n\s*" if "\n" in blanks[0] else " +", re.escape(text))
    if source != TEMPLATE:
        return f"({words})"
    if typed := spelled(text):
        raise WriteupError(f"{where}: its output block types {', '.join(typed)}; use a fact or given(value, source)")
    return words


def _check(claim: Claim, text: str, where: str) -> None:
    """A cell may print what the document would print; what differs, as trained results do, must pass the check."""
    if text == claim.printed():
        return
    try:
        claim.check(_candidate(claim, text))
    except CheckFailed as error:
        raise WriteupError(f"{where} prints {text} where fact {claim.id} stands: {error}") from error


def _candidate(claim: Claim, text: str) -> Any:
    """What a printed text is worth, as the type of the claim's value."""
    if isinstance(claim.value, str):
        return text
    plain = text.replace(",", "")
    if isinstance(claim.value, Estimate):
        return claim.value.moved_to(float(plain))
    try:
        return float(plain[:-1]) / 100 if plain.endswith("%") else type(claim.value)(plain)
    except ValueError:
        raise CheckFailed(claim.printed(), text, "a number") from None
