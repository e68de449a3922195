"""Verifies an assignment: every question in a process of its own, so that no answer can disturb another and all cores
have work.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from writeup.assignment import DESCRIPTION, Assignment, Question, course_module, described, load_assignment
from writeup.records import manifest
from writeup.records.store import environment
from writeup.text.written import all_written
from writeup.trust.forking import Died, end_with_parent, run_forked, silence
from writeup.trust.ledger import Ledger
from writeup.trust.problem import Problem
from writeup.trust.question import Verified, ended, verify_question
from writeup.trust.tampering import watched

Progress = Callable[[Verified], None]


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
            progress(done)
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


def _coverage(assignment: Assignment, root: Path) -> Iterator[Problem]:
    total = sum(question.points for question in assignment.question)
    if total != assignment.points:
        told = f"points is {assignment.points}, and the questions' points add up to {total}; mend one of them"
        yield Problem(described(root, "points"), told).seen_from(root)
    asked = {question.id for question in assignment.everything}
    for written in all_written(root):
        if written.question not in asked:
            told = f"answers a question that {DESCRIPTION} does not ask: {written.question}"
            yield Problem(str(written.path), told)
