"""What opens when a fact, a statement or a record is asked how it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from writeup.evidence.elements import Place
from writeup.text import forms
from writeup.text.numerals import minus
from writeup.trust.ledger import LEVELS, ClaimRow, ControlRow, Ledger, StatementRow

Words = Callable[[str], str]  # how text of a fact is shown; formulas as mathematics


@dataclass(frozen=True)
class Card:
    """One card. `rows` are names with words; `wrong` are slips, each with the values that it gives; `facts` and
    `statements` are what it rests on and what rests on it, by id."""

    id: str
    question: str
    title: str
    level: str
    rows: Sequence[tuple[str, str]]
    wrong: Sequence[tuple[str, Sequence[str]]]
    records: tuple[str, ...]
    source: str
    places: Sequence[Place]
    elsewhere: Sequence[str]
    facts: Sequence[str] = ()
    statements: Sequence[str] = ()
    text: str = ""


def fact_card(row: ClaimRow, ledger: Ledger, places: Sequence[Place], words: Words) -> Card:
    evidence = row.evidence
    rows = [("Second route", row.check)]
    if found := _found(row, words):
        rows.append(("What it found", found))
    for again in (again for again in ledger.reruns if again.record in evidence["records"]):
        told = f"{again.what}: found {_short(again.found)}, recorded {_short(again.recorded)}"
        rows.append(("Trained again at this build", told))
    if evidence.get("seed") is not None:
        rows.append(("Seed of the second route", str(evidence["seed"])))
    return Card(
        row.id,
        row.question,
        words(shown(row)),
        row.level,
        rows,
        _wrong(row, words),
        tuple(evidence["records"]),
        row.source,
        places,
        [] if places else sorted({place.file.rpartition(".")[2] for place in row.printed}),
        statements=[said.id for said in ledger.statements if row.id in said.claims],
        text=row.text,
    )


def statement_card(row: StatementRow, ledger: Ledger, places: Sequence[Place], text: str) -> Card:
    facts = [claim for claim in ledger.claims if claim.id in row.claims]
    weakest = max((claim.level for claim in facts), key=list(LEVELS).index, default="executed")
    return Card(
        row.id,
        row.question,
        text,
        weakest,
        [],
        [("", [minus(control.printed) for control in row.controls if control.rejected])],
        tuple(sorted({path for claim in facts for path in claim.evidence["records"]})),
        row.source,
        places,
        [],
        facts=[claim.id for claim in facts],
    )


def shown(row: ClaimRow) -> str:
    """The value as it is printed, with unit and interval."""
    ends = f" ({row.shown_ends[0]} to {row.shown_ends[1]})" if row.shown_ends else ""
    return minus(f"{row.shown}{ends} {row.unit}".strip())


def _found(row: ClaimRow, words: Words) -> str:
    """What the second route found: a value of its own, or how little of the claimed one it leaves over."""
    found, within = row.evidence.get("computed"), row.evidence.get("tolerance") or 0.0
    if found is None:
        return ""
    if row.shown_ends:
        return f"agreed with {_estimate(found)}"
    if not _is_number(found):
        return words(_short(found))
    is_value = _is_number(row.value) and abs(found - row.value) <= within
    apart = abs(found - row.value) if is_value else found
    left = f"a difference of {apart:.2g}, where {within:g} is allowed" if apart or within else "no difference"
    return ", ".join([_short(found)] * is_value + [left] * bool(within or not is_value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong(row: ClaimRow, words: Words) -> list[tuple[str, list[str]]]:
    """The values that were rejected, by slip; those of an estimate with their interval."""
    by_slip: dict[str, dict[str, None]] = {}
    for control in row.controls:
        if control.rejected:
            by_slip.setdefault(control.why, {}).setdefault(words(_tried(control, row)))
    return [(why, list(values)) for why, values in by_slip.items()]


def _tried(control: ControlRow, row: ClaimRow) -> str:
    if row.shown_ends and isinstance(control.value, list):
        value, low, high = (forms.shown(part, row.form) for part in control.value)
        return minus(f"{value} ({low} to {high})")
    return minus(control.printed)


def _estimate(parts: Sequence[float]) -> str:
    value, low, high = map(_short, parts)
    return minus(f"{value} ({low} to {high})")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return minus(f"{value:.6g}")
    if type(value) is int:
        return minus(f"{value:,d}")
    if isinstance(value, list):
        return "(" + ", ".join(_short(item) for item in value) + ")"
    return str(value)
