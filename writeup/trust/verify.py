"""Runs every check on its claim and on every control, and says what did not hold.

A question is verified in a process of its own, so that no answer can disturb another and all cores have work.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from writeup.assignment import Assignment, Question, Unanswered, answer_to, course_module, load_assignment
from writeup.claims import Answer, Claim, Evidence, Figure, Rerun, Statement, Table, Value
from writeup.errors import CheckFailed, WriteupError, near
from writeup.estimators import Estimate
from writeup.experiments.registry import registry
from writeup.records import manifest
from writeup.records.store import RESULTS, Records, environment, stale_sources
from writeup.text.written import Written, all_written, written_in
from writeup.trust.forking import Died, end_with_parent, run_forked, silence
from writeup.trust.ledger import ClaimRow, ControlRow, Ledger, RecordRow, RerunRow, StatementRow, plain
from writeup.trust.tampering import Watch, opened, watched

Progress = Callable[[str, "Verified"], None]


@dataclass(frozen=True)
class Problem:
    """Something that did not hold. `unverified` problems are claims, controls, points; the others are errors."""

    where: str
    message: str
    unverified: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


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


@dataclass(frozen=True)
class Verification:
    """All questions asked for, in the assignment's order."""

    assignment: Assignment
    answers: Mapping[str, Verified]
    ledger: Ledger
    problems: Sequence[Problem]

    @property
    def exit_status(self) -> int:
        """0: all holds; 1: a claim does not hold, a control survives, points or answers are missing; 2: errors."""
        if not self.problems:
            return 0
        return 1 if any(problem.unverified for problem in self.problems) else 2

    @property
    def document(self) -> Verification:
        """What the document states: all but the notebook. Its rows are the very same, and so are notes made on them."""
        asked = {question.id for question in self.assignment.question}
        answers = {id: answered for id, answered in self.answers.items() if id in asked}
        used = {row.path for answered in answers.values() for row in answered.records}
        ledger = Ledger.model_construct(
            claims=[row for row in self.ledger.claims if row.question in asked],
            statements=[row for row in self.ledger.statements if row.question in asked],
            reruns=[row for id, answered in answers.items() for row in answered.reruns],
            records=[row for row in self.ledger.records if row.path in used],
            environment=self.ledger.environment,
        )
        return Verification(self.assignment, answers, ledger, self.problems)


def verify(root: Path, question: str | None = None, progress: Progress | None = None, jobs: int = 0) -> Verification:
    """Verify the assignment in `root`, or the part `question` of it, in `jobs` processes.

    `jobs` is one a core by default; 1 is this process alone. `question` is an id ("2a") or the start of some ("2").
    """
    assignment = load_assignment(root)
    asked = assignment.select(question) if question is not None else assignment.everything
    problems = overall(assignment, root, whole=question is None)
    answers: dict[str, Verified] = {}
    for done in _run(asked, root, jobs or max(2, os.cpu_count() or 2)):
        answers[done.question] = done
        if progress:
            progress(done.question, done)
    return assemble(assignment, [answers[q.id] for q in asked], problems)


def assemble(assignment: Assignment, answered: Sequence[Verified], problems: Sequence[Problem]) -> Verification:
    """The questions as one; `problems` are those of none of them."""
    records = {row.path: row for done in answered for row in done.records}
    ledger = Ledger(
        claims=[row for done in answered for row in done.rows],
        statements=[row for done in answered for row in done.statements],
        reruns=[row for done in answered for row in done.reruns],
        records=[records[path] for path in sorted(records)],
        environment=environment(),
    )
    every = [*problems, *(problem for done in answered for problem in done.problems)]
    return Verification(assignment, {done.question: done for done in answered}, ledger, every)


def overall(assignment: Assignment, root: Path, whole: bool = True) -> list[Problem]:
    """What does not hold of no question alone: the points, if the `whole` is asked for, and the list of records."""
    problems = list(_coverage(assignment, root)) if whole else []
    return problems + [Problem(where, message, unverified=False) for where, message in manifest.problems(root)]


def _run(asked: Sequence[Question], root: Path, jobs: int) -> Iterator[Verified]:
    if jobs == 1:
        yield from (verify_question(question, root) for question in asked)
        return
    # Two processes of one thread do more than one of two, and only such a one can be copied. Read by what is imported.
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")  # in this process torch may have run threads
    receiver, sender = context.Pipe(duplex=False)
    warm = context.Process(target=_verify_all, args=(asked, root, jobs, sender))
    warm.start()
    sender.close()
    unfinished = list(asked)
    try:
        while unfinished:
            done = receiver.recv()
            unfinished = [question for question in unfinished if question.id != done.question]
            yield done
    except EOFError:
        if unfinished == [*asked] and len(asked) == 1:
            yield ended(asked[0].id)
        else:  # what one of them does when it is imported ends all: each is tried alone
            for question in unfinished:
                yield from _run([question], root, jobs)
    finally:
        warm.kill()
        warm.join()


def _verify_all(asked: Sequence[Question], root: Path, jobs: int, sender: Connection) -> None:
    """In a process of its own: import what the answers do, once for all, and verify each in a copy."""
    end_with_parent()
    silence()
    with watched() as watch:

        def imported() -> Iterator[tuple[str, Callable[[], Verified]]]:
            for question in asked:
                with contextlib.suppress(Exception, SystemExit):  # the copy meets it again, and says so
                    course_module(f"answers.{question.module}", root)
                yield question.id, partial(verify_question, question, root, watch, jobs if len(asked) == 1 else 1)

        for id, found in run_forked(jobs, imported()):
            sender.send(ended(id) if isinstance(found, Died) else found)


def ended(id: str) -> Verified:
    """A question whose process said nothing."""
    said = "its process was killed or ended itself; nothing was verified"
    return Verified(id, problems=[Problem(id, said, unverified=False)])


def _coverage(assignment: Assignment, root: Path) -> Iterator[Problem]:
    total = sum(question.points for question in assignment.question)
    if total != assignment.points:
        yield Problem("assignment.toml", f"the questions' points: expected {assignment.points}, got {total}")
    if len({question.id for question in assignment.everything}) != len(assignment.everything):
        yield Problem("assignment.toml", "two questions have the same id; every id must stand once")
    asked = {question.id for question in assignment.everything}
    for written in all_written(root):
        if written.question not in asked:
            yield Problem(
                str(written.path), f"answers a question that assignment.toml does not ask: {written.question}"
            )


def verify_question(question: Question, root: Path, watch: Watch | None = None, parts: int = 1) -> Verified:
    """Run the question's answer and all of its checks and controls in this process; what stops that is a problem.

    A copy of a warm process goes on with that one's `watch`, and runs the reruns in copies of its own; the claims, too,
    in `parts` copies, where no other question has work for the cores.
    """
    if watch is None:
        with watched() as watch:
            return _verify_watched(question, root, watch, apart=False)
    return _verify_watched(question, root, watch, apart=True, parts=parts)


def _verify_watched(question: Question, root: Path, watch: Watch, apart: bool, parts: int = 1) -> Verified:
    records = Records(root)
    try:
        verified = _verify_question(question, root, records, watch, apart, parts)
    except (Exception, SystemExit):  # an answer, or a check, that exits has not answered
        return Verified(question.id, problems=[Problem(question.id, _last_lines(), unverified=False)])
    known = {root / RESULTS / f"{path}.json" for path in records.used}
    around = sorted(path.stem for path in watch.files - known if path.is_relative_to(root / RESULTS))
    said = [_exchanged(what) for what in watch.touched()]
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
    except CheckFailed as error:
        return Verified(question.id, problems=[Problem(question.id, str(error))])
    except WriteupError as error:
        missing = isinstance(error, Unanswered)
        return Verified(question.id, problems=[Problem(question.id, str(error), unverified=missing)])
    problems: list[Problem] = []
    if not answer.claims:
        problems.append(Problem(question.id, "has an answer without claims; expected at least one"))
    written = written_in(root, question.id)
    rows = _verify_claims(answer.claims, question.id, written, problems, watch, parts)
    reruns = _rerun_all(answer.reruns, problems, watch.files if apart else None)
    failed = {row.record for row in reruns if not abs(row.found - row.recorded) <= row.within}
    reran = {row.record for row in reruns} - failed
    for row in rows:
        row.source = _relative(row.source, root)
        if behind := set(row.evidence["records"]):
            row.level = "rerun" if behind <= reran else "recomputed"
    statements = [verify_statement(made, answer, written, problems) for made in answer.statements]
    for statement in statements:
        statement.source = _relative(statement.source, root)
    every: list[Claim | Statement] = [*answer.claims, *answer.statements]
    places = {made.id: _relative(made.source, root) for made in every if made.source}
    problems = [
        replace(problem, message=f"{problem.message} ({places[problem.where]})") if problem.where in places else problem
        for problem in problems
    ]
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


def _verify_claims(
    claims: Sequence[Claim], question: str, written: Written, problems: list[Problem], watch: Watch, parts: int
) -> list[ClaimRow]:
    """In `parts` copies of this process. What one of them reads or exchanges counts, and its end is the question's."""
    if parts == 1:
        return [_verify_claim(made, question, written, problems) for made in claims]
    tasks = [(k, partial(_verify_part, claims[k::parts], question, written, watch)) for k in range(parts)]
    rows: dict[str, ClaimRow] = {}
    for _, found in run_forked(parts, tasks):
        if isinstance(found, Died):
            os._exit(1)
        some, new, files = found
        rows |= {row.id: row for row in some}
        problems += new
        watch.files.update(files)
    return [rows[made.id] for made in claims]


def _verify_part(
    claims: Sequence[Claim], question: str, written: Written, watch: Watch
) -> tuple[list[ClaimRow], list[Problem], set[Path]]:
    problems: list[Problem] = []
    rows = [_verify_claim(made, question, written, problems) for made in claims]
    problems += [Problem(question, _exchanged(what), unverified=False) for what in watch.touched()]
    return rows, problems, watch.files


def _exchanged(what: str) -> str:
    return f"exchanged {what}, which verifies it"


def _rerun_all(reruns: Sequence[Rerun], problems: list[Problem], copies: set[Path] | None) -> list[RerunRow]:
    """Those of a record stay together, since what is trained for one may serve the next."""
    if copies is None:
        return [train_again(asked, problems) for asked in reruns]
    of_record = {asked.record: [one for one in reruns if one.record == asked.record] for asked in reruns}
    tasks = {record: partial(_train_together, listed) for record, listed in of_record.items()}
    rows: dict[str, list[RerunRow]] = {record: [] for record in of_record}
    for record, found in run_forked(len(tasks), tasks.items()):
        if isinstance(found, Died):
            problems.append(Problem(f"record {record}", "the process that trained it again was killed or ended itself"))
        else:
            rows[record], new, files = found
            problems += new
            copies |= files
    return [row for record in of_record for row in rows[record]]


def _train_together(reruns: Sequence[Rerun]) -> tuple[list[RerunRow], list[Problem], set[Path]]:
    problems: list[Problem] = []
    with opened() as files:
        return [train_again(asked, problems) for asked in reruns], problems, files


def train_again(asked: Rerun, problems: list[Problem]) -> RerunRow:
    """Train once more; what differs from the record by more than it may is a problem."""
    row = RerunRow(
        record=asked.record,
        what=f"{asked.what}, value {asked.drawn}",
        recorded=asked.values[asked.drawn],
        found=math.nan,
        within=asked.within,
    )
    try:
        row.found = float(asked.train(asked.drawn))
    except Exception:
        problems.append(Problem(f"record {asked.record}", f"{row.what} could not be trained again: {_last_lines()}"))
    else:
        if not abs(row.found - row.recorded) <= row.within:
            what = f"{row.what}: trained again here it is {row.found}, the record has {row.recorded}"
            problems.append(Problem(f"record {asked.record}", f"{what} (allowed: {row.within})"))
    return row


def verify_statement(made: Statement, answer: Answer, written: Written, problems: list[Problem]) -> StatementRow:
    """Whether the predicate holds with the facts as they are, and fails with each of the wrong values."""
    text, place = written.statement(made.id)
    facts = {claim.id.removeprefix(f"{answer.question}."): claim for claim in answer.claims}
    if unknown := [name for name in made.names if name not in facts]:
        problems.append(
            Problem(made.id, f"rests on {', '.join(unknown)}, which the answer does not state{near(unknown[0], facts)}")
        )
        return _statement_row(made, answer, text, False, [])
    given = {name: facts[name].value for name in made.names}
    shown = ", ".join(f"{name} = {_all_shown(facts[name])}" for name in made.names)
    said = f"{text!r} ({place}), with {shown}"
    holds = _holds(made, given, problems)
    if holds is False:
        problems.append(Problem(made.id, f"the statement does not hold: {said}; rewrite it or look at its facts"))
    controls = []
    for other in made.wrong:
        changed = given | {name: _instead(given[name], value) for name, value in other.items()}
        survives = _holds(made, changed, problems)
        if survives:
            problems.append(
                Problem(made.id, f"a control survives: the statement holds even with {dict(other)}: {said}")
            )
        wrong = ", ".join(f"{name} = {value}" for name, value in other.items())
        controls.append(ControlRow(value=plain(dict(other)), printed=wrong, why="", rejected=survives is False))
    if not made.wrong:
        problems.append(Problem(made.id, f"has no control; give facts with which it must fail: {said}"))
    return _statement_row(made, answer, text, bool(holds), controls)


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
        problems.append(Problem(made.id, f"the predicate broke on {dict(given)}: {_last_lines()}"))
        return None


def _instead(value: Value, other: Any) -> Any:
    """A control's value; a number given to an estimate moves its interval there."""
    return value.moved_to(other) if isinstance(value, Estimate) and not isinstance(other, Estimate) else other


def _all_shown(made: Claim) -> str:
    ends = made.printed_ends()
    return made.printed() + (f" ({ends[0]} to {ends[1]})" if ends else "")


def _verify_claim(made: Claim, question: str, written: Written, problems: list[Problem]) -> ClaimRow:
    start = time.perf_counter()
    evidence = Evidence("not established")
    try:
        found = made.check(made.value)
        if not isinstance(found, Evidence):
            raise CheckFailed("Evidence", found, "the check returned no evidence")
        evidence = found
    except CheckFailed as error:
        problems.append(Problem(made.id, f"the claim does not hold: {error}"))
    except Exception:
        problems.append(Problem(made.id, f"the check broke on the claimed value {made.value!r}: {_last_lines()}"))
    controls = []
    for control in made.controls:
        rejected = False
        try:
            made.check(control.value)
            problems.append(
                Problem(
                    made.id,
                    f"a control survives: expected {control.value!r} ({control.why}) to be rejected, got accepted",
                )
            )
        except CheckFailed:
            rejected = True
        except Exception:
            problems.append(Problem(made.id, f"the check broke on the control {control.value!r}: {_last_lines()}"))
        controls.append(
            ControlRow(
                value=plain(control.value), printed=made.printed(control.value), why=control.why, rejected=rejected
            )
        )
    controls += _last_digit(made, problems) if evidence.route != "not established" else []
    if not controls:
        problems.append(Problem(made.id, "no wrong value was tried; give one that its check rejects"))
    return ClaimRow(
        id=made.id,
        question=question,
        text=written.sentence(made.id),
        value=made.value.value if isinstance(made.value, Estimate) else made.value,
        shown=made.printed(),
        shown_ends=made.printed_ends(),
        source=made.source,
        unit=made.unit,
        form=made.form,
        code=made.code,
        check=evidence.route,
        controls=controls,
        evidence={
            "computed": plain(evidence.computed),
            "tolerance": evidence.tolerance,
            "seed": evidence.seed,
            "records": list(evidence.records),
            "seconds": round(time.perf_counter() - start, 4),
            "device": "CPU",
        },
    )


def _last_digit(made: Claim, problems: list[Problem]) -> list[ControlRow]:
    """The value's neighbours in its last printed digit as controls: what the check cannot tell apart is not printed."""
    rows = []
    for neighbour in made.neighbours():
        try:
            made.check(neighbour)
        except Exception:  # a route that breaks on a value does not accept it
            shown = plain(neighbour)
            rows.append(ControlRow(value=shown, printed=made.printed(neighbour), why="the last digit", rejected=True))
            continue
        problems.append(
            Problem(
                made.id,
                f"prints more digits than its check can tell apart: {made.printed()}, but {plain(neighbour)} passes as "
                "well; print fewer digits or sharpen the check",
            )
        )
        break
    return rows


def _last_lines() -> str:
    """The end of the current traceback on one line: where it happened and what was said."""
    lines = traceback.format_exc().strip().splitlines()
    where = next((line.strip() for line in reversed(lines) if line.strip().startswith("File ")), "")
    return f"{lines[-1]} ({where})"
