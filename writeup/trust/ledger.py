"""The ledger: what was claimed, how it was checked, what was rejected, where it is printed (`build/ledger.json`)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from writeup.errors import WriteupError
from writeup.estimators import Estimate
from writeup.text.numerals import spelled

LEVELS = {  # of evidence, the weakest last, and what each means
    "executed": "computed here and now by two routes",
    "rerun": "a seeded run of its record was trained again here and now",
    "recomputed": "arithmetic on a record, as true as the record",
}


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ControlRow(_Row):
    value: Any
    printed: str
    why: str
    rejected: bool


class StatementRow(_Row):
    """One statement: the sentence that rests on it, whether its predicate holds, the facts that it reads, and the data
    with which it was shown to fail."""

    id: str
    question: str
    text: str
    holds: bool
    source: str
    claims: list[str]
    controls: list[ControlRow]


class RerunRow(_Row):
    """One seed of a record that was trained again for this ledger: what the record says and what was found."""

    record: str
    what: str
    recorded: float
    found: float
    within: float


class PrintedRow(_Row):
    """One place where a claim is printed, and the printed form: "tex" and "md" are the document; a notebook's file is
    called by what follows the document's stem ("_code.ipynb"), or whole where it does not begin with that."""

    file: str
    text: str


class ClaimRow(_Row):
    """One claim; `check` names the second route, `evidence` what it computed, tolerance, seed and seconds."""

    id: str
    question: str
    text: str
    value: Any
    shown: str
    unit: str
    code: bool
    form: str = ""
    check: str
    controls: list[ControlRow]
    evidence: dict[str, Any]
    level: Literal["executed", "rerun", "recomputed"] = "executed"
    source: str = ""
    shown_ends: list[str] = Field(default_factory=list)
    printed: list[PrintedRow] = Field(default_factory=list)


class RecordRow(_Row):
    """A record that an answer rests on."""

    path: str
    device: str
    date: str
    seeds: list[int]
    environment: dict[str, str]


class PassageRow(_Row):
    """The numbers of one passage of the documents in the order in which they are read, and the source of each, as the
    keys of `sources.py`; both separated by spaces. `words` are those that claims print there (a winner, a "lower"), and
    how often each stands in the passage. `file` is the notebook whose cell it is."""

    name: str
    file: str = ""
    numbers: str
    sources: str
    words: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def of(cls, name: str, numbers: Iterable[tuple[str, str]], **more: Any) -> PassageRow:
        """The passage of that name with these numbers, each with its source."""
        columns = [" ".join(column) for column in zip(*numbers, strict=True)] or ["", ""]
        return cls(name=name, numbers=columns[0], sources=columns[1], **more)


class SeriesRow(_Row):
    """One shape of a plot's series, counted from 1, in data units: a curve, ends of an interval, ..."""

    number: int
    kind: Literal["line", "join", "span", "open", "marks", "rim"]
    points: list[tuple[float, float]]


class PanelRow(_Row):
    """One pair of axes, "x" and "y": scale, limits, position and label of each tick;
    reference lines by the axis on which they have their value; the shapes of the series."""

    scales: dict[str, Literal["linear", "log"]]
    categories: list[str] = Field(default_factory=list)  # axes whose ticks are names
    limits: dict[str, tuple[float, float]]
    ticks: dict[str, list[tuple[float, str]]]
    references: list[tuple[str, float]]
    series: list[SeriesRow]


class FigureRow(_Row):
    """One figure; `words` are its labels; a drawing has no panels. `file` is what the Markdown shows."""

    name: str
    file: str
    words: list[str]
    panels: list[PanelRow]

    @property
    def tick_labels(self) -> list[str]:
        return [label for panel in self.panels for ticks in panel.ticks.values() for _, label in ticks]


class FileRow(_Row):
    """How many numbers were found in a finished file, how many of them are claims' or their wrong values', and how many
    are allowed, by the reason that `sources.py` gives."""

    file: str
    numbers: int
    matched: int
    allowed: dict[str, int]

    @property
    def share(self) -> float:
        """Of the numbers that were found, those that come from facts and their wrong values."""
        return self.matched / self.numbers if self.numbers else 1.0


class ReadBackRow(_Row):
    """What the finished files hold, as `writeup.readback` found them when they were built; `cells` are the passages of
    the notebook, by cell id."""

    passages: list[PassageRow] = Field(default_factory=list)
    cells: list[PassageRow] = Field(default_factory=list)
    figures: list[FigureRow] = Field(default_factory=list)
    files: list[FileRow] = Field(default_factory=list)


class Ledger(_Row):
    claims: list[ClaimRow]
    statements: list[StatementRow] = Field(default_factory=list)
    reruns: list[RerunRow] = Field(default_factory=list)
    records: list[RecordRow]
    environment: dict[str, str]
    readback: ReadBackRow = Field(default_factory=ReadBackRow)

    def of(self, question: str) -> list[ClaimRow]:
        return [row for row in self.claims if row.question == question]

    def rejected(self, question: str = "") -> int:
        """How many controls were rejected, of one question or of all."""
        rows = self.of(question) if question else self.claims
        return sum(control.rejected for row in rows for control in row.controls)

    def unread(self, printed: Container[str], drawn: Iterable[str]) -> list[ClaimRow]:
        """Claims whose ids are not among the printed ones, that stand behind no statement, and whose number is not
        among the words that figures draw."""
        behind = {id for statement in self.statements for id in statement.claims}
        numbers = {number for word in drawn for number in spelled(word)}
        return [
            row
            for row in self.claims
            if row.id not in printed and row.id not in behind and not numbers & set(spelled(row.shown))
        ]


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
    if getattr(value, "shape", None) == ():  # of torch or numpy, whose floats are Python's and compare to what is not
        return plain(value.item())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Estimate):
        return list(value.parts())
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
