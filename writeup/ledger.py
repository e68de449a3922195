"""The ledger: what was claimed, how it was checked, what was rejected, where it is printed (`build/ledger.json`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from writeup.claims import WriteupError
from writeup.records import write_whole


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ControlRow(_Row):
    value: Any
    printed: str
    why: str
    rejected: bool


class PrintedRow(_Row):
    """One place where a claim is printed: the document's ending ("tex", "md") and the printed form."""

    file: str
    text: str


class ClaimRow(_Row):
    """One claim; `check` names the second route, `evidence` what it computed, tolerance, seed, seconds and device."""

    id: str
    question: str
    text: str
    value: Any
    shown: str
    unit: str
    code: bool
    check: str
    controls: list[ControlRow]
    evidence: dict[str, Any]
    printed: list[PrintedRow] = Field(default_factory=list)


class RecordRow(_Row):
    """A record that an answer rests on."""

    path: str
    device: str
    date: str
    seeds: list[int]
    environment: dict[str, str]


class Ledger(_Row):
    claims: list[ClaimRow]
    records: list[RecordRow]
    environment: dict[str, str]

    def of(self, question: str) -> list[ClaimRow]:
        return [row for row in self.claims if row.question == question]

    def rejected(self, question: str = "") -> int:
        """How many controls were rejected, of one question or of all."""
        rows = self.of(question) if question else self.claims
        return sum(control.rejected for row in rows for control in row.controls)

    def write(self, path: Path) -> None:
        write_whole(path, self.model_dump_json(indent=1) + "\n")


def read(path: Path) -> Ledger:
    """Read a ledger; raises `WriteupError` when the file is missing or is not one."""
    try:
        return Ledger.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WriteupError(f"ledger {path}: cannot be read ({error.strerror}); `make all` writes it") from error
    except ValidationError as error:
        raise WriteupError(f"ledger {path}: {error.errors()[0]['msg']}; `make all` writes it anew") from error


def plain(value: Any) -> Any:
    """A check's finding as JSON can hold it: numbers, words and lists stay, anything else becomes its text."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if getattr(value, "shape", None) == ():  # a tensor or array that holds one number
        return plain(value.item())
    return str(value)
