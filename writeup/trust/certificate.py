"""What an audit leaves behind: what it redid of which facts, with which result (`build/audit.json`)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from writeup.trust.ledger import Ledger

CERTIFICATE = "audit.json"


class Redone(BaseModel):
    """One thing that was redone: whether it held (None: it was absent), what it showed, how long it took."""

    model_config = ConfigDict(extra="forbid")

    what: str
    holds: bool | None
    detail: str
    seconds: float


class Certificate(BaseModel):
    """`facts` is the digest of what the audited ledger states, empty where nothing was built; `sample` records of each
    kind were drawn by `seed`."""

    model_config = ConfigDict(extra="forbid")

    date: str
    facts: str
    sample: int
    seed: int
    environment: dict[str, str]
    redone: list[Redone]

    @property
    def failed(self) -> bool:
        return self.count(False) > 0

    @property
    def seconds(self) -> float:
        return sum(row.seconds for row in self.redone)

    def count(self, holds: bool | None) -> int:
        """How many items held, failed, or (None) were absent."""
        return Counter(row.holds for row in self.redone)[holds]


def digest(ledger: Ledger) -> str:
    """Of all that a ledger states and rests on, not of how long its checks took or where it is printed."""
    stated = {
        "claims": {row.id: (row.value, row.shown, row.shown_ends, row.unit, row.check) for row in ledger.claims},
        "statements": {row.id: (row.text, row.holds) for row in ledger.statements},
        "records": {row.path: (row.date, row.device, row.seeds) for row in ledger.records},
    }
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def certificate_for(folder: Path, ledger: Ledger) -> Certificate | None:
    """The certificate in a build's folder where it is one of this ledger's facts; else None."""
    try:
        found = Certificate.model_validate_json((folder / CERTIFICATE).read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.facts == digest(ledger) else None
