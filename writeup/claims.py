"""What a document states: claims, each with a check by a second route and with controls that the check must reject.

    claim("1.1.1.kernel_size", 14, "kernel size of the transposed convolution",
          check=lambda k: output_shape_is(run(layer.with_(kernel_size=k), A), B),
          controls=[Control(13, "off by one"), Control(15, "off by one")])

A check is a function of the *candidate* value. It recomputes the claim by a route that shares nothing with the one that
produced the value, returns `Evidence` where they agree and raises `CheckFailed` where they do not. The claimed value
and every control go through the very same function (`verify.py`), so a check that accepts everything is found out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from writeup.errors import CheckFailed, WriteupError
from writeup.estimators import Estimate
from writeup.text import forms

Value = bool | int | float | str | tuple[Any, ...] | Estimate


@dataclass(frozen=True)
class Evidence:
    """What a check computed.

    `route` names the second route in one phrase ("forward pass on a random tensor"); it is printed in the appendix.
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
    why: str = ""


@dataclass(frozen=True)
class Claim:
    """One value that the documents state.

    `form` is a format specification (".2f", ",d", ".1%") by which the value prints everywhere; "" prints `str(value)`.
    `unit` is printed after the value where a template asks for it. `code` prints the value as program text.
    """

    id: str
    value: Value
    text: str
    check: Check
    controls: tuple[Control, ...]
    unit: str = ""
    form: str = ""
    code: bool = False
    source: str = ""  # file and line of the declaration
    exact: bool = False  # whether the neighbours in the last printed digit are controls, too

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
        if not self.exact or isinstance(number, bool) or not isinstance(number, (int, float)):
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
    """One seed of a record, to be trained again here and now: `train` must give what is recorded, up to `within`."""

    record: str
    what: str
    recorded: float
    train: Callable[[], float]
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


def claim(
    id: str,
    value: Value,
    text: str,
    check: Check,
    controls: Iterable[Control | Value],
    unit: str = "",
    form: str = "",
    code: bool = False,
) -> Claim:
    """A `Claim`; bare control values are wrapped in `Control`.

    Raises `WriteupError` when there is no control, or when a control reads the same as the value in print.
    """
    made = Claim(
        id=id,
        value=plain_value(value, id),
        text=text,
        check=check,
        controls=tuple(c if isinstance(c, Control) else Control(c) for c in controls),
        unit=unit,
        form=form,
        code=code,
    )
    if not made.controls:
        raise WriteupError(
            f"claim {id}: no control given; a claim needs at least one wrong value that its check rejects"
        )
    for control in made.controls:
        if made.printed(plain_value(control.value, id)) == made.printed():
            raise WriteupError(f"claim {id}: control {control.value!r} prints like the value itself ({made.printed()})")
    return made


def plain_value(value: Any, id: str) -> Value:
    """`value` if it can stand in JSON as it is (a list becomes a tuple); tensors and numpy scalars are refused."""
    if isinstance(value, Estimate):
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


def agrees(
    second_route: Callable[[], Value],
    route: str,
    *,
    tolerance: float = 0.0,
    seed: int | None = None,
    records: Sequence[str] = (),
) -> Check:
    """A check that the candidate equals what `second_route()` computes (numbers: within `tolerance`, absolute).

    The second route runs once, however many candidates are tried. For a claim whose second route depends on the
    candidate (run the layer *with this kernel size*), write the check as a function instead.
    """
    compute = functools.cache(second_route)

    def check(candidate: Value) -> Evidence:
        computed = compute()
        if not _close(candidate, computed, tolerance):
            raise CheckFailed(computed, candidate, route)
        return Evidence(route, computed, tolerance if tolerance else None, seed, tuple(records))

    return check


def _close(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, tuple) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and bool(a == b)
    return abs(a - b) <= tolerance


def require(holds: bool, expected: object, got: object, what: str = "") -> None:
    """Raise `CheckFailed` unless `holds`; for checks written as functions."""
    if not holds:
        raise CheckFailed(expected, got, what)


@dataclass(frozen=True)
class Ref:
    """A table cell or label that prints a claim. `id` may start with a dot: relative to the question."""

    id: str
    unit: bool = False


@dataclass(frozen=True)
class Table:
    """Header and rows; a cell is plain text (words, no computed digits) or a `Ref` to a claim.

    `align` has one letter a column: l, r or c. A row given as a single string is a group heading across the table.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str | Ref] | str]
    align: str


class Figure(Protocol):
    """What `figures.py` provides: one description, drawn twice."""

    def tikz(self) -> str: ...


@dataclass(frozen=True)
class Answer:
    """All that one question states and shows.

    `context` holds names for the template to loop over (lists of claim-id suffixes), never values to print.
    """

    question: str
    claims: Sequence[Claim]
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    statements: Sequence[Statement] = ()
    reruns: Sequence[Rerun] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        stated: list[Claim | Statement] = [*self.claims, *self.statements]
        for made in stated:
            if not made.id.startswith(self.question + "."):
                raise WriteupError(
                    f"claim {made.id} stands in the answer to {self.question}; its id must start with that"
                )
            if made.id in seen:
                raise WriteupError(f"claim {made.id} is made twice in the answer to {self.question}")
            seen.add(made.id)
