"""Where a printed number may come from: a claim, one of its wrong values, or something on the list `ALLOWED`.

What the ledger says of itself is checked here, without a look at any finished file: each number that the documents
print, by its source, and each claim's printed form, by its value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from writeup.text import forms
from writeup.text.numerals import rounds, spelled
from writeup.trust.ledger import LEVELS, ClaimRow, Ledger

MATCHED = ("claim", "control")
# Sources of numbers that are no claims, and why they may stand in a document.
ALLOWED = {
    "template": "typed by a template: constants of formulas, names, and the exceptions, which are listed",
    "question": "the assignment's own: number, points and text of a question, shapes that it gives",
    "author": "name and NetID",
    "interval-level": "level of the intervals, the same everywhere",
    "statement": "typed by a template inside a statement: names and constants of formulas",
    "caption-number": "number of a table or figure",
    "citation": "year of a cited source",
    "reference": "entry of the references",
    "words": "cell of a table that is no fact: part of a name, or an exception",
    "count": "number of facts, wrong values, statements, records of a kind on a device: counted in the ledger",
    "record": "name, device and date of a record: in the ledger",
    "environment": "version of a program: in the ledger",
    "tick": "tick of a plot, which stands for its own place on the axis",
    "label": "words in a figure: an exception",
    "page": "page number, number of pages, running head, contents",
    # in the notebook; what a cell may print of it is `GIVEN` of writeup/notebook/outputs.py
    "name": "name of something in the code",
    "setting": "set before the cell ran: a delay, a temperature, the settings of a recorded run",
    "sample": "text that the model has read or written: words, not results",
    "rounding": "a difference that rounding leaves, held against a bound when the notebook was run",
    "code": "program text that is quoted or drawn from the project's modules, and its numbers of lines and cells",
    "student": "the student's own notebook, which makes no claims",
}


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: in which file, where in it, and what."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.what}"


def ledger_findings(ledger: Ledger) -> Iterator[Finding]:
    """Claims whose printed form is not their value, claims that nobody reads, numbers that their source does not hold.

    A claim that no text prints must stand in the words of a figure or behind a statement.
    """
    drawn = [word for figure in ledger.readback.figures for word in figure.words]
    for row in ledger.unread({row.id for row in ledger.claims if row.printed}, drawn):
        yield Finding("ledger.json", row.id, "the claim is printed nowhere")
    for row in ledger.claims:
        if not _is_rounded(row):
            yield Finding("ledger.json", row.id, f"{row.shown} is not {row.value} rounded to its last printed place")
    held = _held(ledger)
    for passage in [*ledger.readback.passages, *ledger.readback.cells]:
        for number, source in zip(passage.numbers.split(), passage.sources.split(), strict=True):
            if source not in held and source.partition(":")[0] not in ALLOWED:
                what = f"they print {number}, which no claim holds (its source is: {source})"
            elif source in held and not {number, number.removesuffix("%")} & held[source]:  # the unit may be %
                what = f"they print {number} as {source}, where the ledger has {', '.join(sorted(held[source])[:5])}"
            else:
                continue
            yield Finding("documents", passage.name, what)


def _is_rounded(row: ClaimRow) -> bool:
    """Whether the printed form is the value, to the last printed place or to the significant digits of its form."""
    if "~" in row.form:
        return forms.shown(row.value, row.form) == row.shown
    return rounds(spelled(row.shown), row.value)


def _held(ledger: Ledger) -> dict[str, set[str]]:
    """By source, the numbers that the ledger itself holds."""
    questions = dict.fromkeys(row.question for row in ledger.claims)
    asked = {p.name.removeprefix("answer-") for p in ledger.readback.passages}
    document = [row for row in ledger.claims if row.question in asked]
    rejected = {question: ledger.rejected(question) for question in questions}
    counts = [len(document), sum(rejected[q] for q in questions if q in asked)]
    counts += [count for question in questions for count in (len(ledger.of(question)), rejected[question])]
    counts += [sum(row.level == level for row in document) for level in LEVELS]
    counts += [len(ledger.statements), sum(statement.question in asked for statement in ledger.statements)]
    counts += Counter((record.path.partition("/")[0], record.device) for record in ledger.records).values()
    records = spelled("\n".join(f"{record.path} {record.device} {record.date}" for record in ledger.records))
    held = {
        "count": {str(count) for count in counts},
        "record": set(records),
        "environment": set(spelled(" ".join(ledger.environment.values()))),
    }
    for row in ledger.claims:
        held[f"claim:{row.id}"] = set(spelled("\n".join(_forms(row))))
        held[f"control:{row.id}"] = set(spelled("\n".join(control.printed for control in row.controls)))
    return held


def _forms(row: ClaimRow) -> list[str]:
    """How a claim may print. What a cell of the notebook prints has gone through the claim's own check, which lets a
    trained result differ a little."""
    return [row.shown, *row.shown_ends, *(place.text for place in row.printed if "." in place.file)]
