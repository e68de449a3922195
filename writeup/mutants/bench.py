"""One fault tried: a forked copy of a warm process takes it in and does what `writeup check` does.

Importing torch and computing what the fault does not touch would take far longer than the checks that find it. So
every question is verified once without a fault; a copy of that process then forgets the changed module and all that
import it, and verifies the questions that rest on it, cheapest first, until one does not hold.
"""

from __future__ import annotations

import ast
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from writeup.assignment import Question, answer_to, load_assignment
from writeup.errors import WriteupError
from writeup.mutants.effect import FOUND, PASSED, Outcome, Seen, ended
from writeup.mutants.imports import exchange, import_closures
from writeup.records.store import Records
from writeup.text.written import written_in
from writeup.trust.forking import Died, run_forked
from writeup.trust.question import verify_question

PATIENCE = 2  # a question may take so many times its own processor seconds ...
GRACE = 6  # ... and so many more, before it counts as never ending
MEMORY = 4 << 30  # bytes that a fault may ask for beyond what the process has


class Bench:
    """A process in which every question was verified: what each took, which records it read, what it printed."""

    def __init__(self, root: Path, on_question: Callable[[str, float], None]) -> None:
        self.root = root
        self.closures = import_closures(root)
        self.questions = list(load_assignment(root).question)
        self.cost: dict[str, float] = {}
        self.records: dict[str, set[str]] = {}
        self.seen: dict[str, Seen] = {}
        for question in self.questions:
            start = time.process_time()
            verified = verify_question(question, root)
            if verified.problems:
                raise WriteupError(f"without any fault: expected no problem, got {verified.problems[0]}")
            self.cost[question.id] = time.process_time() - start
            self.records[question.id] = {row.path for row in verified.records}
            self.seen[question.id] = Seen.of(answer_to(question, Records(root), root), written_in(root, question.id))
            on_question(question.id, self.cost[question.id])

    def resting_on_module(self, module: str) -> list[Question]:
        """The questions whose answers import the module, cheapest first."""
        return self._by_cost(q for q in self.questions if module in self.closures[f"answers.{q.module}"])

    def resting_on_records(self, paths: Iterable[str]) -> list[Question]:
        """The questions that read one of the records, cheapest first."""
        wanted = set(paths)
        return self._by_cost(q for q in self.questions if self.records[q.id] & wanted)

    def _by_cost(self, questions: Iterable[Question]) -> list[Question]:
        return sorted(questions, key=lambda question: self.cost[question.id])

    def try_module(self, module: str, tree: ast.Module) -> Outcome:
        """In a forked copy: the questions resting on the module with `tree` for its source."""
        asked = self.resting_on_module(module)
        exchange(module, tree, self.root, self.closures)
        return self._outcome(asked, self.root)

    def try_records(self, folder: Path, paths: Sequence[str]) -> Outcome:
        """In a forked copy: the questions that read the records `paths`, with `folder` for the project's root."""
        return self._outcome(self.resting_on_records(paths), folder, paths)

    def _outcome(self, asked: Sequence[Question], root: Path, forged: Sequence[str] = ()) -> Outcome:
        """Found, if any question finds it; else the worst that any question lets pass."""
        worst = Outcome("idle")
        for question in asked:
            _limit(PATIENCE * self.cost[question.id] + GRACE)
            try:
                found = ended(question, root, self.seen[question.id], forged)
            except Exception as error:
                return Outcome("broke", question.id, f"{type(error).__name__}: {error}"[:200])
            if found.verdict in FOUND:
                return found
            worst = max(worst, found, key=lambda outcome: PASSED.index(outcome.verdict))
        return worst


def try_all(jobs: int, tasks: Mapping[str, Callable[[], Outcome]]) -> Iterator[tuple[str, Outcome]]:
    """Each task in a forked copy; one that dies has found the fault, too."""
    for name, found in run_forked(jobs, tasks.items()):
        if isinstance(found, Died):
            verdict = "timeout" if found.signal == signal.SIGXCPU else "broke"
            yield name, Outcome(verdict, reason=f"ended by signal {found.signal}")
        else:
            yield name, found


def _limit(seconds: float) -> None:
    """End this process (SIGXCPU) once it has used so many more seconds of its processor, however loaded that is; refuse
    it the memory beyond `MEMORY`."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, resource.RLIM_INFINITY))
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.RLIM_INFINITY))
