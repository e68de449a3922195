"""A record's probe, repeated: how far apart the two may be, and the record that is re-certified when they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from writeup.claims import CheckFailed
from writeup.records import Record, Replay, environment

# Relative. Rounding differs between processors: bfloat16 carries eight bits, and twenty steps let it grow. Both sides
# of it are measured in tests/experiments/language_model/test_replay_tolerance.py.
REPLAY_TOLERANCE = 2e-3


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
