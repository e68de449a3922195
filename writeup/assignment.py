"""The assignment as the generator sees it: a folder with `answers/assignment.toml` and one module a question."""

from __future__ import annotations

import importlib
import re
import sys
from calendar import month_name
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from writeup.claims import Answer
from writeup.errors import WriteupError, near
from writeup.naming import Key, Names, Naming
from writeup.records.store import Records
from writeup.text.files import read_text, read_toml

DESCRIPTION = Path("answers/assignment.toml")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Data):
    """A heading over the questions whose ids begin with this one's."""

    id: str
    title: str


class Question(_Data):
    """One lettered part. `module` is its module's name inside `answers`, `ask` the assignment's own words."""

    id: str
    module: str
    title: str
    points: int
    ask: str


class Notebook(Question):
    """A part that is handed in as a notebook, whose claims our own notebook prints; its points are its own. Of several,
    `[[notebook]]`, each has a `key` for its files' names (see `Names`); a student's own notebooks take the first's."""

    key: Key | None = None


def _several(given: object) -> object:
    return [given] if isinstance(given, dict) else given


class Assignment(_Data):
    """`points` is what the questions' points must add up to; `suffix` is the key by which file names tell this
    assignment from others, and ends them unless `names` has another pattern; `due` is a day, printed below the title.

    `code` are the folders whose modules the answers consist of. Among them `unchecked` are the files that no check
    rests on, as patterns: `writeup.mutants` plants no fault there.
    """

    title: str
    subtitle: str
    suffix: Key
    points: int
    due: date | None = None
    names: Names = Names()
    section: list[Section] = []
    question: list[Question]
    notebook: Annotated[
        list[Notebook], BeforeValidator(_several, json_schema_input_type=Notebook | list[Notebook])
    ] = []  # one is [notebook]
    code: list[str] = ["answers"]
    unchecked: list[str] = []
    experiments: str = ""  # the package whose modules train or measure; none where it is empty

    @field_validator("due", mode="before")
    @classmethod
    def _day(cls, given: object) -> object:
        if given is not None and type(given) is not date:  # a time of day is a date, too, to pydantic and to Python
            raise ValueError(f"{str(given)!r} was given; it is a day without quotes, like due = 2026-03-14")
        return given

    @model_validator(mode="after")
    def _apart(self) -> Self:
        ids = [question.id for question in self.everything]
        if twice := [id for id in ids if ids.count(id) > 1]:
            raise ValueError(f"two questions have the id {twice[0]!r}; every id must stand once")
        keys = [key.casefold() for key in self.naming.keys]  # some file systems do not tell the cases apart
        if twice := [key for key in self.naming.keys if keys.count(key.casefold()) > 1]:
            raise ValueError(
                f"two files would have the key {twice[-1]!r}; suffix, names.notebook and the key of each of several "
                "notebooks must differ"
            )
        return self

    @property
    def naming(self) -> Naming:
        """How the files are called."""
        unless_given = self.names.notebook or f"{self.suffix}_code"
        keys = [part.key or unless_given for part in self.notebook] or [unless_given]
        return Naming(self.suffix, self.names.pattern, tuple(keys))

    @property
    def due_day(self) -> str:
        """ "14 March 2026"; nothing where no day is given."""
        return f"{self.due.day} {month_name[self.due.month]} {self.due.year}" if self.due else ""

    @property
    def sections(self) -> list[tuple[Section | None, list[Question]]]:
        """Each section with its questions; without sections, all questions under none."""
        if not self.section:
            return [(None, self.question)]
        return [(section, [q for q in self.question if self.within(q, section)]) for section in self.section]

    def within(self, question: Question, section: Section) -> bool:
        """By the section's id, with which the question's begins; a single section holds all questions."""
        return len(self.section) == 1 or continues(question.id, section.id)

    @property
    def everything(self) -> list[Question]:
        """The questions of the document, then the notebooks."""
        return [*self.question, *self.notebook]

    def select(self, wanted: str) -> list[Question]:
        """The question with this id, or all whose ids continue it: "2" is 2a to 2f, "1.2" is 1.2a and 1.2b.

        Raises `WriteupError` listing the ids that exist where there is none.
        """
        found = [question for question in self.everything if continues(question.id, wanted)]
        if found:
            return found
        known = ", ".join(question.id for question in self.everything)
        raise WriteupError(f"question {wanted!r} was asked for; {DESCRIPTION} has {known}")


def continues(whole: str, start: str) -> bool:
    """Whether an id is `start` or a part of it; "1.12" is no part of "1.1", nor is anything of "1."."""
    following = whole[len(start) : len(start) + 1]
    return whole.startswith(start) and start[-1:].isalnum() and not (start[-1:].isdigit() and following.isdigit())


def find_root(start: Path | None = None) -> Path:
    """The project's root: `start`, or the working folder; never one above it, which may hold another assignment."""
    folder = start or Path.cwd()
    if (folder / DESCRIPTION).is_file():
        return folder.resolve()
    raise WriteupError(f"no assignment found: {folder / DESCRIPTION} does not exist; --root names the project's folder")


_TABLES: dict[str, type[BaseModel]] = {"question": Question, "section": Section, "notebook": Notebook, "names": Names}


def load_assignment(root: Path) -> Assignment:
    """Read `answers/assignment.toml`; raises `WriteupError` naming the file and the entry that is wrong."""
    try:
        return Assignment.model_validate(read_toml(root / DESCRIPTION))
    except ValidationError as error:
        slips = [f"{described(root, *slip['loc'])}: {_told(slip)}" for slip in error.errors()]
        raise WriteupError("\n".join(slips)) from error


def _told(slip: ErrorDetails) -> str:
    """What is wrong with an entry, and what may stand there; without its key where it is several together."""
    table, said = str(slip["loc"][0]) if slip["loc"][1:] else "", slip["msg"].removeprefix("Value error, ")
    name = ".".join(part for part in slip["loc"] if isinstance(part, str))
    if slip["type"] == "extra_forbidden":
        fields = (_TABLES[table] if table else Assignment).model_fields
        return f"unknown {name}{near(str(slip['loc'][-1]), fields) or '; known are ' + ', '.join(fields)}"
    if slip["type"] == "missing":
        return f"{name} is missing; it must be given"
    given = "" if slip["type"] == "value_error" else f"; {slip['input']!r:.60} was given"
    return f"{name}: {said}{given}" if name else said


def described(root: Path, *location: int | str) -> str:
    """File and line of an entry of `answers/assignment.toml`, as of ("question", 0, "id"); of its table where it is
    missing."""
    path, (*table, key) = root / DESCRIPTION, location or ("",)
    lines = read_text(path).splitlines()
    headings = [n for n, line in enumerate(lines) if re.match(r"\s*\[", line)]
    tables = [n for n in headings if table and re.match(rf"\s*\[+\s*{table[0]}\s*\]", lines[n])]
    start = dict(enumerate(tables)).get(int(table[-1]) if table[1:] else 0, 0)
    end = next((n for n in headings if n > start), len(lines))
    entry = re.compile(rf"\s*(?:{'|'.join(map(str, table))}\.)?[\"']?{re.escape(str(key))}[\"']?\s*=")
    line = next((n for n in range(start, end) if entry.match(lines[n])), start) + 1
    return f"{path}:{line}" if location else f"{path}"


def course_module(name: str, root: Path) -> ModuleType:
    """A module of the assignment, which is found by its folder, not installed."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(name)


class Unanswered(WriteupError):
    """There is no answer to a question."""


def answer_to(question: Question, records: Records, root: Path) -> Answer:
    """Run the question's module and return its answer."""
    try:
        module = course_module(f"answers.{question.module}", root)
    except ModuleNotFoundError as error:
        if error.name != f"answers.{question.module}":
            raise
        raise Unanswered(
            f"question {question.id} has no answer: answers/{question.module}.py does not exist; write it, with "
            f"answer(records) -> Answer, or take the question out of {DESCRIPTION}"
        ) from error
    function: Callable[[Records], Answer] | None = getattr(module, "answer", None)
    if function is None:
        raise WriteupError(f"question {question.id}: answers/{question.module}.py has no function answer(records)")
    made = function(records)
    if not isinstance(made, Answer):
        raise WriteupError(f"answers/{question.module}.py: answer(records) returned {made!r:.60}; it returns an Answer")
    if made.question != question.id:
        raise WriteupError(
            f"answers/{question.module}.py answers {made.question!r}; {DESCRIPTION} expects {question.id!r}"
        )
    return made
