"""A fact as a template prints it: `<< gain >>`, without its unit `<< gain.bare >>`, with its interval `<< gain.ci >>`,
in a table `<< gain.ends >>`, as mathematics `<< formula.tex >>`, as a program prints it `<< gain.plain >>`."""

from __future__ import annotations

import re

from writeup.errors import WriteupError
from writeup.text.escape import markdown_escape
from writeup.text.marks import Marked, mark
from writeup.text.numerals import minus
from writeup.trust.ledger import ClaimRow

LEVEL = "95\u00a0% interval"


class PrintedFact(Marked):
    """A ledger row as text; prints with its unit."""

    row: ClaimRow

    @property
    def bare(self) -> Marked:
        """Without its unit."""
        return mark(shown(self.row), f"claim:{self.row.id}")

    @property
    def plain(self) -> Marked:
        """As a program prints it: without its unit, with the keyboard's minus sign."""
        return mark(self.row.shown, f"claim:{self.row.id}")

    @property
    def ci(self) -> Marked:
        """1.5 points (95 % interval 0.8 to 2.2)"""
        return self._with_ends(f"{mark(LEVEL, 'interval-level')} ")

    @property
    def ends(self) -> Marked:
        """1.5 points (0.8 to 2.2), in a table whose caption says what the ends are"""
        return self._with_ends("")

    def _with_ends(self, level: str) -> Marked:
        if not self.row.shown_ends:
            raise WriteupError(f"fact {self.row.id} is no estimate, so it has no interval to print")
        low, high = (mark(_signed(end), f"claim:{self.row.id}") for end in self.row.shown_ends)
        return Marked(f"{self} ({level}{low} to {high})")

    @property
    def tex(self) -> Marked:
        """A value that is TeX mathematics, as it is."""
        return mark(str(self.row.value), f"claim:{self.row.id}")


def printed(row: ClaimRow) -> PrintedFact:
    """The fact with its unit, if it has one."""
    text = mark(shown(row), f"claim:{row.id}")
    made = PrintedFact(f"{text}{_space(row.unit)}{mark(row.unit, 'unit')}" if row.unit else text)
    made.row = row
    return made


def shown(row: ClaimRow) -> str:
    """A claim's printed form as Markdown."""
    if row.code:
        return f"`{row.shown}`"
    if isinstance(row.value, str):  # a value that holds a TeX command is mathematics
        return f"${row.shown}$" if "\\" in row.shown else markdown_escape(row.shown)
    return _signed(row.shown)


def _signed(number: str) -> str:
    """With a true minus sign, and a space before the sign of per cent that no line end parts."""
    return re.sub(r"(?<=\d)%", "\u00a0%", minus(number))


def _space(unit: str) -> str:
    return "\u00a0" if len(unit) <= 3 else " "
