"""The courses of a record's run as small line drawings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from writeup.records.record import Record

MOST, LINES, POINTS = 6, 5, 80  # drawings of a record, lines of a drawing, points of a line
WIDTH, HEIGHT = 160, 48


@dataclass(frozen=True)
class Curve:
    """One series: its name, where it begins and ends (the first line), an SVG path for each line."""

    name: str
    first: str
    last: str
    paths: Sequence[str]


def curves(record: Record) -> list[Curve]:
    """The first few series of a record that change along the run. One number a seed is no course."""
    return [_drawn(name, lines) for name, lines in _series(record.curves, len(record.seeds))][:MOST]


def _series(held: Mapping[str, Any], seeds: int, above: str = "") -> Iterator[tuple[str, list[list[float]]]]:
    for key, value in held.items():
        name = f"{above} {key}".strip()
        if isinstance(value, Mapping):
            yield from _series(value, seeds, name)
        elif _is_course(value) and not len(value) == seeds > 1:
            yield name, [value]
        elif isinstance(value, list) and value and all(map(_is_course, value)):
            yield name, value[:LINES]


def _is_course(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 2
        and all(type(item) in (int, float) for item in value)
        and min(value) < max(value)
    )


def _drawn(name: str, lines: Sequence[Sequence[float]]) -> Curve:
    low, high = min(map(min, lines)), max(map(max, lines))
    paths = []
    for line in lines:
        step = math.ceil(len(line) / POINTS)
        kept = [*enumerate(line)][::step]
        placed = [f"{x * WIDTH / (len(line) - 1):.1f} {HEIGHT * (high - y) / (high - low):.1f}" for x, y in kept]
        paths.append("M" + "L".join(placed))
    return Curve(name, f"{lines[0][0]:.4g}", f"{lines[0][-1]:.4g}", paths)
