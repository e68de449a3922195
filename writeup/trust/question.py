"""One question: its answer is run, its claims, reruns and statements are verified, its records looked at."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from writeup.assignment import Question, Unanswered, answer_to
from writeup.claims import Claim, Figure, Statement, Table
from writeup.errors import CheckFailed, WriteupError
from writeup.experiments.registry import registry
from writeup.records.store import RESULTS, Records, stale_sources
from writeup.text.written import written_in
from writeup.trust.claims import exchanged, verify_claims
from writeup.trust.ledger import ClaimRow, RecordRow, RerunRow, StatementRow
from writeup.trust.named import misnamed
from writeup.trust.problem import Problem, author_line, last_lines
from writeup.trust.reruns import rerun_all
from writeup.trust.statements import verify_statement
from writeup.trust.tampering import Watch, watched


@dataclass(frozen=True)
class Verified:
    """One question after its checks ran: ledger rows, what it shows, what did not hold."""

    question: str
    rows: list[ClaimRow] = field(default_factory=list)
    statements: list[StatementRow] = field(default_factory=list)
    reruns: list[RerunRow] = field(default_factory=list)
    records: list[RecordRow] = field(default_factory=list)
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


def ended(id: str) -> Verified:
    """A question whose process said nothing."""
    said = "its process was killed or ended itself; nothing was verified"
    return Verified(id, problems=[Problem(id, said, unverified=False)])


def verify_question(question: Question, root: Path, watch: Watch | None = None, parts: int = 1) -> Verified:
    """Run the question's answer and all of its checks and controls in this process; what stops that is a problem.

    A copy of a warm process goes on with that one's `watch`, and runs the reruns in copies of its own; the claims, too,
    in `parts` copies, where no other question has work for the cores.
    """
    if watch is None:
        with watched() as watch:
            done = _verify_watched(question, root, watch, apart=False)
    else:
        done = _verify_watched(question, root, watch, apart=True, parts=parts)
    return replace(done, problems=[problem.seen_from(root) for problem in done.problems])


def _verify_watched(question: Question, root: Path, watch: Watch, apart: bool, parts: int = 1) -> Verified:
    records = Records(root)
    try:
        verified = _verify_question(question, root, records, watch, apart, parts)
    except (Exception, SystemExit):  # an answer, or a check, that exits has not answered
        return Verified(question.id, problems=[Problem(question.id, last_lines(), unverified=False)])
    known = {root / RESULTS / f"{path}.json" for path in records.used}
    around = sorted(path.stem for path in watch.files - known if path.is_relative_to(root / RESULTS))
    said = [exchanged(what) for what in watch.touched()]
    said += [f"read the file of record {name}; only what comes from `records` is checked" for name in around]
    new = (Problem(question.id, what, unverified=False) for what in said)
    verified.problems.extend(problem for problem in new if problem not in verified.problems)
    return verified


def _verify_question(
    question: Question, root: Path, records: Records, watch: Watch, apart: bool, parts: int
) -> Verified:
    start = time.perf_counter()
    try:
        answer = answer_to(question, records, root)
    except WriteupError as error:
        unverified = isinstance(error, (CheckFailed, Unanswered))
        return Verified(question.id, problems=[Problem(question.id, str(error), unverified).at(author_line())])
    problems: list[Problem] = []
    if not answer.claims:
        told = f"has an answer without claims; answers/{question.module}.py states one as a(name, value, by(...))"
        problems.append(Problem(question.id, told))
    written = written_in(root, question.id)
    rows = verify_claims(answer.claims, question.id, written, problems, watch, parts)
    reruns = rerun_all(answer.reruns, problems, watch.files if apart else None)
    failed = {row.record for row in reruns if not abs(row.found - row.recorded) <= row.within}
    reran = {row.record for row in reruns} - failed
    for row in rows:
        row.source = _relative(row.source, root)
        if behind := set(row.evidence["records"]):
            row.level = "rerun" if behind <= reran else "recomputed"
    problems += misnamed(((row.id, row.evidence["records"]) for row in rows), records)
    statements = [verify_statement(made, answer, written, problems) for made in answer.statements]
    for statement in statements:
        statement.source = _relative(statement.source, root)
    every: list[Claim | Statement] = [*answer.claims, *answer.statements]
    places = {made.id: made.source for made in every}
    problems = [problem.at(places.get(problem.where, "")) for problem in problems]
    for path in sorted(records.used):
        if changed := stale_sources(records[path], root):
            problems.append(
                Problem(
                    f"record {path}",
                    f"is stale: {', '.join(changed)} changed since it was made; `make experiments` mends it",
                )
            )
        if foreign := registry(root, records[path].kind).foreign_sources(records[path]):
            problems.append(Problem(f"record {path}", f"{foreign}; delete it and `make experiments`"))
    used = [
        RecordRow(path=r.path, device=r.device, date=r.date, seeds=r.seeds, environment=r.environment)
        for r in (records[path] for path in sorted(records.used))
    ]
    seconds = time.perf_counter() - start
    return Verified(
        question.id, rows, statements, reruns, used, answer.tables, answer.figures, answer.context, problems, seconds
    )


def _relative(source: str, root: Path) -> str:
    """A place in the code as seen from the project's root."""
    path = Path(source.rpartition(":")[0])
    return source[len(str(root)) + 1 :] if path.is_relative_to(root) else source
