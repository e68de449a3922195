"""The shapes of a plot in data units: what the ledger keeps of it, and what a picture must show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from writeup.figures.plot import PlotDescription, Series

Kind = Literal["line", "join", "span", "open", "marks", "rim"]
Point = tuple[float, float]
FAR = 20  # lengths of an axis: beyond them TeX cannot count, and nobody looks


@dataclass(frozen=True)
class Piece:
    """A curve, the ends of an interval, or a set of marks."""

    kind: Kind
    points: list[Point]


def pieces(plot: PlotDescription, series: Series) -> Iterator[Piece]:
    """The shapes of a series in the order in which they are drawn."""
    x_axis, y_axis = plot.axes()
    points = [(float(x), float(y)) for x, y in zip(series.x, series.y, strict=True)]
    inside = [point for point in points if x_axis.holds(point[0]) and y_axis.holds(point[1])]
    is_across = series.style == "dumbbell"
    spans = [[(low, at), (high, at)] if is_across else [(at, low), (at, high)] for at, low, high in series.spans]
    if series.style in ("line", "both"):

        def near(point: Point) -> bool:
            if series.style == "both":
                return point in inside
            return all(
                axis.holds(value)
                or (math.isfinite(value) and (axis.scale != "log" or value > 0) and abs(axis.place(value)) < FAR)
                for axis, value in zip((x_axis, y_axis), point, strict=True)
            )

        yield from (Piece("line", run) for run in _unbroken(points, [near(point) for point in points]))
    if series.style == "dumbbell":
        yield from (Piece("join", span) for span in spans)
        yield Piece("open", [span[0] for span in spans])
        yield Piece("marks", [span[1] for span in spans])
    else:
        yield from (Piece("span", span) for span in spans if all(map(math.isfinite, (*span[0], *span[1]))))
    if series.style in ("marks", "both", "dots"):
        if inside:
            yield Piece("marks", inside)
        if beyond := [(x_axis.nearest(x), y_axis.nearest(y)) for x, y in points if (x, y) not in inside]:
            yield Piece("rim", beyond)


def _unbroken(points: Sequence[Point], kept: Sequence[bool]) -> Iterator[list[Point]]:
    """The runs of points that are kept, each of at least one."""
    run: list[Point] = []
    for point, keep in zip(points, kept, strict=True):
        if keep:
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run
