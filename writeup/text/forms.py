"""How a value prints, and what one unit of its last printed digit is worth.

Specifications are Python's (",d", "+.1f", ".0%"), and `~n` for n significant digits without an exponent: 5,712 with
`~2` prints as 5,700. A sign before the tilde is always printed: "+~2".
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

SIGNIFICANT = re.compile(r"(?P<sign>\+?)~(?P<digits>\d+)(?P<percent>%?)")
DECIMALS = re.compile(r"\.(?P<digits>\d+)(?P<kind>[ef%])$")
SIGN_OF_ZERO = re.compile(r"[-+](?=0(?:\.0+)?%?$)")


def shown(value: Any, spec: str) -> str:
    """A number, word or tuple by its specification; zero has no sign."""
    if isinstance(value, tuple):
        return "(" + ", ".join(shown(item, spec) for item in value) + ")"
    if found := SIGNIFICANT.fullmatch(spec):
        scale = 100 if found["percent"] else 1
        place = _place(value * scale, int(found["digits"]))
        rounded = round(value * scale, -place)
        return SIGN_OF_ZERO.sub("", f"{rounded:{found['sign']},.{max(0, -place)}f}{found['percent']}")
    return SIGN_OF_ZERO.sub("", format(value, spec)) if isinstance(value, float) else format(value, spec)


def last_unit(value: float, spec: str) -> float | None:
    """One unit of the last printed digit; None for a specification that fixes none."""
    if found := SIGNIFICANT.fullmatch(spec):
        scale = 100 if found["percent"] else 1
        return float(10.0 ** _place(value * scale, int(found["digits"])) / scale)
    if (found := DECIMALS.search(spec)) and found["kind"] == "e":
        return float(10.0 ** _place(value, int(found["digits"]) + 1))
    if found := DECIMALS.search(spec):
        return float(10.0 ** -int(found["digits"]) / (100 if found["kind"] == "%" else 1))
    if spec or type(value) is int:
        return 1.0 if type(value) is int else None
    return 10.0 ** Decimal(repr(value)).as_tuple().exponent  # type: ignore[operator]  # a finite number's is an int


def _place(value: float, digits: int) -> int:
    """The power of ten of the last of so many significant digits."""
    return math.floor(math.log10(abs(value))) - digits + 1 if value else 0
