"""Facts whose second route reads nothing but the record fields that the value was read from: found by tracing, in
`writeup audit`, since every answer is made once more for it.

The records are handed to an answer as structures that note which field is read. What is read until a fact is stated is
counted as its value's; what its check reads then is its second route's. A fact is suspect when the route reads fields,
and none beside the value's. Another estimator on the same numbers is suspect, too, and may well be right: it guards
against a slip of the formula, not of the record, and its level says so; its answer says why it may (`shared`).

What this cannot see: numbers that were read into a plain list or a variable before (estimates over seeds take such
lists, and their route is another estimator on them by construction); constants of the code, whichever way they go
round; a field that repeats another one; what a value read before an earlier fact was stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import Any

from writeup.assignment import Question, answer_to
from writeup.errors import CheckFailed
from writeup.facts import STATED
from writeup.records.store import Record, Records

FIELDS = ("metrics", "curves", "timing", "settings", "environment")


class TracedList(Sequence[Any]):
    """A list that notes that its field was read."""

    def __init__(self, values: Sequence[Any], field: str, reads: set[str]) -> None:
        self.values, self.field, self.reads = values, field, reads

    def __len__(self) -> int:
        self.reads.add(self.field)
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        found = self.values[index]
        if isinstance(index, slice):
            return [traced(value, self.field, self.reads) for value in found]
        return traced(found, self.field, self.reads)

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, Sequence) else other)

    def __add__(self, other: Sequence[Any]) -> list[Any]:
        return [*self, *other]

    __hash__ = None  # type: ignore[assignment]


class TracedMapping(dict[str, Any]):
    """A dictionary whose values are traced; its keys name fields, and are none."""

    def __init__(self, values: Mapping[str, Any], field: str, reads: set[str]) -> None:
        super().__init__(values)
        self.field, self.reads = field, reads

    def __getitem__(self, key: str) -> Any:
        return traced(super().__getitem__(key), f"{self.field}.{key}", self.reads)

    def get(self, key: str, default: Any = None) -> Any:
        return traced(super().get(key, default), f"{self.field}.{key}", self.reads)

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]


def traced(value: Any, field: str, reads: set[str]) -> Any:
    """The value, of which every number that is read is noted by its field."""
    if isinstance(value, (TracedList, TracedMapping)):
        return value
    if isinstance(value, Mapping):
        return TracedMapping(value, field, reads)
    if isinstance(value, (list, tuple)):
        return TracedList(value, field, reads)
    reads.add(field)
    return value


class TracedRecords(Records):
    """Records that note what is read of them."""

    def __init__(self, root: Path, reads: set[str]) -> None:
        super().__init__(root)
        self.reads = reads

    def __getitem__(self, key: str) -> Record:
        record = super().__getitem__(key)
        fields = {name: TracedMapping(getattr(record, name), f"{key} {name}", self.reads) for name in FIELDS}
        return record.model_copy(update=fields)


def suspects(question: Question, root: Path) -> Iterator[tuple[str, str]]:
    """The facts of a question whose second route reads only what the value was read from, without saying why it may;
    and what is wrong with each."""
    reads: set[str] = set()
    stated: dict[str, set[str]] = {}

    def noting(id: str) -> None:
        stated[id] = set(reads)
        reads.clear()

    context = copy_context()
    context.run(STATED.set, noting)
    answer = context.run(answer_to, question, TracedRecords(root, reads), root)
    for claim in answer.claims:
        if claim.shared or not stated.get(claim.id):
            continue
        reads.clear()
        try:
            claim.check(claim.value)
        except CheckFailed:
            continue
        if reads and reads <= stated[claim.id]:
            field, *others = sorted(reads)
            told = f"value and second route both read {field}{f' and {len(others)} more' if others else ''}, and the "
            told += f"route nothing else; find it by another field, or say why it may by shared= ({claim.source})"
            yield claim.id, told
