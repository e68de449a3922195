"""What did not hold, and where."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

# Whose lines are none of an author's: the generator's, installed packages', and what has no file.
FOREIGN = (
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    "<",
)


@dataclass(frozen=True)
class Problem:
    """Something that did not hold. `unverified` problems are claims, controls, points; the others are errors."""

    where: str
    message: str
    unverified: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"

    def at(self, place: str) -> Problem:
        """The same with its file and line, unless it has them."""
        return self if not place or place in self.message else replace(self, message=f"{self.message} ({place})")

    def seen_from(self, root: Path) -> Problem:
        """The same with paths as they are called in the project's folder."""
        return replace(self, **{k: getattr(self, k).replace(f"{root}/", "") for k in ("where", "message")})


def author_line() -> str:
    """File and line of the author's that led to the exception being handled; nothing where none did."""
    error = sys.exception()
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__ if error else None)]
    return next((f"{file}:{line}" for file, line in reversed(frames) if not file.startswith(FOREIGN)), "")


def last_lines() -> str:
    """The exception being handled on one line: what was said, and the author's line that led to it, else the last."""
    error = sys.exception()
    assert error is not None
    said = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{' '.join(said.split())} ({author_line() or f'{last.filename}:{last.lineno}'})"
