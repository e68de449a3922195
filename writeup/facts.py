"""Facts declared one a line: name, value, second route, wrong values, form.

    a = Facts("1.3a")
    a("updates", 29, by("the loader, one epoch", len, loaded), {28: "last batch forgotten"})
    few = a.on(record)
    few.effect("gain", without, with_dropout, "{:+.1f} points")
    a.say("gain_is_real", lambda gain: gain.positive, {"gain": 0.0})

A name belongs to the question; the template prints it as `<< updates >>`, `<< gain.ci >>`, and marks the sentence that
rests on a statement by `<% call say("gain_is_real") %>...<% endcall %>`. What a fact says in words is the sentence that
prints it. What is stated `on` a record rests on it. Besides the wrong values that are given, the value one unit of the
last printed digit up and down is always tried (`trust/claims.py`): no fact prints more digits than its check can tell.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from writeup import estimators
from writeup.claims import (
    Answer,
    Check,
    Claim,
    Control,
    Evidence,
    Rerun,
    Statement,
    Value,
    plain_value,
)
from writeup.errors import CheckFailed, WriteupError
from writeup.estimators import Estimate, Misfit
from writeup.records.store import Record

FORM = re.compile(r"\{:(?P<spec>[^{}]*)\} ?(?P<unit>.*)")  # "{:+.1f} points"
ESTIMATED = "numpy's mean and a simulated quantile of t"
Route = Callable[[tuple[str, ...]], Check]  # given the records that it rests on
# Told of each fact when it is stated: `trust/circular.py` asks what was read until then.
STATED: ContextVar[Callable[[str], object]] = ContextVar("STATED", default=lambda _: None)


def by(route: str, compute: Callable[..., Any], *given: Any, within: float = 0.0, seed: int | None = None) -> Route:
    """The fact is what `compute(*given)` finds by the second route, up to `within`; it runs once for all candidates."""
    found = cache(lambda: compute(*given))

    def on(records: tuple[str, ...]) -> Check:
        def check(candidate: Value) -> Evidence:
            if not _close(candidate, found(), within):
                raise CheckFailed(found(), candidate, route)
            return Evidence(route, found(), within or None, seed, records)

        return check

    return on


def _close(a: Any, b: Any, within: float) -> bool:
    if isinstance(a, tuple) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_close(x, y, within) for x, y in zip(a, b, strict=True))
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and bool(a == b)
    return abs(a - b) <= within


def gap(route: str, left: Callable[[Any], float], within: float, seed: int | None = None) -> Route:
    """The fact is the candidate of which the second route leaves no more than `within`."""

    def on(records: tuple[str, ...]) -> Check:
        def check(candidate: Any) -> Evidence:
            found = left(candidate)
            if not found <= within:
                raise CheckFailed(f"at most {within:g}", found, f"{route}, with {candidate}")
            return Evidence(route, found, within, seed, records)

        return check

    return on


def when(route: str, holds: Callable[[Any], bool], seed: int | None = None) -> Route:
    """The fact is the candidate with which the second route comes out as it should."""
    return gap(route, lambda candidate: float(not holds(candidate)), 0.0, seed)


@dataclass(frozen=True)
class Facts:
    """The facts and statements of one answer, in the order in which they are made."""

    question: str
    records: tuple[str, ...] = ()
    claims: list[Claim] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    reruns: list[Rerun] = field(default_factory=list)

    def on(self, *records: Record) -> Facts:
        """The same answer, for facts that rest on these records."""
        return replace(self, records=tuple(record.path for record in records))

    def __call__(
        self,
        name: str,
        value: Value,
        route: Route,
        wrong: Mapping[Any, str] | None = None,
        form: str = "",
        code: bool = False,
        shared: str = "",
    ) -> None:
        """State that `name` is `value`. `wrong` maps values that a slip would give to that slip; words need some.

        `form` is a format and a unit: "{:,d}", "{:.0%}", "{:+.1f} points"; "{:~2}" rounds to two significant digits.
        `shared` says why the second route may read no other field of a record than the value did (an audit asks).
        """
        spec, unit = self._form(name, form or ("{:,d}" if type(value) is int else "{:}"))
        controls = tuple(Control(plain_value(v, name), why) for v, why in (wrong or {}).items())
        self._add(name, value, route(self.records), controls, unit, spec, code, shared)

    def one_of(self, name: str, candidates: Iterable[str], route: Route, code: bool = False) -> None:
        """The first of several words or formulas; the others are wrong."""
        first, *others = candidates
        self(name, first, route, dict.fromkeys(others, "another of the candidates"), code=code)

    # -- estimates over seeds: second routes and slips stand in `estimators` -----------------------------------------

    def mean(
        self, name: str, values: Sequence[float], form: str, again: tuple[str, Sequence[float]] | None = None
    ) -> None:
        """The mean over seeds with Student's interval.

        `again` names another way to the same values and gives them as it finds them, for the second route; without it
        that takes `values`. Raises `WriteupError` where it does not find as many.
        """
        self._estimate(name, values, form, again=again)

    def effect(
        self,
        name: str,
        before: Sequence[float],
        after: Sequence[float],
        form: str,
        again: tuple[str, Sequence[float]] | None = None,
    ) -> None:
        """What turning `before` into `after` adds, seed by seed; `again` is another way to these differences."""
        self._estimate(name, estimators.differences(before, after), form, swapped=True, again=again)

    def ratio(
        self,
        name: str,
        one: Sequence[float],
        other: Sequence[float],
        form: str,
        again: tuple[str, Sequence[float]] | None = None,
    ) -> None:
        """How many times `other` `one` is: the geometric mean over seeds, with the interval of the logarithms.

        `again` names another way to these logarithms and gives them, for the second route.
        """
        logs = estimators.log_ratios(one, other)
        route, found = self._again(name, logs, again)
        made = {why: estimators.exponential(slip) for why, slip in _slips(logs, swapped=True).items()}

        def misfit(candidate: Estimate) -> str:
            return estimators.misfit(found, estimators.logarithm(candidate))

        self.estimate(name, estimators.exponential(estimators.student(logs)), misfit, made, form, route)

    def change(self, name: str, groups: Sequence[Sequence[float]], weights: Sequence[float], form: str) -> None:
        """A weighted sum of the groups' mean logarithms as a change in per cent; one spread, pooled over all groups.

        Raises `WriteupError` where the weights are not those of one mean less another.
        """
        added, taken = (sum(w for w in weights if sign * w > 0) for sign in (1, -1))
        if abs(added - 1) > 1e-9 or abs(taken + 1) > 1e-9:
            raise WriteupError(f"{self.question}.{name}: weights of a change sum to 1 and -1, not {added:g}, {taken:g}")
        self.estimate(
            name,
            estimators.percent(estimators.pooled(groups, weights)),
            lambda candidate: estimators.pooled_misfit(groups, weights, estimators.logarithms(candidate)),
            {why: estimators.percent(slip) for why, slip in estimators.pooled_slips(groups, weights).items()},
            form,
            route="numpy's least squares, a constant a group, and a simulated quantile of t",
        )

    def _estimate(
        self,
        name: str,
        values: Sequence[float],
        form: str,
        swapped: bool = False,
        again: tuple[str, Sequence[float]] | None = None,
    ) -> None:
        route, found = self._again(name, values, again)

        def misfit(candidate: Estimate) -> str:
            return estimators.misfit(found, candidate)

        self.estimate(name, estimators.student(values), misfit, _slips(values, swapped), form, route)

    def _again(
        self, name: str, values: Sequence[float], again: tuple[str, Sequence[float]] | None
    ) -> tuple[str, Sequence[float]]:
        """The words of an estimate's second route, and the values that it takes."""
        way, found = again or ("", values)
        if len(found) != len(values):
            raise WriteupError(f"{self.question}.{name}: {len(values)} values, {len(found)} by {way}")
        return f"{way}{', ' if way else ''}{ESTIMATED}", found

    def estimate(
        self,
        name: str,
        value: Estimate,
        misfit: Misfit,
        wrong: Mapping[str, Estimate],
        form: str,
        route: str = ESTIMATED,
    ) -> None:
        """State an estimate; `misfit` says what is wrong with a candidate, or nothing."""
        spec, unit = self._form(name, form)

        def check(candidate: Estimate) -> Evidence:
            if found := misfit(candidate):
                raise CheckFailed(found, candidate, route)
            return Evidence(route, list(candidate.parts()), records=self.records)

        self._add(name, value, check, tuple(Control(v, why) for why, v in wrong.items()), unit, spec)

    def rerun(
        self, what: str, record: Record, values: Sequence[float], train: Callable[[int], float], within: float
    ) -> None:
        """One of the recorded values, drawn by the record's date, is trained again whenever the answer is verified.

        `train` gives value number k of `values`. Facts on a record whose reruns all agree have the level "rerun".
        """
        k = date.fromisoformat(record.date).toordinal() % len(values)
        self.reruns.append(Rerun(record.path, what, values, k, train, within))

    # -- sentences ----------------------------------------------------------------------------------------------------

    def say(self, name: str, predicate: Callable[..., bool], *wrong: Mapping[str, Any]) -> None:
        """A sentence of the template rests on `predicate`, whose parameters are names of facts; estimates come whole.

        Each of `wrong` gives some of the facts other values, with which the predicate must fail; a number given to an
        estimate moves its whole interval there. Every fact is moved alone by one of them, and every condition that the
        predicate joins by `and`, or in a chain of comparisons, is broken alone by one (`trust/conditions.py`).
        """
        names = tuple(inspect.signature(predicate).parameters)
        self.statements.append(Statement(f"{self.question}.{name}", predicate, names, tuple(wrong), _caller()))

    def answer(self, tables: Any = None, figures: Any = None, **context: Any) -> Answer:
        return Answer(self.question, self.claims, tables or {}, figures or {}, context, self.statements, self.reruns)

    def _form(self, name: str, form: str) -> tuple[str, str]:
        """Its format and its unit."""
        if not (found := FORM.fullmatch(form)):
            raise WriteupError(
                f"{self.question}.{name}: form {form!r}; it is a format and a unit, as '{{:.1f}} points'"
            )
        return found["spec"], found["unit"]

    def _add(
        self,
        name: str,
        value: Any,
        check: Check,
        controls: tuple[Control, ...],
        unit: str,
        spec: str,
        code: bool = False,
        shared: str = "",
    ) -> None:
        id = f"{self.question}.{name}"
        STATED.get()(id)
        made = Claim(id, plain_value(value, id), check, controls, unit, spec, code, _caller(), shared)
        if other := [c for c in controls if not _comparable(made.value, c.value)]:
            kinds = f"is a {type(other[0].value).__name__}, the value a {type(made.value).__name__}"
            told = f"control {other[0].value!r} {kinds}: it would be rejected for that; give its like"
            raise WriteupError(f"{made.source}: fact {id}: {told}")
        try:
            made.printed()
        except (ValueError, TypeError) as error:
            raise WriteupError(f"{made.source}: fact {id}: {value!r} cannot print as {{:{spec}}}: {error}") from error
        same = [c for c in controls if made.printed(c.value) == made.printed() and not isinstance(value, Estimate)]
        if same:
            told = f"control {same[0].value!r} prints like the value itself ({made.printed()}); choose another"
            raise WriteupError(f"{made.source}: fact {id}: {told}")
        if isinstance(value, (str, bool, tuple)) and not controls:
            told = "no wrong value given; words and lists need one that the check rejects: {value: slip}"
            raise WriteupError(f"{made.source}: fact {id}: {told}")
        self.claims.append(made)


def _comparable(value: Value, control: Value) -> bool:
    """Whether a check can compare both, so that it is the difference for which it rejects the control."""
    numbers = (int, float)
    return type(value) is type(control) or (type(value) in numbers and type(control) in numbers)


def _slips(values: Sequence[float], swapped: bool) -> dict[str, Estimate]:
    made = dict(estimators.slips(values))
    middle = estimators.student(values)
    if swapped and estimators.misfit(values, turned := Estimate(-middle.value, -middle.high, -middle.low)):
        made["before and after exchanged"] = turned
    return made


def _caller() -> str:
    """File and line of the declaration: the first frame outside of the generator."""
    frame = inspect.currentframe()
    while frame and Path(frame.f_code.co_filename).is_relative_to(Path(__file__).parent):
        frame = frame.f_back
    if frame is None:
        return ""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
