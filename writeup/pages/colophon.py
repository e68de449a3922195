"""What the last page says: of the facts, how many rest on which evidence; of the experiments, what ran where."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from writeup.trust.ledger import LEVELS, Ledger, RecordRow


@dataclass(frozen=True)
class Level:
    """How many facts have a level of evidence, and what it means."""

    level: str
    meaning: str
    count: int


@dataclass(frozen=True)
class Kept:
    """The records made on one device: from when to when, and how many of each kind."""

    device: str
    dates: str
    kinds: dict[str, int]


def kept_records(ledger: Ledger) -> list[Kept]:
    """The records that the answers rest on, by device."""
    devices: dict[str, list[RecordRow]] = defaultdict(list)
    for record in ledger.records:
        devices[record.device].append(record)
    return [
        Kept(
            device,
            " to ".join(sorted({min(r.date for r in records), max(r.date for r in records)})),
            Counter(sorted(record.path.partition("/")[0] for record in records)),
        )
        for device, records in sorted(devices.items())
    ]


def levels_of(ledger: Ledger) -> list[Level]:
    """The levels of evidence that the facts have."""
    counts: Counter[str] = Counter(row.level for row in ledger.claims)
    return [Level(level, meaning, counts[level]) for level, meaning in LEVELS.items() if counts[level]]
