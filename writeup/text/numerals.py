r"""The grammar of printed numbers: which characters of a text are numbers, and what each of them is worth.

Every digit of a text belongs to a number, also the one in `Dropout2d`: where a number came from is told by `marks.py`,
not guessed from its looks. A number keeps the precision in which it is printed: "0.50" is not "0.5".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_SEPARATOR = r"(?:,|\{,\}|[\u2009\u202f]|\\,)"  # of thousands; the spaces are the thin ones
_ONTO_THE_LINE = str.maketrans(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
    "0123456789+-nT0123456789+-aehijklmnoprstuvx",
)
NUMBER = re.compile(
    rf"""
    (?P<sign>(?<![\w.)\]}}⌋⌉])[-+−])?                    # after a digit, letter or bracket it is an operator or a dash
    (?:
      (?P<digits>(?<!\d)\d{{1,3}}(?:{_SEPARATOR}\d{{3}})+(?!\d)|\d+)
      (?P<decimals>(?:\\?\.\d+)*)       # more than one dot: a version, or a label such as 1.1.2; Markdown escapes them
      (?:e(?P<exponent>[+-]?\d+)(?!\w)
        |[ ]?(?:\\times|×)[ ]?10(?:\^\{{(?P<power>[-+−]?\d+)\}}|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+)))?
    )
    (?P<percent>[ \u00a0~]?\\?%)?
    """,
    re.VERBOSE | re.ASCII,
)


MINUS = re.compile(r"(?<![\w.)])-(?=[\d.])")  # a hyphen that is meant as one


@dataclass(frozen=True)
class Number:
    """One number of a text: its canonical spelling (no separators, plain signs), and its place in the text."""

    text: str
    start: int
    end: int


def numbers(text: str) -> Iterator[Number]:
    """The numbers of a text in order, as printed but without separators of thousands, with a plain minus sign."""
    for match in NUMBER.finditer(text):
        exponent = match["exponent"] or match["power"] or unscripted(match["raised"] or "")
        whole = (match["sign"] or "") + re.sub(_SEPARATOR, "", match["digits"]) + match["decimals"].replace("\\", "")
        power = f"e{exponent}" if exponent else ""
        percent = "%" if match["percent"] else ""
        yield Number((whole + power + percent).replace("−", "-"), match.start(), match.end())


def minus(text: str) -> str:
    """Hyphens before numbers as minus signs."""
    return MINUS.sub("\N{MINUS SIGN}", text)


def unscripted(text: str) -> str:
    """The text with its raised and lowered Unicode characters put on the line: `10⁻³` becomes `10-3`."""
    return text.translate(_ONTO_THE_LINE)


def spelled(text: str) -> list[str]:
    """The canonical spellings of the numbers of a text."""
    return [number.text for number in numbers(text)]


def worth(number: str) -> tuple[Decimal, Decimal]:
    """What a canonically spelled number is worth, and half a unit of its last printed place.

    >>> worth("12.5%")
    (Decimal('0.125'), Decimal('0.0005'))
    """
    value = Decimal(number.removesuffix("%"))
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{number!r} is no finite number")
    scale = Decimal("0.01") if number.endswith("%") else Decimal(1)
    return value * scale, Decimal(5).scaleb(exponent - 1) * scale


def rounds(printed: Sequence[str], value: Any) -> bool:
    """Whether numbers as printed are a number, or a list of numbers, within half a unit of their last place.

    A value that is a word or a formula has nothing to be rounded: True.
    """
    if isinstance(value, (bool, str)) or value is None:
        return True
    if isinstance(value, (list, tuple)):
        plain = [item for item in value if not isinstance(item, (bool, str))]
        if len(plain) < len(value):
            return True  # words among them: their digits are none of its numbers
        return len(printed) == len(value) and all(rounds([p], v) for p, v in zip(printed, value, strict=True))
    if len(printed) != 1 or printed[0].count(".") > 1:
        return False
    found, half_unit = worth(printed[0])
    return abs(found - Decimal(value)) <= half_unit  # Decimal(value): the very number, not its shortest spelling
