"""What the last page says: of the facts, how many rest on which evidence; of the experiments, one line a kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from writeup.trust.ledger import Ledger, RecordRow

LEVELS = {
    "executed": "computed here and now by two routes",
    "rerun": "a seeded run behind it was trained again here and now",
    "recomputed": "arithmetic on a record, as true as the record",
}


@dataclass(frozen=True)
class Level:
    """How many facts have a level of evidence, and what it means."""

    level: str
    meaning: str
    count: int


@dataclass(frozen=True)
class Kept:
    """The records of one kind: its name, how many there are, on which devices they ran, from when to when."""

    kind: str
    count: int
    devices: str
    dates: str


def kept_records(ledger: Ledger) -> list[Kept]:
    """The kinds of the records that the answers rest on, by name."""
    kinds: dict[str, list[RecordRow]] = defaultdict(list)
    for record in ledger.records:
        kinds[record.path.partition("/")[0]].append(record)
    return [
        Kept(
            kind,
            len(records),
            ", ".join(sorted({record.device for record in records})),
            " to ".join(sorted({min(r.date for r in records), max(r.date for r in records)})),
        )
        for kind, records in sorted(kinds.items())
    ]


def levels_of(ledger: Ledger) -> list[Level]:
    """The levels of evidence that the facts have."""
    counts: Counter[str] = Counter(row.level for row in ledger.claims)
    return [Level(level, meaning, counts[level]) for level, meaning in LEVELS.items() if counts[level]]
