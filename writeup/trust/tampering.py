"""Whether an answer went around what verifies it: read files itself, or patched a function as a test does.

The names of the generator's modules and classes, and of what their arithmetic stands on, are noted before the answer
runs; afterwards each must stand for the same object, and each function have the same code. What this cannot see: what
was exchanged and put back, what an object holds, and code outside of these modules.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import writeup.facts

GENERATOR = writeup.facts.__name__.partition(".")[0]
ARITHMETIC = ("builtins", "math", "statistics", "numpy", "scipy.stats")
Names = Mapping[str, tuple[Any, Any]]
_listening: list[set[Path]] = []
_hooked: list[bool] = []


@contextmanager
def opened() -> Iterator[set[Path]]:
    """The files that Python opens meanwhile, in whatever way."""
    if not _hooked:
        sys.addaudithook(_hear)  # for as long as the process lives: no hook is ever taken out
        _hooked.append(True)
    files: set[Path] = set()
    _listening.append(files)
    try:
        yield files
    finally:
        _listening.remove(files)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _listening and isinstance(arguments[0], (str, os.PathLike)):
        path = Path(arguments[0]).absolute()
        for files in _listening:
            files.add(path)


@dataclass(frozen=True)
class Watch:
    """What each name stood for, the object and, of a function, its code; and the files opened since."""

    names: Names
    files: set[Path]

    def touched(self) -> Iterator[str]:
        """The names that stand for something else than they did."""
        now = dict(_names())
        for name, (value, code) in self.names.items():
            found, other = now.get(name, (None, None))
            if found is not value or other is not code:
                yield name


@contextmanager
def watched() -> Iterator[Watch]:
    """What happens meanwhile."""

    with opened() as files:
        yield Watch(dict(_names()), files)


def _names() -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name, module in list(sys.modules.items()):
        if module is not None and (name in ARITHMETIC or name.partition(".")[0] == GENERATOR):
            for key, value in list(vars(module).items()):
                yield f"{name}.{key}", _noted(value)
                if inspect.isclass(value) and value.__module__ == name and name not in ARITHMETIC:
                    for inner, held in list(vars(value).items()):
                        yield f"{name}.{key}.{inner}", _noted(held)


def _noted(value: Any) -> tuple[Any, Any]:
    return value, getattr(value, "__code__", None)
