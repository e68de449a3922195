"""Arrows are drawn on a fine grid here, independently of TikZ: boxes at odd positions, gutters at even ones."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writeup.figures.routing import Gutter, Route, route

STEP = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
cells = st.tuples(st.integers(0, 4), st.integers(0, 4))


def corners(path, source, target):
    """The corners of the path: a gutter of rows fixes the height at which it runs, one of columns the abscissa."""
    (y, x), (to_y, to_x) = ((2 * r + 1, 2 * c + 1) for r, c in (source, target))
    points = [(y, x)]
    for gutter in path.gutters:
        y, x = (2 * gutter.index, x) if gutter.across == "row" else (y, 2 * gutter.index)
        points.append((y, x))
    upright_end = path.enter in ("north", "south")
    points.append((y, to_x) if upright_end else (to_y, x))
    return [*points, (to_y, to_x)]


def visited(points):
    """All positions between the first and the last corner; fails on a slanted piece."""
    for (y, x), (to_y, to_x) in pairwise(points):
        assert y == to_y or x == to_x
        for k in range(max(abs(to_y - y), abs(to_x - x))):
            yield y + k * ((to_y > y) - (to_y < y)), x + k * ((to_x > x) - (to_x < x))


@given(st.sets(cells, min_size=2, max_size=20), st.data(), st.booleans())
def test_no_arrow_runs_through_a_box(occupied, data, prefer_west):
    source, target = data.draw(st.permutations(sorted(occupied)))[:2]
    points = corners(route(source, target, occupied, prefer_west), source, target)
    boxes = {(2 * r + 1, 2 * c + 1) for r, c in occupied}
    assert not boxes & set(visited(points)) - {points[0]}


@given(st.sets(cells, min_size=2, max_size=20), st.data())
def test_an_arrow_leaves_and_enters_by_the_sides_it_names(occupied, data):
    source, target = data.draw(st.permutations(sorted(occupied)))[:2]
    path = route(source, target, occupied)
    points = [p for p, q in pairwise([*corners(path, source, target), None]) if p != q]
    (y, x), (next_y, next_x) = points[0], points[1]
    assert ((next_y > y) - (next_y < y), (next_x > x) - (next_x < x)) == STEP[path.leave]
    (y, x), (last_y, last_x) = points[-1], points[-2]
    assert ((last_y > y) - (last_y < y), (last_x > x) - (last_x < x)) == STEP[path.enter]


@pytest.mark.parametrize(
    ("source", "target", "occupied", "expected"),
    [
        ((0, 0), (0, 1), set(), Route("east", "west")),
        ((2, 1), (0, 1), set(), Route("north", "south")),
        ((0, 0), (2, 2), set(), Route("east", "north")),
        ((0, 0), (2, 2), {(0, 2)}, Route("south", "west")),
        ((0, 0), (2, 0), {(1, 0)}, Route("east", "east", (Gutter("column", 1),))),
        ((0, 0), (0, 2), {(0, 1)}, Route("north", "north", (Gutter("row", 0),))),
        ((0, 0), (1, 1), {(0, 1), (1, 0)}, Route("south", "north", (Gutter("row", 1),))),
        ((1, 1), (1, 1), set(), Route("east", "east", (Gutter("column", 2),))),
    ],
)
def test_the_plainest_free_path_is_taken(source, target, occupied, expected):
    assert route(source, target, occupied | {source, target}) == expected
