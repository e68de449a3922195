"""What the page tells besides text and ledger: of what it is, the runs behind it, what was measured of its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from writeup.errors import WriteupError
from writeup.records.record import Record
from writeup.records.store import Records
from writeup.text.files import read_text
from writeup.trust.certificate import Certificate
from writeup.trust.ledger import FigureRow, FileRow, Ledger

TRUST = Path("docs/trust.md")  # how far "verified" was measured to reach, in words
MUTANTS = Path("docs/mutants.json")  # the score of a campaign of planted faults, as `make mutants` writes it


class Planted(BaseModel):
    """Faults planted in one part of the project: how many there could be, were tried, and passed unseen."""

    candidates: int
    tried: int
    share_found: float = Field(alias="share found")  # of those with an effect
    survivors: list[str]
    minutes: float


class Campaign(BaseModel):
    """What `make mutants` measured."""

    date: str
    answers: Planted
    records: Planted

    @property
    def parts(self) -> dict[str, Planted]:
        return {"answers": self.answers, "records": self.records}


@dataclass(frozen=True)
class About:
    """`document` is the PDF with the same text; `exceptions` are words that may stand though no fact prints them, by
    question; `files` tells what the finished files were found to hold, `seconds` how long the verification took."""

    title: str
    author: str
    document: str
    figures: Sequence[FigureRow] = ()
    exceptions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Sequence[FileRow] = ()
    seconds: float | None = None
    certificate: Certificate | None = None  # the last audit's, if it was of these facts
    records: Sequence[Record] = ()
    trust: str = ""
    mutants: Campaign | None = None


def kept(root: Path, ledger: Ledger) -> dict[str, Any]:
    """What the project in `root` keeps for the page: the ledger's records, and what was measured of its checks."""
    records = Records(root)
    trust, mutants = (read_text(root / path) for path in (TRUST, MUTANTS))
    try:
        campaign = Campaign.model_validate_json(mutants) if mutants else None
    except ValidationError as error:
        told = f"{root / MUTANTS}: {error.errors()[0]['msg']}; it is build/mutants.json as `make mutants` writes it"
        raise WriteupError(told) from error
    return {"records": [records[row.path] for row in ledger.records], "trust": trust, "mutants": campaign}
