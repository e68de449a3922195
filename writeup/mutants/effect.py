"""What a fault does to an answer: found by a check, or passed; and then, whether anything came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from writeup.assignment import Question, answer_to
from writeup.claims import Answer, Claim, Evidence, Ref, Value
from writeup.errors import CheckFailed
from writeup.estimators import Estimate
from writeup.figures import Drawing
from writeup.records.store import Records, stale_sources
from writeup.text.forms import last_unit
from writeup.text.written import Written, written_in
from writeup.trust.named import misnamed
from writeup.trust.statements import verify_statement

# How a fault may end. Found: a check refuses the value, or accepts a control; an exception; no end.
FOUND = ("failed", "broke", "timeout")
# Passed, from the best to the worst. Idle: nothing printed changes, and every check refuses what it refused before.
# Moves: in a drawing something lies elsewhere, is turned or has another size, and its words are the same: for the eye.
# Weakens: a check accepts a wrong value next to the claimed one that it refused before. Shows: other words or numbers.
PASSED = ("idle", "moves", "weakens", "shows")
DRAWING = "drawing"
# Of a drawing's TikZ.
PLACE = re.compile(r"(?<=rotate=)-?\d+(?:\.\d+)?|-?\d+(?:\.\d+)?(?=cm|pt|mm|,|\))|(?<=,)-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Outcome:
    """How a fault ended (one of `FOUND` or `PASSED`), at which question, and what was seen there."""

    verdict: str
    question: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """Of an answer without a fault: what it prints, and the wrong values near each claim's that its check refuses."""

    printed: tuple[str, ...]
    names: frozenset[str]  # of the facts that the template or a table prints
    refused: frozenset[tuple[str, Value]]

    @classmethod
    def of(cls, answer: Answer, written: Written) -> Seen:
        refused = {(made.id, value) for made in answer.claims for value in near(made) if refuses(made, value)}
        cells = (cell for table in answer.tables.values() for row in table.rows for cell in row)
        in_tables = {f"{answer.question}.{cell.name}" for cell in cells if isinstance(cell, Ref)}
        names = {c.id for c in answer.claims if written.printed(c.id) or c.id in in_tables}
        return cls(printed(answer, names), frozenset(names), frozenset(refused))


def ended(question: Question, root: Path, before: Seen, forged: Sequence[str] = ()) -> Outcome:
    """How the question ends with the fault that this process has taken in; of the records, those `forged` may be stale.

    Stops at the first problem, where `writeup check` goes on; any exception but `CheckFailed` is the caller's.
    """
    records = Records(root)
    try:
        answer = answer_to(question, records, root)
    except CheckFailed as error:
        return Outcome("failed", question.id, str(error)[:200])
    if problem := next(filter(None, map(first_problem, answer.claims)), ""):
        return Outcome("failed", question.id, problem[:200])
    if gone := before.names - {made.id for made in answer.claims}:
        return Outcome("failed", question.id, f"printed, and not stated: {sorted(gone)}")
    problems = [*misnamed(((made.id, made.check(made.value).records) for made in answer.claims), records)]
    for made in answer.statements:
        verify_statement(made, answer, written_in(root, question.id), problems)
    if problems:
        return Outcome("failed", question.id, str(problems[0])[:200])
    if stale := [path for path in forged if path in records.used and stale_sources(records[path], root)]:
        return Outcome("failed", question.id, f"stale: {stale}")
    if changed := difference(before.printed, printed(answer, before.names)):
        return Outcome(changed[0], question.id, changed[1])
    accepted = [
        f"{made.id}: {value!r}"
        for made in answer.claims
        for value in near(made)
        if (made.id, value) in before.refused and not refuses(made, value)
    ]
    return Outcome("weakens", question.id, accepted[0]) if accepted else Outcome("idle")


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str] | None:
    """The verdict on what is printed otherwise, and the first line of it; nothing where all is printed as before."""
    words = {PLACE.sub("", line) for line in before}
    if changed := [line for line in after if line not in before]:
        moved = all(line.startswith(DRAWING) and PLACE.sub("", line) in words for line in changed)
        return "moves" if moved else "shows", changed[0].partition("\n")[0][:200]
    return None if list(after) == list(before) else ("shows", f"{len(before) - len(after)} lines fewer")


def first_problem(made: Claim) -> str:
    """What `writeup check` would report of the claim first, or nothing."""
    try:
        if not isinstance(made.check(made.value), Evidence):
            return f"{made.id}: no evidence"
    except CheckFailed as error:
        return f"{made.id}: {error}"
    for control in made.controls:
        try:
            made.check(control.value)
        except CheckFailed:
            continue
        return f"{made.id}: control {control.value!r} survives"
    return ""


def printed(answer: Answer, names: Set[str]) -> tuple[str, ...]:
    """All that the documents take from an answer: the facts called `names` as they print, tables, figures, the rest of
    what templates are given."""
    claims = [f"{made.id} = {made.printed()} {made.unit}" for made in answer.claims if made.id in names]
    tables = [f"{name}: {table}" for name, table in answer.tables.items()]
    figures = [
        f"{DRAWING if isinstance(figure, Drawing) else 'plot'} {name}: {figure.tikz()}"
        for name, figure in answer.figures.items()
    ]
    return (*claims, *tables, *figures, f"{answer.context}")


def near(made: Claim) -> list[Value]:
    """Wrong values next to a claimed number: two units in its last printed place up and down."""
    if isinstance(made.value, Estimate):
        return made.neighbours()
    if isinstance(made.value, (bool, str, tuple)):
        return []
    unit = last_unit(made.value, made.form) or 1.0
    step = int(2 * unit) if isinstance(made.value, int) else 2 * unit
    return [made.value + step, made.value - step]


def refuses(made: Claim, value: Value) -> bool:
    """Whether the claim's check refuses the value, in whatever way."""
    try:
        made.check(value)
    except Exception:
        return True
    return False
