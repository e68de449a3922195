"""What a document states: facts as claims, sentences as statements, each with a check and with what it must reject.

A check is a function of the *candidate* value. It recomputes the claim by a route that shares nothing with the one that
produced the value, returns `Evidence` where they agree and raises `CheckFailed` where they do not. The claimed value
and every control go through the very same function (`trust/claims.py`), so a check that accepts everything is found
out. `facts.py` is how an answer states them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from writeup.errors import WriteupError
from writeup.estimators import Estimate
from writeup.text import forms

Value = bool | int | float | str | tuple[Any, ...] | Estimate


@dataclass(frozen=True)
class Evidence:
    """What a check computed.

    `route` names the second route in one phrase ("forward pass on a random tensor"); the evidence page prints it.
    `computed` is what that route found, `tolerance` the absolute difference it allows, `seed` what made it repeatable,
    `records` the names of the experiment records it read.
    """

    route: str
    computed: Any = None
    tolerance: float | None = None
    seed: int | None = None
    records: tuple[str, ...] = ()


Check = Callable[[Any], Evidence]


@dataclass(frozen=True)
class Control:
    """A plausible wrong value and the slip that would produce it."""

    value: Value
    why: str


@dataclass(frozen=True)
class Claim:
    """One value that the documents state.

    `form` is a format specification (".2f", ",d", ".1%") by which the value prints everywhere; "" prints `str(value)`.
    `unit` is printed after the value. `code` prints the value as program text.
    """

    id: str
    value: Value
    check: Check
    controls: tuple[Control, ...]
    unit: str = ""
    form: str = ""
    code: bool = False
    source: str = ""  # file and line of the declaration
    shared: str = ""  # why its check may read no other field of a record than the value did

    def printed(self, value: Value | None = None) -> str:
        """The value (or a control's) as readers see it, without its unit; of an estimate the number alone."""
        shown = self.value if value is None else value
        return forms.shown(shown.value if isinstance(shown, Estimate) else shown, self.form)

    def printed_ends(self) -> list[str]:
        """The ends of an estimate's interval as readers see them; nothing for other values."""
        return [forms.shown(end, self.form) for end in self.value.ends] if isinstance(self.value, Estimate) else []

    def neighbours(self) -> list[Value]:
        """The value one unit of the last printed digit down and up; of an estimate, its ends as well."""
        number = self.value.value if isinstance(self.value, Estimate) else self.value
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            return []
        unit = forms.last_unit(number, self.form)
        if unit is None:
            return []
        steps = [-unit, unit]
        if isinstance(self.value, Estimate):
            given = self.value
            return [
                replace(given, **{part: getattr(given, part) + s}) for part in ("value", "low", "high") for s in steps
            ]
        return [type(number)(number + step) for step in steps]


@dataclass(frozen=True)
class Rerun:
    """Values of a record, of which number `drawn` is trained again here and now: `train` must give it, up to `within`.

    An audit draws others, by chance.
    """

    record: str
    what: str
    values: Sequence[float]
    drawn: int
    train: Callable[[int], float]
    within: float


@dataclass(frozen=True)
class Statement:
    """A sentence that a person wrote and that rests on facts: it prints as long as its predicate holds.

    `predicate` takes the facts called `names` in the question; with each of `wrong`, other values for some of them, it
    must fail.
    """

    id: str
    predicate: Callable[..., bool]
    names: tuple[str, ...]
    wrong: tuple[Mapping[str, Any], ...]
    source: str = ""


def plain_value(value: Any, id: str) -> Value:
    """`value` if it can stand in JSON as it is (a list becomes a tuple); tensors and numpy scalars are refused."""
    if isinstance(value, Estimate):
        for part in value.parts():
            plain_value(float(part), id)
        return value
    if isinstance(value, (list, tuple)):
        return tuple(plain_value(item, id) for item in value)
    if type(value) not in (bool, int, float, str):
        raise WriteupError(
            f"claim {id}: a value of type {type(value).__name__} received; "
            "allowed are bool, int, float, str and tuples of these"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise WriteupError(f"claim {id}: {value} received; a claimed number must be finite")
    return value


@dataclass(frozen=True)
class Ref:
    """A table cell that prints the fact of this name, with its interval's ends where `ends` asks for them."""

    name: str
    ends: bool = False


@dataclass(frozen=True)
class Table:
    """Header and rows; a cell is plain text (words, no computed digits) or a `Ref` to a fact.

    `align` has one letter a column: l, r or c. A row given as a single string is a group heading across the table.
    Columns side by side whose headers begin alike ("time: LSTM", "time: GRU") stand under one head, "time".
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str | Ref] | str]
    align: str


class Figure(Protocol):
    """What `writeup.figures` provides: one description, drawn twice."""

    def tikz(self) -> str: ...


@dataclass(frozen=True)
class Answer:
    """All that one question states and shows.

    `context` holds what the template needs beside the facts: quoted source, names to loop over.
    """

    question: str
    claims: Sequence[Claim]
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    statements: Sequence[Statement] = ()
    reruns: Sequence[Rerun] = ()

    def __post_init__(self) -> None:
        every: list[Claim | Statement] = [*self.claims, *self.statements]
        stated = Counter(made.id for made in every)
        if twice := [made for made in every if stated[made.id] > 1]:
            places = " and ".join(made.source for made in twice if made.id == twice[0].id)
            raise WriteupError(f"{twice[0].id} is made twice ({places}); every name stands once in a question")
        for name, table in self.tables.items():
            if not isinstance(table, Table):
                raise WriteupError(f"table {self.question}.{name} is {table!r:.60}; it is Table(header, rows, align)")
        for name, figure in self.figures.items():
            if not (hasattr(figure, "tikz") and hasattr(figure, "svg")):
                told = f"figure {self.question}.{name} is {figure!r:.60}; it is a Plot or a Drawing of writeup.figures"
                raise WriteupError(told)
