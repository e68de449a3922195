"""What a change leads to: the questions that read the file are checked again, and the page is written anew."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

import watchfiles

from writeup.assignment import Assignment, load_assignment
from writeup.errors import WriteupError
from writeup.trust.question import Verified, ended
from writeup.watch.checking import OVERALL, Checked, Checker, files_in
from writeup.watch.preview import Preview, preview, with_banner
from writeup.watch.server import Server

SLACK = 20_000_000  # nanoseconds by which the clock of a file system may be behind
SUBMISSION = "submission.toml"


def watch(root: Path, server: Server, on_question: Callable[[Verified], None]) -> None:
    """Show the page of the assignment in `root`, and show it anew after every change, until somebody interrupts."""
    session = Session(root, server, on_question)
    try:
        session.run()
    finally:
        session.end()


@dataclass
class Session:
    """What was checked, from which files, and the last page."""

    root: Path
    server: Server
    on_question: Callable[[Verified], None]
    jobs: int = max(2, os.cpu_count() or 2)
    events: SimpleQueue[Callable[[], None]] = field(default_factory=SimpleQueue)
    stopped: Event = field(default_factory=Event)
    assignment: Assignment | None = None
    checker: Checker | None = None
    checked: dict[str, Checked] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    names: frozenset[Path] = frozenset()
    last: Preview = field(default_factory=Preview)

    def run(self) -> None:
        """Take one event after the other; what lies ready is taken before the page is written."""
        self._changed(set())
        folders = sorted({path.parent for path in self.names} | {self.root / "templates"})
        tops = [folder for folder in folders if folder.is_dir() and not {*folder.parents} & {*folders}]
        for paths, recursive in ((tops, True), ([self.root], False)):
            Thread(target=self._listen, args=(paths, recursive), daemon=True).start()
        while True:
            self._dispatch()
            self._show()
            self.events.get()()
            while not self.events.empty():
                self.events.get()()

    def end(self) -> None:
        """End everything that was started."""
        self.stopped.set()
        if self.checker:
            self.checker.end()
        self.server.shutdown()

    def _listen(self, paths: list[Path], recursive: bool) -> None:
        changes = watchfiles.watch(*paths, recursive=recursive, step=50, debounce=400, stop_event=self.stopped)
        for found in changes:
            changed = {Path(path) for _, path in found}
            if recursive or any(path.name == SUBMISSION for path in changed):
                self.events.put(lambda changed=changed: self._changed(changed))  # type: ignore[misc]

    def _hear(self, checker: Checker) -> None:
        """Hand on what is found, as long as the warm process lives."""
        try:
            while True:
                result = checker.results.recv()
                self.events.put(lambda result=result: self._found(checker, result))  # type: ignore[misc]
        except (EOFError, OSError):
            self.events.put(lambda: self._died(checker))

    # -- events ------------------------------------------------------------------------------------------------------

    def _changed(self, paths: set[Path]) -> None:
        try:
            assignment = load_assignment(self.root)
        except WriteupError:
            return  # the page says so
        names = files_in(self.root, assignment)
        if assignment != self.assignment or self.checker is None:
            self._begin(assignment)
        for id in [OVERALL, *(question.id for question in assignment.everything)]:
            known = self.checked.get(id)
            if self.checker and id in self.checker.running:
                again = _may_concern(paths & (names | self.names), known)
            else:
                again = known is None or known.failed or names != self.names or _is_outdated(known)
            if again and id not in self.waiting:
                self.waiting.append(id)
        self.names = names

    def _begin(self, assignment: Assignment) -> None:
        if self.checker:
            self.checker.end()
        self.assignment, self.checker = assignment, Checker(self.root, assignment)
        self.checked, self.waiting = {}, []
        Thread(target=self._hear, args=[self.checker], daemon=True).start()

    def _found(self, checker: Checker, result: Any) -> None:
        if checker is not self.checker or (found := checker.finished(result)) is None:
            return
        id = found.verified.question
        self.checked[id] = found
        if id != OVERALL:
            self.on_question(found.verified)
        if _is_outdated(found) and id not in self.waiting:
            self.waiting.append(id)

    def _died(self, checker: Checker) -> None:
        if checker is self.checker:
            self.checked |= {id: Checked(ended(id), began) for id, began in checker.running.items()}
            self.checker, self.assignment = None, None  # the next change starts another one

    # -- what follows ------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        if self.checker is None:
            return
        for id in [*self.waiting]:
            if id in self.checker.running or len(self.checker.running) < self.jobs:
                self.waiting.remove(id)
                self.checker.ask(id)

    def _show(self) -> None:
        running = [*(self.checker.running if self.checker else ()), *self.waiting]
        banner = {
            "now": f"{datetime.now():%H:%M:%S}",
            "running": list(dict.fromkeys(id or "the list of records" for id in running)),
            "checked": [found for id, found in self.checked.items() if id != OVERALL],
            "version": self.server.version,
        }
        try:
            assignment = load_assignment(self.root)
            answered = [
                self.checked[question.id].verified if question.id in self.checked else Verified(question.id)
                for question in assignment.everything
            ]
            over = [self.checked[OVERALL].verified] if OVERALL in self.checked else []
            self.last = preview(self.root, assignment, answered, over, banner)
            page = with_banner(self.last, banner)
        except WriteupError as error:
            page = with_banner(self.last.failed(str(error)), banner)
        except Exception as error:  # of whatever a figure or a layout may raise: the next change may mend it
            page = with_banner(self.last.failed(f"{type(error).__name__}: {error}"), banner)
        self.server.show(page)


def _may_concern(code: set[Path], known: Checked | None) -> bool:
    """Whether a check that is running may have read one of the changed files: those that it read before, else any."""
    return bool(code & known.files if known and known.files else code)


def _is_outdated(found: Checked) -> bool:
    """Whether a file that a check has read was changed since it began, or is gone."""
    return any(_changed_at(path) > found.began - SLACK for path in found.files)


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return time.time_ns()
