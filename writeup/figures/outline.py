"""Plane geometry of pictures: outlines of nodes, rounded corners, arrow heads, where a line meets a box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from writeup.figures.canvas import Box, Point

Form = Literal["box", "round", "pill", "ellipse", "decision"]
Steps = tuple[tuple[Point, ...], ...]
KAPPA = 0.5523  # of a radius: where the controls of a quarter circle lie
SLANT = 0.25  # cm by which the corners of a decision stand in


@dataclass(frozen=True)
class Place:
    """Where a node stands; lines run to its border."""

    centre: Point
    width: float
    height: float
    form: Form = "box"
    solid: bool = True  # nothing else may lie on it

    @property
    def box(self) -> Box:
        (x, y), half, rise = self.centre, self.width / 2, self.height / 2
        return x - half, y - rise, x + half, y + rise

    def anchor(self, side: str) -> Point:
        """ "north", "south west", ... or "center"."""
        east = ("east" in side) - ("west" in side)
        north = ("north" in side) - ("south" in side)
        return self.centre[0] + east * self.width / 2, self.centre[1] + north * self.height / 2

    def border(self, toward: Point) -> Point:
        """Where the ray from the centre to a point leaves the outline."""
        dx, dy = toward[0] - self.centre[0], toward[1] - self.centre[1]
        across, up = abs(dx) / (self.width / 2), abs(dy) / (self.height / 2)
        scale = math.hypot(across, up) if self.form == "ellipse" else max(across, up)
        return self.centre if scale == 0 else (self.centre[0] + dx / scale, self.centre[1] + dy / scale)

    def outline(self) -> Steps:
        left, bottom, right, top = self.box
        if self.form == "ellipse":
            return ellipse(self.centre, self.width / 2, self.height / 2)
        if self.form == "decision":
            y = self.centre[1]
            tips = [(left + SLANT, top), (right - SLANT, top), (right, y), (right - SLANT, bottom)]
            return straight([*tips, (left + SLANT, bottom), (left, y)])
        corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
        radius = {"box": 0.0, "round": 0.12}.get(self.form, min(self.width, self.height) / 2)
        return rounded([*corners, corners[0]], radius, closed=True) if radius else straight(corners)


def straight(points: Sequence[Point]) -> Steps:
    """Straight pieces through points."""
    return tuple((point,) for point in points)


def ellipse(centre: Point, a: float, b: float) -> Steps:
    """A closed ellipse with half axes a and b."""
    x, y = centre
    k, m = KAPPA * a, KAPPA * b
    return (
        ((x + a, y),),
        ((x + a, y + m), (x + k, y + b), (x, y + b)),
        ((x - k, y + b), (x - a, y + m), (x - a, y)),
        ((x - a, y - m), (x - k, y - b), (x, y - b)),
        ((x + k, y - b), (x + a, y - m), (x + a, y)),
    )


def along(a: Point, b: Point, length: float) -> Point:
    """The point at a distance from `a` on the way to `b`."""
    whole = math.dist(a, b) or 1.0
    return a[0] + (b[0] - a[0]) * length / whole, a[1] + (b[1] - a[1]) * length / whole


def rounded(points: Sequence[Point], radius: float, closed: bool = False) -> Steps:
    """A path through points whose corners are rounded; a closed one ends where it begins."""
    corners = list(points[1:-1])
    steps: list[tuple[Point, ...]] = [(points[0],)]
    previous = points[0]
    if closed:
        previous = along(points[0], points[1], min(radius, math.dist(points[0], points[1]) / 2))
        steps, corners = [(previous,)], [*points[1:-1], points[0]]
    for number, corner in enumerate(corners):
        after = points[number + 2] if number + 2 < len(points) else points[1]
        before = points[number] if closed else (points[number] if number else points[0])
        turn = min(radius, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        start, end = along(corner, before, turn), along(corner, after, turn)
        controls = along(corner, start, turn * (1 - KAPPA)), along(corner, end, turn * (1 - KAPPA))
        steps += [(start,), (*controls, end)]
    return tuple(steps) if closed else (*steps, (points[-1],))


def head(tip: Point, before: Point, weight: float) -> tuple[Steps, Point]:
    """The outline of an arrow head that comes from `before`, and where its line ends."""
    length = 0.12 + 0.035 * weight  # cm
    back = along(tip, before, length)
    dx, dy = (back[0] - tip[0]) * 0.38, (back[1] - tip[1]) * 0.38
    notch = along(tip, before, length * 0.72)
    return straight([tip, (back[0] - dy, back[1] + dx), notch, (back[0] + dy, back[1] - dx)]), notch


def crosses(a: Point, b: Point, box: Box) -> bool:
    """Whether the piece from a to b runs through the box less a rim (Liang and Barsky's clipping)."""
    start, end, rim = 0.0, 1.0, 0.03
    left, bottom, right, top = box[0] + rim, box[1] + rim, box[2] - rim, box[3] - rim
    dx, dy = b[0] - a[0], b[1] - a[1]
    for toward, room in ((-dx, a[0] - left), (dx, right - a[0]), (-dy, a[1] - bottom), (dy, top - a[1])):
        if toward == 0:
            if room < 0:
                return False
        elif toward < 0:
            start = max(start, room / toward)
        else:
            end = min(end, room / toward)
    return start < end
