"""Plots laid out on a canvas: where axes, ticks, labels and shapes lie, in centimetres.

Every shape that is read back has a name: `panel-0-frame`, `panel-0-tick-x-2`, `panel-0-series-1-line-0`, ...
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from writeup.errors import WriteupError
from writeup.figures.canvas import Box, Canvas, Dots, Path, Point, overlap
from writeup.figures.lettering import LEADING, POINT, SIZE, line_width
from writeup.figures.outline import straight
from writeup.figures.pieces import Piece, pieces
from writeup.figures.plot import PanelsDescription, PlotDescription, Reference, Series

LINE = SIZE * LEADING * POINT  # cm between base lines
SMALL = 7.5  # pt, of the labels of reference lines
DASHES = (4.0, 2.0)  # pt


def lay_out(panels: PanelsDescription) -> Canvas:
    """The whole picture; raises `WriteupError` where words do not fit."""
    canvas = Canvas(f"plot of {panels.plots[0].y_label}")
    across, colours = panels.across, panels.colours()
    drawn = [
        _Panel(plot, number, canvas, colours, is_labelled=not panels.share_y or number % across == 0)
        for number, plot in enumerate(panels.plots)
    ]
    top = 0.0
    for start in range(0, len(drawn), across):
        row = drawn[start : start + across]
        left, head, foot = 0.0, max(p.head for p in row), max(p.foot for p in row)
        height = max(p.plot.height for p in row)
        for column, panel in enumerate(row):
            same = drawn[column::across]
            margins = max(p.left for p in same), max(p.right for p in same)
            corner = (left + margins[0], top - height + foot)
            panel.draw(corner, panel.plot.width - sum(margins), height - head - foot, (left, top))
            left += panel.plot.width + panels.gap
        top -= height + panels.gap
    bottom = _legend(canvas, panels, colours, top + panels.gap)
    canvas.size = (0.0, bottom, panels.width, 0.0)
    for words in canvas.words:
        if words.box[0] < -0.05 or words.box[2] > panels.width + 0.05:
            raise WriteupError(f"{canvas.name!r}: {words.text!r} sticks out of the {panels.width} cm: shorten it")
    canvas.check_words()
    return canvas


class _Panel:
    """One plot; after `draw` it is on the canvas."""

    def __init__(
        self, plot: PlotDescription, number: int, canvas: Canvas, colours: Mapping[str, str], is_labelled: bool
    ) -> None:
        self.plot, self.name, self.canvas, self.colours = plot, f"panel-{number}", canvas, colours
        self.is_labelled = is_labelled  # its y axis shows ticks' labels and its own
        self.x_axis, self.y_axis = plot.axes()
        self.left = 0.15 + (_widest(self.y_axis.labels) if is_labelled else 0.0)
        self.direct = [s for s in plot.series if s.label and plot.legend == "direct"]
        self.right = max([0.2, *(0.15 + _widest([s.label]) for s in self.direct if not s.label_at)])
        lines = max((label.count("\n") + 1 for label in self.x_axis.labels), default=0)
        self.foot = 0.12 + LINE * lines + (LINE + 0.05 if plot.x_label else 0.0)
        self.upright = LINE * any(r.label and r.axis == "x" for r in plot.references)  # room of their labels
        self.head = 0.12 + self.upright + LINE * (bool(plot.title) + (bool(plot.y_label) and is_labelled))

    def draw(self, corner: Point, width: float, height: float, start: Point) -> None:
        """The axes cross at `corner` and are as long as told; the panel's room begins at `start`, its upper left."""
        self.corner, self.width, self.height = corner, width, height
        x, y = corner
        self._ticks()
        for number, reference in enumerate(self.plot.references):
            self._reference(reference, number)
        for number, series in enumerate(self.plot.series):
            for count, piece in enumerate(pieces(self.plot, series)):
                self._piece(piece, series, f"{self.name}-series-{number}-{piece.kind}-{count}")
        frame = straight([(x, y + height), (x, y), (x + width, y)])
        self.canvas.shapes.append(Path(frame, stroke="dim", weight=0.5, name=f"{self.name}-frame"))
        left = start[0] if self.is_labelled else x
        if self.plot.y_label and self.is_labelled:
            place = (left, y + height + 0.12 + self.upright + LINE / 2)
            self.canvas.write(place, self.plot.y_label, "left", colour="dim")
        if self.plot.title:
            self.canvas.write((left, start[1] - LINE / 2), self.plot.title, "left", bold=True, colour="ink")
        if self.plot.x_label:
            self.canvas.write((x + width / 2, y - self.foot + LINE / 2), self.plot.x_label, colour="dim")
        self._labels()

    def at(self, point: Point) -> Point:
        """Where a point in data units lies."""
        return self._x(point[0]), self._y(point[1])

    def _x(self, value: float) -> float:
        return self.corner[0] + self.width * self.x_axis.place(value)

    def _y(self, value: float) -> float:
        return self.corner[1] + self.height * self.y_axis.place(value)

    def _box(self, edge: float = 0.0) -> Box:
        x, y = self.corner
        return x - edge, y - edge, x + self.width + edge, y + self.height + edge

    def _line(self, a: Point, b: Point, colour: str, name: str = "", dashed: bool = False) -> None:
        dashes = DASHES if dashed else ()
        self.canvas.shapes.append(Path(straight([a, b]), stroke=colour, weight=0.5, dashes=dashes, name=name))

    def _ticks(self) -> None:
        left, bottom, right, top = self._box()
        for number, (tick, label) in enumerate(zip(self.x_axis.ticks, self.x_axis.labels, strict=True)):
            x, name = self._x(tick), f"{self.name}-tick-x-{number}"
            if self.plot.y_categories:
                self._line((x, bottom), (x, top), "faint")
            self._line((x, bottom), (x, bottom - (0 if self.plot.x_categories else 0.07)), "dim", name)
            middle = bottom - 0.12 - LINE * (label.count("\n") + 1) / 2
            self.canvas.write((x, middle), label, name=name.replace("tick", "ticklabel"))
        for number, (tick, label) in enumerate(zip(self.y_axis.ticks, self.y_axis.labels, strict=True)):
            y, name = self._y(tick), f"{self.name}-tick-y-{number}"
            self._line((left, y), (right, y), "faint")
            self._line((left, y), (left - 0.05, y), "dim", name)
            if self.is_labelled:
                self.canvas.write((left - 0.1, y), label, "right", name=name.replace("tick", "ticklabel"))

    def _reference(self, reference: Reference, number: int) -> None:
        is_level = reference.axis == "y"
        if not (self.y_axis if is_level else self.x_axis).holds(reference.value):
            raise WriteupError(f"{self.canvas.name!r}: the reference line at {reference.value} is beyond the limits")
        left, bottom, right, top = self._box()
        name = f"{self.name}-reference-{reference.axis}-{number}"
        half = line_width(reference.label, SMALL) / 2
        if is_level:
            y = self._y(reference.value)
            self._line((left, y), (right, y), reference.colour, name, reference.dashed)
            place = (max(left + reference.place * self.width - half, left + half) - 0.05, y + 0.17)
        else:  # above the frame, where no curve runs
            x = self._x(reference.value)
            self._line((x, bottom), (x, top), reference.colour, name, reference.dashed)
            place = (max(left + half, min(x, right + self.right - half)), top + 0.08 + LINE / 2)
        if reference.label:
            self.canvas.write(place, reference.label, size=SMALL, colour=reference.colour)

    def _piece(self, piece: Piece, series: Series, name: str) -> None:
        colour = self._colour(series)
        points = [self.at(point) for point in piece.points]
        clip = None if piece.kind == "rim" else self._box(0.09)  # marks at the limits show whole
        is_faint = series.style == "dots"
        size = 1.2 if is_faint else 1.7
        if piece.kind in ("marks", "open", "rim"):
            tint = f"{colour.partition('!')[0]}!60" if is_faint else colour
            is_open = piece.kind != "marks"
            rim = tint if is_open or series.mark == "x" else ""
            shape: Path | Dots = Dots(tuple(points), series.mark, size, "white" if is_open else tint, rim, clip, name)
        else:
            weight = {"line": series.weight, "join": 1.6, "span": 0.7}[piece.kind]
            dashes = DASHES if series.dashed and piece.kind == "line" else ()
            tint = f"{colour.partition('!')[0]}!50" if piece.kind == "join" else colour
            shape = Path(straight(points), False, "", tint, weight, dashes, clip=clip, name=name)
        self.canvas.shapes.append(shape)

    def _labels(self) -> None:
        """The direct labels: beside the last point, moved apart up and down."""
        ends = []
        for series in self.direct:
            if series.label_at:
                words, *_ = self.canvas.write(
                    self.at(series.label_at), series.label, "left", colour=self._colour(series)
                )
                near = min(self.direct, key=lambda other: self._distance(other, words.box))
                if near is not series or not overlap(words.box, self._box()):
                    told = f"label {series.label!r} stands beside {near.label!r}, or outside: move it to its own curve"
                    raise WriteupError(f"{self.canvas.name!r}: {told}")
                continue
            drawn = [piece for piece in pieces(self.plot, series) if piece.kind != "span"]
            seen = [(x, y) for piece in drawn for x, y in piece.points if self.x_axis.holds(x) and self.y_axis.holds(y)]
            last = max(seen, key=lambda point: point[0]) if seen else (0.0, self.y_axis.high)
            ends.append((self._y(last[1]), series))
        ends.sort(key=lambda end: end[0])
        heights = [LINE * (series.label.count("\n") + 1) for _, series in ends]
        for (_, series), y in zip(ends, apart([y for y, _ in ends], heights), strict=True):
            place = (self.corner[0] + self.width + 0.12, y)
            self.canvas.write(place, series.label, "left", colour=self._colour(series))

    def _distance(self, series: Series, box: Box) -> float:
        """In cm, of a series from a label: of the nearest of its points, and of nine on the way to each next one."""
        drawn = [[self.at(point) for point in piece.points] for piece in pieces(self.plot, series)]
        steps = [(a, b, k / 10) for points in drawn for a, b in pairwise([*points, points[-1]]) for k in range(10)]
        return min(
            math.dist((x, y), (min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])))
            for a, b, part in steps
            for x, y in [(a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))]
        )

    def _colour(self, series: Series) -> str:
        return series.colour or self.colours[series.label]


def apart(places: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Ascending places moved as little as possible (in squares) so that things of these heights do not overlap.

    With what lies between them taken off, that is isotonic regression: neighbours out of order share their mean.
    """
    offsets = [0.0]
    for below, above in pairwise(heights):
        offsets.append(offsets[-1] + (below + above) / 2)
    pools: list[tuple[float, int]] = []  # mean and number of members
    for place, offset in zip(places, offsets, strict=False):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, members = pools.pop()
            mean, count = (mean * count + other * members) / (count + members), count + members
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _widest(labels: Sequence[str]) -> float:
    return max((line_width(line) for label in labels for line in label.split("\n")), default=0.0)


def _legend(canvas: Canvas, panels: PanelsDescription, colours: Mapping[str, str], top: float) -> float:
    """Samples and labels below the panels, as many a row as fit; returns where the picture ends."""
    x, y = 0.0, top
    for number, series in enumerate(panels.shared_legend()):
        wide = 0.65 + line_width(series.label)
        if number == 0 or x + wide > panels.width:
            x, y = 0.0, y - 1.25 * LINE
        colour, middle = series.colour or colours[series.label], y + LINE / 2
        if series.style in ("line", "both"):
            ends = straight([(x, middle), (x + 0.45, middle)])
            canvas.shapes.append(
                Path(ends, stroke=colour, weight=series.weight, dashes=DASHES if series.dashed else ())
            )
        if series.style in ("marks", "both", "dots", "dumbbell"):
            canvas.shapes.append(Dots(((x + 0.225, middle),), series.mark, 1.7, colour, colour))
        canvas.write((x + 0.55, middle), series.label, "left")
        x += wide + 0.35
    return y
