"""Where a printed number may come from: a claim, one of its wrong values, or something on the list `ALLOWED`.

What the ledger says of itself is checked here, without a look at any finished file: each number that the documents
print, by its source, and each claim's printed form, by its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from writeup.text.numerals import rounds, spelled
from writeup.trust.ledger import ClaimRow, Ledger

MATCHED = ("claim", "control")
# Sources of numbers that are no claims, and why they may stand in a document.
ALLOWED = {
    "template": "typed by a template: constants of formulas and names (a test keeps other numbers out)",
    "question": "the assignment's own: number, points and text of a question, shapes that it gives",
    "author": "name and NetID",
    "interval-level": "level of the intervals, the same everywhere",
    "statement": "typed by a template inside a statement: names and constants of formulas",
    "caption-number": "number of a table or figure",
    "citation": "year of a cited source",
    "reference": "entry of the references",
    "words": "heading of a table's row or column: a setting that was chosen, not a result",
    "count": "number of claims and of wrong values: counted in the ledger",
    "record": "name, seeds, device, date and uses of a record: in the ledger",
    "environment": "version of a program: in the ledger",
    "claim-name": "name of a claim: in the ledger",
    "claim-words": "words of a claim: in the ledger",
    "check": "words of a check: in the ledger",
    "control-why": "words on a wrong value: in the ledger",
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


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: in which file, where in it, and what."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.what}"


def ledger_findings(ledger: Ledger) -> Iterator[Finding]:
    """Claims whose printed form is not their value, claims printed nowhere, numbers that their source does not hold."""
    for row in ledger.claims:
        if not rounds(spelled(row.shown), row.value):
            yield Finding("ledger.json", row.id, f"{row.shown} is not {row.value} rounded to its last printed place")
        if not row.printed:
            yield Finding("ledger.json", row.id, "the claim is printed nowhere")
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


def _held(ledger: Ledger) -> dict[str, set[str]]:
    """By source, the numbers that the ledger itself holds."""
    questions = dict.fromkeys(row.question for row in ledger.claims)
    asked = {p.name.removeprefix("answer-") for p in ledger.readback.passages}
    document = [row for row in ledger.claims if row.question in asked]
    rejected = {question: ledger.rejected(question) for question in questions}
    counts = [len(document), sum(rejected[q] for q in questions if q in asked)]
    counts += [count for question in questions for count in (len(ledger.of(question)), rejected[question])]
    uses = {str(n) for n in range(1 + max((len(row.evidence.get("records", ())) for row in document), default=0))}
    for record in ledger.records:
        uses.add(str(sum(record.path in row.evidence.get("records", ()) for row in document)))
        uses |= {str(len(record.seeds)), *spelled(f"{record.path} {record.device} {record.date}")}
    held = {
        "count": {str(count) for count in counts},
        "record": uses,
        "environment": set(spelled(" ".join(ledger.environment.values()))),
        "claim-name": set(spelled("\n".join(row.id[len(row.question) + 1 :] for row in ledger.claims))),
        "claim-words": set(spelled("\n".join(row.text for row in ledger.claims))),
        "check": set(spelled("\n".join(row.check for row in ledger.claims))),
        "control-why": set(spelled("\n".join(control.why for row in ledger.claims for control in row.controls))),
    }
    for row in ledger.claims:
        held[f"claim:{row.id}"] = set(spelled("\n".join(_forms(row))))
        held[f"control:{row.id}"] = set(spelled("\n".join(control.printed for control in row.controls)))
    return held


def _forms(row: ClaimRow) -> list[str]:
    """How a claim may print. What a cell of the notebook prints has gone through the claim's own check, which lets a
    trained result differ a little."""
    return [row.shown, *row.shown_ends, *(place.text for place in row.printed if place.file.startswith("_code"))]
