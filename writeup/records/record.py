"""The schema of a record of a finished experiment, and its seal. A record is data: JSON, validated by pydantic."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Replay(BaseModel):
    """A replay of a record's probe that agreed after its sources had changed, and so re-certified the record."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    date: str
    largest_difference: float  # relative, over all numbers of the probe
    tolerance: float
    sources_before: dict[str, str]  # the fingerprints that changed, as they were
    environment: dict[str, str]


class Record(BaseModel):
    """One finished run. `metrics` are single numbers, `curves` raw series (per epoch, per seed), `timing` seconds.

    `seal` is the sha256 of all the rest, so that an edit by hand or by accident is found out when the record is read.
    `probe` is a short trace through the run's own code path that another machine can repeat. `sources` maps each source
    file (relative to the project's root) to the fingerprint of its syntax tree, `data` each data file to its sha256.
    `replays` tells what happened to the record after its run; everything else is as the run left it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: str
    name: str
    settings: dict[str, Any]
    seeds: list[int]
    metrics: dict[str, float]
    curves: dict[str, Any]
    timing: dict[str, float]
    probe: dict[str, Any]
    sources: dict[str, str]
    data: dict[str, str]
    environment: dict[str, str]
    device: str
    date: str
    replays: list[Replay] = []
    seal: str = ""

    @property
    def path(self) -> str:
        return f"{self.kind}/{self.name}"


def sealed(record: Record) -> str:
    """The seal that the record's content, as it is, should have."""
    stored = json.loads(record.model_dump_json(exclude={"seal"}))  # with keys as they come back from the file
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
