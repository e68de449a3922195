"""Parts that several drawings share: cells, slabs in oblique projection, stacked bars, cost bars, cuts.

cells(d, (0, 0), [["lstm", "white"], ["white", "lstm"]])           # a feature map
slab(d, (0, 0), 1.2, 1.2, 0.3, fill="sky!40", name="x")            # width, height, depth
stack(d, (0, -2), 8, [(0.7, "lstm", "decoder"), (0.3, "grey", "rest")])
meter(d, "decoder", 0.27, "27 %")                                  # under a node
cut(d, (2.4, 0))
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from writeup.figures.canvas import Point
from writeup.figures.drawing import SMALL, Drawing
from writeup.figures.lettering import line_width
from writeup.figures.outline import Place

OBLIQUE = (0.5, 0.4)  # where one centimetre of depth goes, right and up
SLOPE = math.radians(75)  # of the strokes of a cut


def projected(origin: Point, x: float, y: float, z: float) -> Point:
    """A point of space: x to the right, y up, z away from the reader."""
    return origin[0] + x + z * OBLIQUE[0], origin[1] + y + z * OBLIQUE[1]


def cells(d: Drawing, at: Point, colours: Sequence[Sequence[str]], size: float = 0.2) -> None:
    """A grid of squares, its lower left corner at `at`, the first row on top; "" leaves a cell out."""
    for row, line in enumerate(reversed(colours)):
        for column, colour in enumerate(line):
            if colour:
                corner = (at[0] + column * size, at[1] + row * size)
                d.rectangle(corner, size, size, colour, "ink!45", weight=0.3)


def slab(d: Drawing, at: Point, width: float, height: float, depth: float, *, fill: str = "lstm", weight: float = 0.5,
         name: str = "") -> None:  # fmt: skip
    """A block whose front's lower left corner is `at`, lit from above. Arrows find the whole of it by `name`, its front
    by `name_front`."""

    def corner(x: float, y: float, z: float) -> Point:
        return projected(at, x * width, y * height, z * depth)

    top = [corner(0, 1, 0), corner(1, 1, 0), corner(1, 1, 1), corner(0, 1, 1)]
    side = [corner(1, 0, 0), corner(1, 0, 1), corner(1, 1, 1), corner(1, 1, 0)]
    front = [corner(0, 0, 0), corner(1, 0, 0), corner(1, 1, 0), corner(0, 1, 0)]
    for face, tint in ((top, 27), (side, 63), (front, 45)):  # per cent of the colour
        d.polygon(face, f"{fill}!{tint}", "ink!70", weight=weight)
    if name:
        right, up = corner(1, 1, 1)
        whole = (right - at[0], up - at[1])
        d.places[name] = Place((at[0] + whole[0] / 2, at[1] + whole[1] / 2), *whole, "box", solid=False)
        d.places[f"{name}_front"] = Place((at[0] + width / 2, at[1] + height / 2), width, height, "box", solid=False)


def stack(d: Drawing, at: Point, width: float, parts: Sequence[tuple[float, str, str]]) -> None:
    """A level bar of (amount, colour, label), `width` cm for their sum; its lower left corner is `at`. A label stands
    in its part where it fits, below it otherwise; an empty one nowhere."""
    whole, height = sum(amount for amount, _, _ in parts), 0.32
    left = at[0]
    for amount, colour, label in parts:
        length = width * amount / whole
        d.rectangle((left, at[1]), length, height, colour, "white", weight=0.5)
        inside = bool(label) and line_width(label, SMALL) + 0.1 < length
        if label:
            dark = colour in ("lstm", "gru", "green", "ink", "dim", "black")
            where = (left + length / 2, at[1] + height / 2 if inside else at[1] - 0.2)
            d.text(where, label, size=SMALL, colour=("white" if dark else "black") if inside else "dim")
        left += length


def meter(d: Drawing, node: str, share: float, text: str = "", colour: str = "lstm") -> None:
    """A cost bar along a node's lower side, as long as the node for a share of 1, and its number at its right end
    below. The node's south anchor moves below the bar."""
    left, bottom, right, top = d.places[node].box
    centre, width, height = (left + right) / 2, right - left, 0.13
    d.rectangle((left, bottom - height), width, height, "faint")
    d.rectangle((left, bottom - height), width * share, height, colour)
    d.places[node] = Place((centre, (top + bottom - height) / 2), width, top - bottom + height, "box")
    if text:
        d.text((right, bottom - height - 0.16), text, "right", size=SMALL, bold=True)


def cut(d: Drawing, at: Point, size: float = 0.5) -> None:
    """Two short slanted strokes across a line, as scissors leave them."""
    dx, dy = math.cos(SLOPE) * size / 2, math.sin(SLOPE) * size / 2
    for shift in (-0.06, 0.06):
        x = at[0] + shift
        d.line((x - dx, at[1] - dy), (x + dx, at[1] + dy), colour="gru", weight=1.3, over=True)
