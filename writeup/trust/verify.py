"""Runs every check on its claim and on every control, and says what did not hold.

A question is verified in a process of its own, so that two cores halve the time and no answer can disturb another.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from writeup.assignment import Assignment, Question, answer_to, load_assignment
from writeup.claims import Claim, Evidence, Figure, Table
from writeup.errors import CheckFailed, WriteupError
from writeup.records.store import Records, environment, stale_sources
from writeup.trust.ledger import ClaimRow, ControlRow, Ledger, RecordRow, plain

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
    problems = [] if question is not None else list(_coverage(assignment))
    answers: dict[str, Verified] = {}
    for done in _run(asked, root, jobs or max(2, os.cpu_count() or 2)):
        answers[done.question] = done
        if progress:
            progress(done.question, done)
    in_order = [answers[q.id] for q in asked]
    problems += [problem for done in in_order for problem in done.problems]
    records = {row.path: row for done in in_order for row in done.records}
    ledger = Ledger(
        claims=[row for done in in_order for row in done.rows],
        records=[records[path] for path in sorted(records)],
        environment=environment(),
    )
    return Verification(assignment, {done.question: done for done in in_order}, ledger, problems)


def _run(asked: Sequence[Question], root: Path, jobs: int) -> Iterator[Verified]:
    if jobs == 1:
        yield from (verify_question(question, root) for question in asked)
        return
    # Two processes of one thread do more than one of two threads. Torch reads this when it is first imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # spawn: a forked child of a process in which torch has run threads may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(asked)), mp_context=context, initializer=_quiet) as pool:
        for future in as_completed([pool.submit(verify_question, question, root) for question in asked]):
            yield future.result()


def _quiet() -> None:
    """Libraries print (torch's profiler does, from C++); what a check has to say it returns or raises."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _coverage(assignment: Assignment) -> Iterator[Problem]:
    total = sum(question.points for question in assignment.question)
    if total != assignment.points:
        yield Problem("assignment.toml", f"the questions' points: expected {assignment.points}, got {total}")
    if len({question.id for question in assignment.everything}) != len(assignment.everything):
        yield Problem("assignment.toml", "two questions have the same id; every id must stand once")


def verify_question(question: Question, root: Path) -> Verified:
    """Run the question's answer and all of its checks and controls in this process."""
    start = time.perf_counter()
    records = Records(root)
    try:
        answer = answer_to(question, records, root)
    except CheckFailed as error:
        return Verified(question.id, problems=[Problem(question.id, str(error))])
    except WriteupError as error:
        missing = "has no answer" in str(error)
        return Verified(question.id, problems=[Problem(question.id, str(error), unverified=missing)])
    except Exception:
        return Verified(question.id, problems=[Problem(question.id, _last_lines(), unverified=False)])
    problems: list[Problem] = []
    if not answer.claims:
        problems.append(Problem(question.id, "has an answer without claims; expected at least one"))
    rows = [_verify_claim(made, question.id, problems) for made in answer.claims]
    for path in sorted(records.used):
        if changed := stale_sources(records[path], root):
            problems.append(
                Problem(
                    f"record {path}",
                    f"is stale: {', '.join(changed)} changed since it was made; `make experiments` mends it",
                )
            )
    used = [
        RecordRow(path=r.path, device=r.device, date=r.date, seeds=r.seeds, environment=r.environment)
        for r in (records[path] for path in sorted(records.used))
    ]
    seconds = time.perf_counter() - start
    return Verified(question.id, rows, used, answer.tables, answer.figures, answer.context, problems, seconds)


def _verify_claim(made: Claim, question: str, problems: list[Problem]) -> ClaimRow:
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
            ControlRow(value=control.value, printed=made.printed(control.value), why=control.why, rejected=rejected)
        )
    return ClaimRow(
        id=made.id,
        question=question,
        text=made.text,
        value=made.value,
        shown=made.printed(),
        unit=made.unit,
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


def _last_lines() -> str:
    """The end of the current traceback on one line: where it happened and what was said."""
    lines = traceback.format_exc().strip().splitlines()
    where = next((line.strip() for line in reversed(lines) if line.strip().startswith("File ")), "")
    return f"{lines[-1]} ({where})"
