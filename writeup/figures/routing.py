"""Paths for the arrows of a diagram whose boxes stand on a grid, such that no arrow runs through a box.

Between the rows and columns of boxes lie gutters: row gutter `i` above row `i`, column gutter `i` left of column `i`;
the last ones lie below and to the right of everything. An arrow leaves a side of its box, turns in at most two
gutters, and enters a side of the other box.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

Cell = tuple[int, int]  # (row, column)
Side = Literal["north", "south", "east", "west"]
Across = Literal["row", "column"]


@dataclass(frozen=True)
class Gutter:
    """The free strip before row or column `index`."""

    across: Across
    index: int


@dataclass(frozen=True)
class Route:
    """Sides of the two boxes and the gutters in between; with no gutter the path is straight or has one corner."""

    leave: Side
    enter: Side
    gutters: tuple[Gutter, ...] = ()

    @property
    def is_straight(self) -> bool:
        return not self.gutters and {self.leave, self.enter} in ({"north", "south"}, {"east", "west"})


def _between(a: int, b: int) -> range:
    return range(min(a, b) + 1, max(a, b))


def route(source: Cell, target: Cell, occupied: Set[Cell], prefer_west: bool = False) -> Route:
    """The plainest free path from `source` to `target`: straight, one corner, one gutter, two gutters.

    `prefer_west` says on which side to pass boxes of the same column that stand in the way.
    """
    (r, c), (to_r, to_c) = source, target
    down: Side = "south" if to_r > r else "north"
    up: Side = "north" if to_r > r else "south"
    right: Side = "east" if to_c > c else "west"
    left: Side = "west" if to_c > c else "east"
    row_is_free = not any((r, k) in occupied for k in _between(c, to_c))
    column_is_free = not any((k, to_c) in occupied for k in _between(r, to_r))
    if source == target:
        return Route("east", "east", (Gutter("column", c + 1),))
    if r == to_r:
        if row_is_free:
            return Route(right, left)
        return Route("north", "north", (Gutter("row", r),))
    if c == to_c:
        if column_is_free:
            return Route(down, up)
        if prefer_west:
            return Route("west", "west", (Gutter("column", c),))
        return Route("east", "east", (Gutter("column", c + 1),))
    if row_is_free and column_is_free and (r, to_c) not in occupied:
        return Route(right, up)
    other_row_is_free = not any((to_r, k) in occupied for k in _between(c, to_c))
    other_column_is_free = not any((k, c) in occupied for k in _between(r, to_r))
    if other_row_is_free and other_column_is_free and (to_r, c) not in occupied:
        return Route(down, left)
    first_row_gutter = Gutter("row", r + 1 if to_r > r else r)
    last_column_gutter = Gutter("column", to_c if to_c > c else to_c + 1)
    if abs(to_r - r) == 1:
        return Route(down, up, (first_row_gutter,))
    if abs(to_c - c) == 1:
        return Route(right, left, (last_column_gutter,))
    return Route(down, left, (first_row_gutter, last_column_gutter))
