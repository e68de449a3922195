"""Marks: where each piece of a rendered text came from.

While a page is rendered, what a claim, a label or a citation prints stands between invisible marks, which name its
source. They are taken out before anything else sees the text; what remains of them is a list of spans. So the source
of every number is known by its place, not guessed from its value.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from writeup.text.numerals import numbers

_OPEN, _NAMED, _CLOSE = "\ue000", "\ue001", "\ue002"  # of Unicode's private use area: in nobody's text
_SHIFT = 0xE100  # where the characters of a source's name stand meanwhile
_MARK = re.compile(f"{_OPEN}([^{_NAMED}]*){_NAMED}|{_CLOSE}")
# Where a marked value begins with its sign right behind an operand, as in x_2-3.
_BEHIND_OPERAND = re.compile(f"(?<=[\\w.)\\]}}⌋⌉])({_CLOSE}*)(?=(?:{_OPEN}[^{_NAMED}]*{_NAMED})+[-+−]\\d)")
TEMPLATE = "template"  # the source of what nothing marks: the words that a template types
GLUED = "glued"  # of a number that two sources have made together


class Marked(str):
    """Text with marks, which compares as it reads."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return unmarked(self) == (unmarked(other) if isinstance(other, str) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(unmarked(self))


def mark(text: str, source: str) -> Marked:
    """`text` with the mark of its source (ASCII); marks inside of it go before this one."""
    return Marked(_OPEN + "".join(chr(_SHIFT + ord(c)) for c in source) + _NAMED + text + _CLOSE)


def unmarked(text: str) -> str:
    """The text as readers see it."""
    return _MARK.sub("", text)


def signs_apart(formula: str) -> str:
    """A formula in which a value keeps its sign where it follows an operand: the space is none to TeX, and without it
    the sign would be read as an operator (`numerals.py`)."""
    return _BEHIND_OPERAND.sub(r"\1 ", formula)


@dataclass(frozen=True)
class Sourced:
    """A text without its marks: from `starts[i]` on it has the source `sources[i]`, up to the next start. `spans` are
    the source, start and end of every mark that was taken out."""

    text: str
    starts: list[int]
    sources: list[str]
    spans: list[tuple[str, int, int]]

    def source(self, place: int) -> str:
        return self.sources[bisect_right(self.starts, place) - 1]

    def numbers(self, start: int, text: str) -> list[tuple[str, str]]:
        """Spelling and source of every number in `text`, a piece of this text that begins at `start`.

        A number that two sources have made together has the source `GLUED`: nobody claimed it.
        """
        found = []
        for number in numbers(text):
            sources = {self.source(start + i) for i in range(number.start, number.end) if text[i].isdigit()}
            found.append((number.text, sources.pop() if len(sources) == 1 else GLUED))
        return found


def read(marked: str) -> Sourced:
    """Take the marks out of a text."""
    pieces: list[str] = []
    starts, sources, spans = [0], [TEMPLATE], []
    open_marks = [(TEMPLATE, 0)]
    length = last = 0
    for match in _MARK.finditer(marked):
        pieces.append(marked[last : match.start()])
        length += match.start() - last
        last = match.end()
        if match[1] is None:
            source, start = open_marks.pop()
            spans.append((source, start, length))
        else:
            open_marks.append(("".join(chr(ord(c) - _SHIFT) for c in match[1]), length))
        starts.append(length)
        sources.append(open_marks[-1][0])
    return Sourced("".join([*pieces, marked[last:]]), starts, sources, sorted(spans, key=lambda span: span[1]))
