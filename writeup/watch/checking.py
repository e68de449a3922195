"""Questions verified in copies of a warm process, which has loaded libraries and nothing of the assignment.

So every check reads the assignment's code as it stands, and what it read is known: the files that Python opened.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from multiprocessing import connection
from pathlib import Path
from typing import Any

from writeup.assignment import Assignment, Question, course_module
from writeup.errors import WriteupError
from writeup.figures.picture import Drawn, row_of
from writeup.trust.forking import Died, end_with_parent, received, silence, start
from writeup.trust.problem import Problem
from writeup.trust.question import Verified, ended, verify_question
from writeup.trust.tampering import GENERATOR, Watch, opened, watched
from writeup.trust.verify import overall

OVERALL = ""  # stands for what is of no question: points, the list of records
APART = {"build", "__pycache__"}  # folders of the project that no answer is made from; nor are hidden ones


@dataclass(frozen=True)
class Checked:
    """A question, when its check began (nanoseconds) and the files that it read."""

    verified: Verified
    began: int
    files: frozenset[Path] = frozenset()

    @property
    def failed(self) -> bool:
        return bool(self.verified.problems)

    @property
    def at(self) -> str:
        """The time of day at which the check began."""
        return f"{datetime.fromtimestamp(self.began / 1e9):%H:%M:%S}"


class Checker:
    """A warm process, which checks what it is asked to; what it finds comes through `results`.

    `running` are the questions that were asked for and when, by which a result is told from an earlier one.
    """

    def __init__(self, root: Path, assignment: Assignment) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"  # only a process of one thread can be copied
        context = multiprocessing.get_context("spawn")
        asked, self._asked = context.Pipe(duplex=False)
        self.results, found = context.Pipe(duplex=False)
        arguments = (root, assignment, libraries(root, assignment), asked, found)
        self._process = context.Process(target=_serve, args=arguments)
        self._process.start()
        asked.close()
        found.close()
        self.running: dict[str, int] = {}

    def ask(self, question: str) -> None:
        """Check the question, from the start where it is being checked already."""
        self.running[question] = time.time_ns()
        with suppress(OSError):  # its end is told through `results`
            self._asked.send((question, self.running[question]))

    def finished(self, result: tuple[tuple[str, int], Any]) -> Checked | None:
        """A result; None where the question was asked for again meanwhile."""
        (question, began), found = result
        if self.running.get(question) != began:
            return None
        del self.running[question]
        if isinstance(found, Died):
            return Checked(ended(question), began)
        return Checked(found[0], began, found[1])

    def end(self) -> None:
        """End the warm process, and with it all of its copies."""
        self._process.kill()
        self._process.join()


def libraries(root: Path, assignment: Assignment) -> list[str]:
    """What the assignment's code imports from elsewhere, sorted: a warm process may hold it."""
    names: set[str] = set()
    for path in files_in(root, assignment):
        with suppress(SyntaxError, ValueError, OSError):
            for node in ast.walk(ast.parse(path.read_bytes() if path.suffix == ".py" else "")):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module)
    own = {path.stem for path in root.iterdir()} - {GENERATOR}
    return sorted(name for name in names if name.partition(".")[0] not in own)


def files_in(root: Path, assignment: Assignment) -> frozenset[Path]:
    """The files of the assignment's code and experiments, less what editors leave beside them."""
    folders = {"answers", *assignment.code, assignment.experiments.partition(".")[0]} - {""}
    paths = (path for folder in folders for path in (root / folder).rglob("*.*"))
    return frozenset(path for path in paths if not is_apart(path, root) and path.suffix[1:].isalnum())


def _serve(root: Path, assignment: Assignment, warm: list[str], asked: Any, found: Any) -> None:
    end_with_parent()
    silence()
    for name in warm:
        with suppress(Exception, SystemExit):  # whoever needs it meets this again
            course_module(name, root)
    _trust_no_compiled_code(root)
    questions = {question.id: question for question in assignment.everything}
    copies: dict[Any, tuple[tuple[str, int], Any]] = {}
    with watched() as watch:
        while True:
            ready: Any
            for ready in connection.wait([asked, *copies]):
                if ready is not asked:
                    if ready in copies:
                        ticket, process = copies.pop(ready)
                        found.send((ticket, received(ready, process)))
                    continue
                try:
                    id, began = asked.recv()
                except EOFError:
                    return
                for old in [receiver for receiver, ((other, _), _) in copies.items() if other == id]:
                    copies.pop(old)[1].kill()
                task = partial(_check, questions[id], root, watch) if id else partial(_overall, assignment, root)
                receiver, process = start(task)
                copies[receiver] = (id, began), process


class _Source(SourceFileLoader):
    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError(f"{path}: its compiled code is not asked for")


def _trust_no_compiled_code(root: Path) -> None:
    """Load the assignment's modules from their source: compiled code is told by whole seconds and sizes, and a file may
    be saved twice in a second."""

    def finder(folder: str) -> FileFinder:
        path = Path(folder)
        if not path.is_relative_to(root) or is_apart(path, root):
            raise ImportError
        return FileFinder(folder, (_Source, SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()


def _check(question: Question, root: Path, watch: Watch) -> tuple[Verified, frozenset[Path]]:
    verified = verify_question(question, root, watch)
    figures: dict[str, Any] = {}
    figure: Any
    for name, figure in verified.figures.items():
        try:
            figures[name] = Drawn(row_of(name, "", figure), figure.svg())
        except Exception as error:
            verified.problems.append(Problem(question.id, f"figure {name} cannot be drawn: {error}"))
    return replace(verified, figures=figures), read_of(watch.files, root)


def _overall(assignment: Assignment, root: Path) -> tuple[Verified, frozenset[Path]]:
    with opened() as files:
        try:
            problems = overall(assignment, root)
        except WriteupError as error:
            problems = [Problem("records", str(error))]
    return Verified(OVERALL, problems=problems), read_of(files, root)


def read_of(files: set[Path], root: Path) -> frozenset[Path]:
    """Of the files that were opened those of the assignment. Its templates are read again for every page."""
    generator = Path(__file__).resolve().parents[1]
    inside = {path for path in files if path.is_relative_to(root) and not path.is_relative_to(generator)}
    return frozenset(path for path in inside if not is_apart(path, root) and path.suffix != ".j2" and path.is_file())


def is_apart(path: Path, root: Path) -> bool:
    """Whether a file of the project is hidden, built, or compiled."""
    parts = path.relative_to(root).parts
    return bool(APART & {*parts}) or any(part.startswith(".") for part in parts)
