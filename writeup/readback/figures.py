r"""Pictures read back: the words in them, and where their ticks and points lie.

A plot is measured as a reader with a ruler would: its frame gives the scale, and every tick and point is where the
ledger's data say, within the rounding of the drawing. `Panel` is what either picture, TikZ or SVG, says of one plot.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from writeup.figures.axes import Axis
from writeup.text.labels import unscripted
from writeup.text.numerals import rounds, spelled
from writeup.trust.ledger import FigureRow, PanelRow, SeriesRow

Point = tuple[float, float]
Kind = Literal["band", "line", "bar", "span", "marks"]
_NODE = re.compile(r"\bnode\b\s*(?:\[(?:[^\[\]]|\[[^\]]*\])*\])?\s*(?:\([^)]*\))?\s*(?:at\s*\([^)]*\))?\s*(?=\{)")
_FRAME_TITLE = re.compile(r"north east:(?=\{)")
_PAIR = r"\((-?[\d.]+),(-?[\d.]+)\)"
_POWER_OF_TEN = re.compile(r"\$10\^\{(-?\d+)\}\$")


@dataclass(frozen=True)
class Shape:
    """One path of a series in the picture's own units: a curve, a bar (two opposite corners), an error bar, ..."""

    kind: Kind
    points: list[Point]


@dataclass(frozen=True)
class Panel:
    """What a picture shows of one plot, in its own units: the corners of the frame where both axes are low and where
    both are high, ticks (position, label), reference lines (axis, position), and shapes in order of their series."""

    low: Point
    high: Point
    ticks: dict[str, list[tuple[float, str]]]
    references: list[tuple[str, float]] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)


def tikz_labels(tikz: str) -> list[str]:
    """The text of every node of a picture, as TeX, in the order in which they are set."""
    ends = [found.end() for pattern in (_NODE, _FRAME_TITLE) for found in pattern.finditer(tikz)]
    return [_group(tikz, end) for end in sorted(ends)]


def tikz_panels(tikz: str) -> list[Panel]:
    """The panels of a plot drawn by `plot_tikz.py`; units are centimetres from the panel's origin."""
    return [_tikz_panel(text) for text in re.split(r"\\begin\{scope\}\[xshift=[^\]]*\]", tikz)[1:]]


def _tikz_panel(text: str) -> Panel:
    frame = re.search(r"\\draw \(0,([\d.]+)\) -- \(0,0\) -- \(([\d.]+),0\);", text)
    high = (float(frame[2]), float(frame[1])) if frame else (0.0, 0.0)
    ticks: dict[str, list[tuple[float, str]]] = {"x": [], "y": []}
    for found in re.finditer(rf"\\draw {_PAIR} -- \+\((-?[\d.]+),-?[\d.]+\) node", text):
        axis, position = ("x", found[1]) if float(found[3]) == 0 else ("y", found[2])
        ticks[axis].append((float(position), tikz_labels(text[found.end() - 4 :])[0]))
    references = [
        ("y", float(found[2])) if found[2] == found[4] else ("x", float(found[1]))
        for found in re.finditer(rf"\\draw\[black!60[^\]]*\] {_PAIR} -- {_PAIR} node", text)
    ]
    clipped = re.search(r"\\clip .*?;(.*?)\\end\{scope\}", text, re.DOTALL)
    shapes = []
    for line in clipped[1].splitlines() if clipped else ():
        points = [(float(x), float(y)) for x, y in re.findall(_PAIR, line)]
        if not points:
            continue
        kind: Kind = "line" if "plot coordinates" in line else "span"
        if "only marks" in line:
            kind = "marks"
        elif line.startswith(r"\fill"):
            kind = "band" if "plot coordinates" in line else "bar"
        shapes.append(Shape(kind, points))
    return Panel((0.0, 0.0), high, ticks, references, shapes)


def _group(text: str, start: int) -> str:
    """What stands between the brace at `start` and its partner."""
    depth = 0
    for brace in re.finditer(r"(?<!\\)[{}]", text[start:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[start + 1 : start + brace.start()]
    return text[start + 1 :]


# -- against the ledger ------------------------------------------------------------------------------------------------


def panels_problems(found: Sequence[Panel], row: FigureRow, rounding: float) -> Iterator[str]:
    """Where the drawn panels of a figure are not what the ledger holds; lengths may differ by `rounding`, in the
    picture's own units."""
    if len(found) != len(row.panels):
        yield f"{len(found)} panels are drawn; {len(row.panels)} are due"
    for panel, wanted in zip(found, row.panels, strict=False):
        yield from _panel_problems(panel, wanted, rounding)


def _panel_problems(found: Panel, wanted: PanelRow, rounding: float) -> Iterator[str]:
    scale = {name: _Ruler(found, wanted, index, name) for index, name in enumerate("xy")}
    for name, ruler in scale.items():
        yield from _tick_problems(found.ticks[name], wanted.ticks[name], ruler, rounding)
    lines = [(axis, scale[axis].place(value)) for axis, value in wanted.references]
    if len(lines) != len(found.references):
        yield f"{len(found.references)} reference lines are drawn; {len(lines)} are due"
    for (axis, place), (drawn, position) in zip(sorted(lines), sorted(found.references), strict=False):
        if axis != drawn or abs(place - position) > rounding:
            yield f"a reference line lies at {drawn} = {scale[drawn].value(position):.4g}; it belongs elsewhere"
    due = [(number, shape) for number, series in enumerate(wanted.series, 1) for shape in _due(series, wanted)]
    if [shape.kind for shape in found.shapes] != [shape.kind for _, shape in due]:
        yield f"drawn are {_kinds(found.shapes)}; due are {_kinds([shape for _, shape in due])}"
        return
    for (number, shape), drawn_shape in zip(due, found.shapes, strict=True):
        placed = [(scale["x"].place(x), scale["y"].place(y)) for x, y in shape.points]
        if (stray := _stray(shape.kind, placed, drawn_shape.points, rounding)) is not None:
            x, y = (scale[name].value(position) for name, position in zip("xy", stray, strict=True))
            yield f"series {number}: its {shape.kind} goes through ({x:.5g}, {y:.5g}), where the data have no point"


class _Ruler:
    """Between the values of one axis and places in a picture, by the ends of the drawn frame."""

    def __init__(self, found: Panel, wanted: PanelRow, index: int, name: str) -> None:
        self.start, self.length = found.low[index], found.high[index] - found.low[index]
        self.axis = Axis(wanted.scales[name], *wanted.limits[name], (), ())

    def place(self, value: float) -> float:
        return self.start + self.length * self.axis.place(value)

    def value(self, place: float) -> float:
        share = (place - self.start) / self.length if self.length else 0.0
        low, high = self.axis.low, self.axis.high
        return float(low * (high / low) ** share) if self.axis.scale == "log" else low + share * (high - low)


def _tick_problems(
    found: Sequence[tuple[float, str]], wanted: Sequence[tuple[float, str]], ruler: _Ruler, rounding: float
) -> Iterator[str]:
    shown, due = ([list(plain_numbers([label])) for _, label in ticks] for ticks in (found, wanted))
    if shown != due:
        yield f"ticks are labelled {[label for _, label in found]}; due are {[label for _, label in wanted]}"
        return
    for (position, _), (value, label) in zip(found, wanted, strict=True):
        if abs(position - ruler.place(value)) > rounding:
            yield f"the tick {label!r} lies at {ruler.value(position):.5g}"
        power = _POWER_OF_TEN.fullmatch(label)
        numbers = [f"1e{power[1]}"] if power else spelled(label)
        if not re.search("[A-Za-z]", re.sub(r"\\times", "", label)) and not rounds(numbers, value):
            yield f"the tick {label!r} stands for {value:.5g}"


def _due(series: SeriesRow, panel: PanelRow) -> Iterator[Shape]:
    """The shapes of a series in data units, in the order in which they are drawn."""
    points = list(zip(series.x, series.y, strict=True))
    spans = list(zip(series.x, series.lower, series.upper, strict=True)) if series.lower else []
    if series.style == "band":
        yield Shape("band", [(x, end) for x, *ends in spans for end in ends])
    if series.style == "bar":
        foot, half = max(0.0, panel.limits["y"][0]), panel.bar_width / 2
        yield from (Shape("bar", [(x - half, foot), (x + half, y)]) for x, y in points)
    if series.style in ("line", "both", "band"):
        yield Shape("line", points)
    if series.style != "band":
        yield from (Shape("span", [(x, low), (x, high)]) for x, low, high in spans)
    if series.style in ("marks", "both"):
        yield Shape("marks", points)


def _stray(kind: Kind, due: Sequence[Point], drawn: Sequence[Point], rounding: float) -> Point | None:
    """A drawn point that is not due, or a due one that is not drawn; a band's points may come in any order."""

    def near(a: Point, b: Point) -> bool:
        return abs(a[0] - b[0]) <= rounding and abs(a[1] - b[1]) <= rounding

    if kind == "band":
        lost = [a for a in due if not any(near(a, b) for b in drawn)]
        return next((b for b in drawn if not any(near(a, b) for a in due)), lost[0] if lost else None)
    if len(due) != len(drawn):
        return drawn[-1] if len(drawn) > len(due) else due[-1]
    return next((b for a, b in zip(due, drawn, strict=True) if not near(a, b)), None)


def _kinds(shapes: Sequence[Shape]) -> str:
    return ", ".join(shape.kind for shape in shapes) or "nothing"


def word_problems(found: Sequence[str], row: FigureRow) -> Iterator[str]:
    """Labels of a picture whose numbers are not those of the ledger's labels; labels may come in any order."""
    got = Counter(tuple(plain_numbers([text])) for text in found)
    due = Counter(tuple(plain_numbers([text])) for text in [*row.words, *row.tick_labels])
    for numbers in sorted(got.keys() | due.keys()):
        if numbers and got[numbers] != due[numbers]:
            yield f"{got[numbers]} of its labels hold {' '.join(numbers)}; {due[numbers]} are due"


def plain_numbers(texts: Iterable[str]) -> Iterator[str]:
    """Numbers as a picture shows them, where an exponent is a small number of its own."""
    for text in texts:
        yield from spelled(re.sub(r"[{}^_$]", "", unscripted(text)))
