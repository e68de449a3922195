"""Free drawings: nodes, arrows, words and areas at places in centimetres, y upwards; one description, TikZ and SVG.

    d = Drawing("step")
    d.node("a", (0, 0), "get_batch", "35 × 20 words", width=3.4)
    d.node("b", (0, -1.4), "Decoder", r"$200 \\to 33278$ scores", width=3.4)
    d.arrow("a", "b", "tokens", colour="lstm")
    d.frame("A training step", "a", "b")

Text is plain, with `**bold**`, `` `code` `` and `$mathematics$`; a line break starts a line. Colours are those of
`palette.py`. What overlaps by accident, sticks out of its node or is wider than the page is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Literal

from writeup.errors import WriteupError
from writeup.figures.canvas import Align, Canvas, Path, Point, Words, box_of, overlap
from writeup.figures.canvas_svg import print_svg
from writeup.figures.canvas_tikz import print_tikz
from writeup.figures.lettering import LEADING, POINT, SIZE, line_width
from writeup.figures.outline import SLANT, Form, Place, along, crosses, head, rounded, straight

DASHES = (3.0, 2.0)  # pt on and off
PADDING = 0.12  # cm between a node's text and its border, on either side
SMALL = 7.5  # pt, of the labels of arrows
ROUND = 0.12  # cm, the radius of a line's corners
Side = Literal["auto", "above", "below", "left", "right", "on"]
End = str | Point  # a node ("a"), one of its sides ("a.east", "a.north west"), or a point
Via = Sequence[tuple[float | None, float | None]] | Literal["-|", "|-"]


@dataclass
class Drawing(Canvas):
    """A picture at most `max_width` cm wide; see the module for an example."""

    max_width: float = 11.8
    places: dict[str, Place] = field(default_factory=dict)
    _inside: list[Words] = field(default_factory=list)  # words that belong to a node
    _lines: list[tuple[Point, Point, set[str]]] = field(default_factory=list)

    def node(
        self,
        name: str,
        at: Point,
        text: str = "",
        detail: str = "",
        *,
        width: float | None = None,
        height: float | None = None,
        form: Form = "box",
        fill: str = "white",
        stroke: str = "ink!70",
        dashed: bool = False,
        bold: bool | None = None,
        over: bool = False,
    ) -> Place:
        """A node centred at `at`: `text`, bold where a dim `detail` stands below it; sized by its text unless told.

        `over` allows it to lie on another. A circle is an "ellipse" of equal width and height.
        """
        if name in self.places:
            raise WriteupError(f"drawing {self.name!r}: two nodes are called {name!r}")
        is_bold = bool(detail) if bold is None else bold
        lines = [(t, is_bold, "black") for t in text.split("\n") if text]
        lines += [(t, False, "dim") for t in detail.split("\n") if detail]
        wide = max((line_width(t, bold=b) for t, b, _ in lines), default=0.0)
        wide += 2 * (SLANT if form == "decision" else 0.06 if form == "ellipse" else PADDING)
        leading = SIZE * LEADING * POINT
        tall = leading * len(lines) + 0.06
        place = Place(at, width or wide, height or tall + 0.1, form, not over)
        if wide > place.width + 0.1 or tall > place.height + 0.1:
            raise WriteupError(
                f"drawing {self.name!r}: node {name!r} is {place.width:.2f} x {place.height:.2f} cm; "
                f"its text {' / '.join(t for t, _, _ in lines)!r} needs {wide:.2f} x {tall:.2f} cm"
            )
        self.places[name] = place
        self.shapes.append(Path(place.outline(), True, fill, stroke, dashes=DASHES if dashed else ()))
        for number, (line, is_bold, colour) in enumerate(lines):
            rise = ((len(lines) - 1) / 2 - number) * leading
            self._inside += self.write((at[0], at[1] + rise), line, bold=is_bold, colour=colour, over=over)
        return place

    def at(self, end: End, dx: float = 0.0, dy: float = 0.0) -> Point:
        """A point, a node's centre ("a") or a side of it ("a.east"), moved by dx and dy."""
        if isinstance(end, str):
            name, _, side = end.partition(".")
            if name not in self.places:
                raise WriteupError(f"drawing {self.name!r}: no node {name!r}; there are {', '.join(self.places)}")
            if not set(side.split()) <= {"north", "south", "east", "west", "center"}:
                raise WriteupError(f"drawing {self.name!r}: {end!r}; sides are north, south, east, west, 'north east'")
            end = self.places[name].anchor(side)
        return end[0] + dx, end[1] + dy

    def arrow(
        self,
        start: End,
        end: End,
        label: str = "",
        *,
        via: Via = (),
        is_headed: bool = True,
        colour: str = "black",
        weight: float = 0.7,
        dashed: bool = False,
        side: Side = "auto",
        place: float = 0.5,
        turn: float = 0.0,
        over: bool = False,
    ) -> None:
        """A line from `start` to `end` with a head at its end; `over` lets it cross nodes and words.

        `via`: points between, in which None keeps a coordinate of the point before; or "-|" (first level, then
        upright) or "|-". The label stands at `place` (0 to 1) of the way, on a `side`, "on" the line on white.
        """
        points = self._points(start, end, via)
        middle = list(points)
        if is_headed:
            outline, middle[-1] = head(points[-1], points[-2], weight)
            self.shapes.append(Path(outline, True, colour))
        dashes = DASHES if dashed else ()
        self.shapes.append(Path(rounded(middle, ROUND), stroke=colour, weight=weight, dashes=dashes))
        own = {e.partition(".")[0] for e in (start, end) if isinstance(e, str)}
        if not over:
            self._lines += [(a, b, own) for a, b in pairwise(points)]
        if label:
            self._label(points, label, side, place, turn, "dim" if colour == "black" else colour)

    def line(self, start: End, end: End, *, via: Via = (), colour: str = "black", weight: float = 0.7,
             over: bool = False) -> None:  # fmt: skip
        """An arrow without its head."""
        self.arrow(start, end, via=via, is_headed=False, colour=colour, weight=weight, over=over)

    def text(self, at: End, text: str, align: Align = "middle", *, size: float = SIZE, bold: bool = False,
             colour: str = "black", turn: float = 0.0, over: bool = False) -> None:  # fmt: skip
        """Free words, the block centred (up and down) on `at`; `over` allows them on nodes, lines and other words."""
        self.write(self.at(at), text, align, size=size, bold=bold, colour=colour, turn=turn, over=over)

    def polygon(self, points: Sequence[Point], fill: str = "", stroke: str = "", *, weight: float = 0.6) -> None:
        """A closed area."""
        self.shapes.append(Path(straight(points), True, fill, stroke, weight))

    def rectangle(self, at: Point, width: float, height: float, fill: str = "", stroke: str = "", *,
                  weight: float = 0.6, name: str = "") -> None:  # fmt: skip
        """A rectangle whose lower left corner is `at`; by its `name` arrows find it."""
        x, y = at
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        self.polygon(corners, fill, stroke, weight=weight)
        if name:
            self.places[name] = Place((x + width / 2, y + height / 2), width, height, "box", solid=False)

    def frame(self, title: str, *members: End, name: str = "", margin: float = 0.25, fill: str = "paper",
              stroke: str = "ink!35") -> None:  # fmt: skip
        """A rounded frame behind nodes and points, its title above the upper left corner."""
        boxes = [self.places[m].box if isinstance(m, str) and m in self.places else self.at(m) * 2 for m in members]
        left, bottom, right, top = box_of((x, y) for box in boxes for x, y in (box[:2], box[2:]))
        width, height = right - left + 2 * margin, top - bottom + 2 * margin
        place = Place(((left + right) / 2, (bottom + top) / 2), width, height, "round", solid=False)
        if name:
            self.places[name] = place
        self.shapes.insert(0, Path(place.outline(), True, fill, stroke))
        if title:
            self.write((left - margin, top + margin + 0.2), title, "left", bold=True, colour="ink")

    def check(self) -> None:
        """Raises `WriteupError` for what overlaps by accident or is wider than the page."""
        self.check_words()
        free = [w for w in self.words if not w.over and not any(w is inner for inner in self._inside)]
        solid = {name: place for name, place in self.places.items() if place.solid}
        problems = [f"nodes {a!r} and {b!r} overlap" for a, b in combinations(solid, 2)
                    if overlap(solid[a].box, solid[b].box)]  # fmt: skip
        problems += [f"{w.text!r} lies on node {n!r}" for w in free for n, p in solid.items() if overlap(w.box, p.box)]
        for a, b, own in self._lines:
            where = f"the line from ({a[0]:.2f}, {a[1]:.2f}) to ({b[0]:.2f}, {b[1]:.2f})"
            problems += [
                f"{where} crosses node {n!r}" for n, p in solid.items() if n not in own and crosses(a, b, p.box)
            ]
            problems += [f"{where} crosses {w.text!r}" for w in free if crosses(a, b, w.box)]
        left, _, right, _ = self.extent()
        if right - left > self.max_width + 0.005:
            problems.append(f"it is {right - left:.2f} cm wide; {self.max_width} cm are allowed (max_width)")
        if problems:
            raise WriteupError(f"drawing {self.name!r}: {problems[0]}; move one, or say over=True where it is meant")

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        self.check()
        return print_tikz(self)

    def svg(self) -> str:
        """The same picture as SVG."""
        self.check()
        return print_svg(self)

    def _points(self, start: End, end: End, via: Via) -> list[Point]:
        first, last = self.at(start), self.at(end)
        if isinstance(via, str):
            via = [(last[0], first[1]) if via == "-|" else (first[0], last[1])]
        points = [first]
        for x, y in via:
            points.append((points[-1][0] if x is None else x, points[-1][1] if y is None else y))
        points.append(last)
        if isinstance(start, str) and "." not in start:
            points[0] = self.places[start].border(points[1])
        if isinstance(end, str) and "." not in end:
            points[-1] = self.places[end].border(points[-2])
        return points

    def _label(self, points: Sequence[Point], label: str, side: Side, place: float, turn: float,
               colour: str) -> None:  # fmt: skip
        """Write beside the line, a hair off it."""
        (a, b), left = _piece_at(points, place)
        x, y = along(a, b, left)
        if side == "auto":
            side = "above" if abs(b[0] - a[0]) > abs(b[1] - a[1]) else "right"
        lines = label.split("\n")
        half_height = len(lines) * SMALL * LEADING * POINT / 2
        half_width = max(line_width(line, SMALL) for line in lines) / 2
        if turn:
            half_height, half_width = half_width, half_height
        dx = {"left": -1, "right": 1}.get(side, 0) * (half_width + 0.08)
        dy = {"below": -1, "above": 1}.get(side, 0) * (half_height + 0.04)
        if side == "on":
            corners = [(x + i * half_width, y + j * half_height) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            self.polygon(corners, "white")
        self.write((x + dx, y + dy), label, size=SMALL, colour=colour, turn=turn, over=side == "on")


def _piece_at(points: Sequence[Point], place: float) -> tuple[tuple[Point, Point], float]:
    """The straight piece that holds a share of a path's length, and how far along it that is."""
    left = place * sum(math.dist(a, b) for a, b in pairwise(points))
    for a, b in pairwise(points[:-1]):
        if left <= math.dist(a, b):
            return (a, b), left
        left -= math.dist(a, b)
    return (points[-2], points[-1]), left
