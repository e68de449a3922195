"""The one error type of the generator and of all that it runs."""

import difflib
from collections.abc import Iterable


class WriteupError(Exception):
    """Its message says what was asked, what was received, what is allowed, and where."""


class CheckFailed(WriteupError):
    """The second route disagrees with the candidate value."""

    def __init__(self, expected: object, got: object, what: str = "") -> None:
        super().__init__(f"{what + ': ' if what else ''}expected {expected!r}, got {got!r}")
        self.expected, self.got, self.what = expected, got, what


def near(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant, to end a message with."""
    found = difflib.get_close_matches(name, list(known), cutoff=0.5)
    return f"; did you mean {' or '.join(found)}?" if found else ""
