"""`make audit`: what a sceptic would redo, cheapest first, and how long trust took."""

from __future__ import annotations

import importlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from writeup.claims import CheckFailed, WriteupError
from writeup.records import Record, Records, stale_sources
from writeup.verify import verify

# Relative. Rounding differs between processors: bfloat16 carries eight bits, and twenty steps let it grow.
REPLAY_TOLERANCE = 2e-3


@dataclass(frozen=True)
class Finding:
    """One thing that was redone: whether it held, what it showed, how long it took."""

    what: str
    holds: bool
    detail: str
    seconds: float


def audit(root: Path, sample: int) -> Iterator[Finding]:
    """Redo the checks and controls, then look for stale records, then replay the probes of `sample` records a kind."""
    yield _timed("claims and controls", lambda: _claims(root))
    records = Records(root)
    yield _timed("records are current", lambda: _current(records, root))
    for record in _sampled(records, sample):
        yield _timed(f"replay of {record.path}", partial(_replayed, record, root))


def replay(record: Record, root: Path) -> float:
    """Repeat the record's probe with the code at hand; the largest relative difference of its numbers.

    Raises `CheckFailed` naming the number when one differs by more than `REPLAY_TOLERANCE`.
    """
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))  # the assignment's experiments are found by their folder, as its answers are
    experiments = importlib.import_module("experiments").registry()
    if record.kind not in experiments:
        raise WriteupError(
            f"record {record.path}: no experiment of kind {record.kind!r}; there are {sorted(experiments)}"
        )
    return largest_difference(record.probe, experiments[record.kind].replay(record), record.path)


def largest_difference(recorded: Any, repeated: Any, where: str) -> float:
    """The largest relative difference of two probes of the same form; raises `CheckFailed` where they do not agree."""
    if isinstance(recorded, Mapping) and isinstance(repeated, Mapping) and recorded.keys() == repeated.keys():
        return max((largest_difference(recorded[k], repeated[k], f"{where}.{k}") for k in recorded), default=0.0)
    if _listed(recorded) and _listed(repeated) and len(recorded) == len(repeated):
        pairs = enumerate(zip(recorded, repeated, strict=True))
        return max((largest_difference(a, b, f"{where}[{i}]") for i, (a, b) in pairs), default=0.0)
    if isinstance(recorded, (int, float)) and isinstance(repeated, (int, float)):
        difference = abs(recorded - repeated) / max(abs(recorded), abs(repeated), 1e-6)
        if not math.isfinite(difference) or difference > REPLAY_TOLERANCE:
            raise CheckFailed(recorded, repeated, f"{where} replayed")
        return difference
    if recorded != repeated:
        raise CheckFailed(recorded, repeated, f"{where} replayed")
    return 0.0


def _replayed(record: Record, root: Path) -> str:
    return f"largest difference {replay(record, root):.1e}"


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _sampled(records: Records, sample: int) -> list[Record]:
    """`sample` records of each kind, spread evenly over the names, those of a kind with probes only."""
    kinds: dict[str, list[Record]] = {}
    for record in records.values():
        if record.probe:
            kinds.setdefault(record.kind, []).append(record)
    return [of_kind[i * len(of_kind) // sample] for of_kind in kinds.values() for i in range(min(sample, len(of_kind)))]


def _claims(root: Path) -> str:
    verification = verify(root)
    if verification.problems:
        raise WriteupError("; ".join(str(problem) for problem in verification.problems))
    return f"{len(verification.ledger.claims)} claims hold, {verification.ledger.rejected()} wrong values rejected"


def _current(records: Records, root: Path) -> str:
    stale = [path for path, record in records.items() if stale_sources(record, root)]
    if stale:
        raise WriteupError(f"stale: {', '.join(stale)}; `make experiments` mends them")
    return f"{len(records)} records"


def _timed(what: str, redo: Callable[[], str]) -> Finding:
    start = time.perf_counter()
    try:
        detail, holds = redo(), True
    except WriteupError as error:
        detail, holds = str(error), False
    return Finding(what, holds, detail, time.perf_counter() - start)
