"""A record's probe, repeated: how far apart the two may be, and the record that is re-certified when they agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from writeup.errors import CheckFailed
from writeup.records.store import Record, Replay, environment

# Relative. Rounding differs between processors: bfloat16 carries eight bits, and twenty steps let it grow. Both sides
# of it are measured by `python -m experiments.language_model.tolerance`.
REPLAY_TOLERANCE = 5e-4


def largest_difference(recorded: Any, repeated: Any, where: str) -> float:
    """The largest relative difference of two probes of the same form; raises `CheckFailed` where they do not agree."""
    largest = 0.0
    for place, one, other, difference in differences(recorded, repeated, where):
        if not difference <= REPLAY_TOLERANCE:  # so that what is not a number does not agree either
            raise CheckFailed(one, other, f"{place} replayed")
        largest = max(largest, difference)
    return largest


def differences(recorded: Any, repeated: Any, where: str) -> Iterator[tuple[str, Any, Any, float]]:
    """Place, both values and their relative difference, for every number; infinite where the forms differ."""
    if isinstance(recorded, Mapping) and isinstance(repeated, Mapping) and recorded.keys() == repeated.keys():
        for key in recorded:
            yield from differences(recorded[key], repeated[key], f"{where}.{key}")
    elif _listed(recorded) and _listed(repeated) and len(recorded) == len(repeated):
        for index, (one, other) in enumerate(zip(recorded, repeated, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif isinstance(recorded, (int, float)) and isinstance(repeated, (int, float)):
        yield where, recorded, repeated, abs(recorded - repeated) / max(abs(recorded), abs(repeated), 1e-6)
    else:
        yield where, recorded, repeated, 0.0 if recorded == repeated else math.inf


def recertified(record: Record, repeated: Mapping[str, Any], sources: Mapping[str, str]) -> Record:
    """The record with the fingerprints `sources` and a note of the replay; raises `CheckFailed` when it disagrees.

    What the run measured, when and where, stays as it is.
    """
    difference = largest_difference(record.probe, repeated, record.path)
    note = Replay(
        date=datetime.now(UTC).date().isoformat(),
        largest_difference=difference,
        tolerance=REPLAY_TOLERANCE,
        sources_before={name: old for name, old in record.sources.items() if sources.get(name) != old},
        environment=environment(),
    )
    return record.model_copy(update={"sources": dict(sources), "replays": [*record.replays, note]})


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
