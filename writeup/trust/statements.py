"""Whether the predicate of a statement holds, and fails with other facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from writeup.claims import Answer, Claim, Statement, Value
from writeup.errors import near
from writeup.estimators import Estimate
from writeup.text.written import Written
from writeup.trust.conditions import idle_conditions
from writeup.trust.ledger import ControlRow, StatementRow, plain
from writeup.trust.problem import Problem, last_lines


def verify_statement(made: Statement, answer: Answer, written: Written, problems: list[Problem]) -> StatementRow:
    """Whether the predicate holds with the facts as they are, and fails with each of the wrong values."""
    text, place = written.statement(made.id)
    facts = {claim.id.removeprefix(f"{answer.question}."): claim for claim in answer.claims}
    if unknown := [name for name in made.names if name not in facts]:
        told = f"rests on {', '.join(unknown)}, which the answer does not state{near(unknown[0], facts)}"
        problems.append(Problem(made.id, told))
        return _statement_row(made, answer, text, False, [])
    if unread := [name for other in made.wrong for name in other if name not in made.names]:
        told = f"has a control with {unread[0]}, which its predicate does not take; it takes {', '.join(made.names)}"
        problems.append(Problem(made.id, told))
        return _statement_row(made, answer, text, False, [])
    given = {name: facts[name].value for name in made.names}
    shown = ", ".join(f"{name} = {_all_shown(facts[name])}" for name in made.names)
    said = f"{text!r} ({place}), with {shown}"
    holds = _holds(made, given, problems)
    if holds is False:
        problems.append(Problem(made.id, f"the statement does not hold: {said}; rewrite it or look at its facts"))
    controls = []
    tried = [given | {name: _instead(given[name], value) for name, value in other.items()} for other in made.wrong]
    for other, changed in zip(made.wrong, tried, strict=True):
        survives = _holds(made, changed, problems)
        if survives:
            problems.append(
                Problem(
                    made.id,
                    f"a control survives: the statement holds even with {dict(other)}: {said}; sharpen its predicate, "
                    "or give data with which it must fail",
                )
            )
        wrong = ", ".join(f"{name} = {value}" for name, value in other.items())
        controls.append(ControlRow(value=plain(dict(other)), printed=wrong, why="", rejected=survives is False))
    if not made.wrong:
        problems.append(Problem(made.id, f"has no control; give facts with which it must fail: {said}"))
    elif all(row.rejected for row in controls):
        problems += [Problem(made.id, f"{what}: {said}") for what in _never_tried(made, tried)]
    return _statement_row(made, answer, text, bool(holds), controls)


def _never_tried(made: Statement, controls: list[dict[str, Any]]) -> list[str]:
    """Facts and conditions of which no control shows that they matter."""
    alone = {name for other in made.wrong if len(other) == 1 for name in other}
    unmoved = [
        f"no control moves {name} alone; give a value of it with which the sentence is false, or leave it out"
        for name in made.names
        if name not in alone
    ]
    idle = [
        f"no control breaks its condition '{what}' alone; give facts that do"
        for what in idle_conditions(made.predicate, controls)
    ]
    return unmoved + idle


def _statement_row(made: Statement, answer: Answer, text: str, holds: bool, controls: list[ControlRow]) -> StatementRow:
    claims = [f"{answer.question}.{name}" for name in made.names]
    return StatementRow(
        id=made.id,
        question=answer.question,
        text=text,
        holds=holds,
        source=made.source,
        claims=claims,
        controls=controls,
    )


def _holds(made: Statement, given: Mapping[str, Any], problems: list[Problem]) -> bool | None:
    """What the predicate says; None, with a problem, where it breaks."""
    try:
        return bool(made.predicate(**given))
    except Exception:
        problems.append(Problem(made.id, f"the predicate broke on {dict(given)}: {last_lines()}"))
        return None


def _instead(value: Value, other: Any) -> Any:
    """A control's value; a number given to an estimate moves its interval there."""
    return value.moved_to(other) if isinstance(value, Estimate) and not isinstance(other, Estimate) else other


def _all_shown(made: Claim) -> str:
    ends = made.printed_ends()
    return made.printed() + (f" ({ends[0]} to {ends[1]})" if ends else "")
