"""What the page tells besides text and ledger: of what it is, the runs behind it, what was measured of its checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from writeup.records.record import Record
from writeup.records.store import Records
from writeup.trust.certificate import Certificate
from writeup.trust.ledger import FigureRow, FileRow, Ledger

TRUST = Path("docs/trust.md")  # how far "verified" was measured to reach, in words
MUTANTS = Path("docs/mutants.json")  # the score of a campaign of planted faults, as `make mutants` writes it


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
    mutants: Mapping[str, Any] = field(default_factory=dict)


def kept(root: Path, ledger: Ledger) -> dict[str, Any]:
    """What the project in `root` keeps for the page: the ledger's records, and what was measured of its checks."""
    records = Records(root)
    return {
        "records": [records[row.path] for row in ledger.records],
        "trust": (root / TRUST).read_text(encoding="utf-8") if (root / TRUST).is_file() else "",
        "mutants": json.loads((root / MUTANTS).read_bytes()) if (root / MUTANTS).is_file() else {},
    }
