"""What did not hold, and where."""

from __future__ import annotations

import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that did not hold. `unverified` problems are claims, controls, points; the others are errors."""

    where: str
    message: str
    unverified: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def last_lines() -> str:
    """The end of the current traceback on one line: where it happened and what was said."""
    lines = traceback.format_exc().strip().splitlines()
    where = next((line.strip() for line in reversed(lines) if line.strip().startswith("File ")), "")
    return f"{lines[-1]} ({where})"
