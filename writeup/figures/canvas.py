"""What every picture is made of: paths, dots and lines of words, in centimetres with y upwards.

`Drawing` and `Panels` fill a `Canvas`; `canvas_tikz.py` and `canvas_svg.py` print it. A shape's name is what the
read-back finds it by in the finished file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from writeup.errors import WriteupError
from writeup.figures.lettering import LEADING, POINT, RISE, SIZE, line_width

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top
Align = Literal["left", "middle", "right"]
TOUCH = 0.02  # cm by which words may reach into each other's box, which is taller than their letters


@dataclass(frozen=True)
class Path:
    """`steps`: a first point, then for each piece its end, or both controls and the end of a Bezier curve."""

    steps: tuple[tuple[Point, ...], ...]
    closed: bool = False
    fill: str = ""
    stroke: str = ""
    weight: float = 0.6
    dashes: tuple[float, ...] = ()
    clip: Box | None = None
    name: str = ""


@dataclass(frozen=True)
class Dots:
    """Marks of radius `size` pt at `points`; `mark` is "o", "s", "^", "D" or "x"."""

    points: tuple[Point, ...]
    mark: str = "o"
    size: float = 1.7
    fill: str = ""
    stroke: str = ""
    clip: Box | None = None
    name: str = ""


@dataclass(frozen=True)
class Words:
    """One line of text whose middle line passes through `at`; `turn` in degrees."""

    at: Point
    text: str
    align: Align = "middle"
    size: float = SIZE
    bold: bool = False
    colour: str = "black"
    turn: float = 0.0
    over: bool = False  # may lie over others, on purpose
    name: str = ""

    @property
    def width(self) -> float:
        return line_width(self.text, self.size, self.bold)

    @property
    def base(self) -> Point:
        """The point on the base line that `align` names."""
        angle, drop = math.radians(self.turn), RISE * self.size * POINT
        return self.at[0] + drop * math.sin(angle), self.at[1] - drop * math.cos(angle)

    @property
    def box(self) -> Box:
        """What it covers."""
        start = self.width * {"left": 0.0, "middle": -0.5, "right": -1.0}[self.align]
        half = 0.45 * self.size * POINT
        angle = math.radians(self.turn)
        corners = [(a, b) for a in (start, start + self.width) for b in (-half, half)]
        return box_of(
            (
                self.at[0] + a * math.cos(angle) - b * math.sin(angle),
                self.at[1] + a * math.sin(angle) + b * math.cos(angle),
            )
            for a, b in corners
        )


Shape = Path | Dots | Words


@dataclass
class Canvas:
    """The shapes of a picture called `name`, in order; words always lie above the rest."""

    name: str
    shapes: list[Shape] = field(default_factory=list)
    size: Box | None = None  # found from the shapes where it is not given

    @property
    def words(self) -> list[Words]:
        return [shape for shape in self.shapes if isinstance(shape, Words)]

    def write(
        self,
        at: Point,
        text: str,
        align: Align = "middle",
        *,
        size: float = SIZE,
        bold: bool = False,
        colour: str = "black",
        turn: float = 0.0,
        over: bool = False,
        name: str = "",
    ) -> list[Words]:
        """Lines of text, the block centred on `at`."""
        lines, angle = text.split("\n"), math.radians(turn)
        made = []
        for number, line in enumerate(lines):
            rise = ((len(lines) - 1) / 2 - number) * size * LEADING * POINT
            place = (at[0] - rise * math.sin(angle), at[1] + rise * math.cos(angle))
            made.append(Words(place, line, align, size, bold, colour, turn, over, name))
        self.shapes += made
        return made

    def extent(self) -> Box:
        """The picture's size; raises `WriteupError` where nothing is drawn."""
        if self.size is not None:
            return self.size
        points = [point for shape in self.shapes for point in _reach(shape)]
        if not points:
            raise WriteupError(f"drawing {self.name!r}: nothing is drawn")
        left, bottom, right, top = box_of(iter(points))
        return left - 0.03, bottom - 0.03, right + 0.03, top + 0.03

    def check_words(self) -> None:
        """Raises `WriteupError` where two lines of text overlap."""
        for a, b in combinations(self.words, 2):
            if not (a.over or b.over) and overlap(a.box, b.box):
                raise WriteupError(
                    f"drawing {self.name!r}: {a.text!r} at ({a.at[0]:.2f}, {a.at[1]:.2f}) and {b.text!r} at "
                    f"({b.at[0]:.2f}, {b.at[1]:.2f}) overlap; move one, or say over=True"
                )


def box_of(points: Iterator[Point]) -> Box:
    """The smallest box around points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes share more than a rim of width `TOUCH`."""
    return a[0] + TOUCH < b[2] and b[0] + TOUCH < a[2] and a[1] + TOUCH < b[3] and b[1] + TOUCH < a[3]


def _reach(shape: Shape) -> Iterator[Point]:
    if isinstance(shape, Words):
        left, bottom, right, top = shape.box
        yield from ((left, bottom), (right, top))
    elif isinstance(shape, Dots):
        yield from shape.points
    else:
        yield from (point for step in shape.steps for point in step)
