r"""Pictures read back: the words in them, and where their ticks and points lie.

A plot is measured as a reader with a ruler would: its frame gives the scale, and every tick and point is where the
ledger's data say, within the rounding of the drawing. `Panel` is what either picture, TikZ or SVG, says of one plot:
both are lists of named shapes (`layout.py` names them), TikZ's in comments, SVG's in ids.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from writeup.figures.axes import Axis
from writeup.figures.canvas import Point
from writeup.text.numerals import rounds, spelled, unscripted
from writeup.trust.ledger import FigureRow, PanelRow

_NODE = re.compile(r"\bnode\b\s*(?:\[(?:[^\[\]]|\[[^\]]*\])*\])?\s*(?:\([^)]*\))?\s*(?:at\s*\([^)]*\))?\s*(?=\{)")
_PAIR = re.compile(r"\((-?[\d.]+),(-?[\d.]+)\)")
_NAMED = re.compile(r"^(.*;(?:\\end\{scope\})?) % (\S+)$", re.MULTILINE)
_PANEL = re.compile(r"panel-(\d+)-(frame|tick|ticklabel|reference|series)(?:-(.*))?")
_POWER_OF_TEN = re.compile(r"\$10\^\{(-?\d+)\}\$")


class Named(NamedTuple):
    """A shape as a picture has it: its name, its points, or what it says."""

    name: str
    points: list[Point]
    text: str = ""


@dataclass(frozen=True)
class Shape:
    """One path of a series, counted from 1, in the picture's own units: a curve, a bar (two opposite corners), ..."""

    number: int
    kind: str
    points: list[Point]


@dataclass(frozen=True)
class Panel:
    """What a picture shows of one plot, in its own units: the corners of the frame where both axes are low and where
    both are high, ticks (position, label), reference lines (axis, position), and shapes in the order drawn."""

    low: Point
    high: Point
    ticks: dict[str, list[tuple[float, str]]]
    references: list[tuple[str, float]] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)


def tikz_labels(tikz: str) -> list[str]:
    """The text of every node of a picture, as TeX, in the order in which they are set."""
    return [_group(tikz, found.end()) for found in _NODE.finditer(tikz)]


def tikz_panels(tikz: str) -> list[Panel]:
    """The panels of a plot; units are centimetres."""
    shapes = []
    for line, name in _NAMED.findall(tikz):
        if line.startswith(r"\node"):
            shapes.append(Named(name, [], tikz_labels(line)[0]))
        else:  # the clipping rectangle stands before the path
            pairs = _PAIR.findall(line.rpartition(r"\path")[2])
            shapes.append(Named(name, [(float(x), float(y)) for x, y in pairs]))
    return panels_of(shapes)


def panels_of(shapes: Iterable[Named]) -> list[Panel]:
    """The panels that named shapes make up."""
    parts: dict[int, dict[str, list[Named]]] = defaultdict(lambda: defaultdict(list))
    for shape in shapes:
        if found := _PANEL.fullmatch(shape.name):
            parts[int(found[1])][found[2]].append(Named(found[3] or "", shape.points, shape.text))
    return [_panel(parts[number]) for number in sorted(parts)]


def _panel(parts: dict[str, list[Named]]) -> Panel:
    frame = parts["frame"][0].points if parts["frame"] else [(0.0, 0.0)] * 3
    labels: dict[str, list[str]] = defaultdict(list)  # a label of several lines is several shapes
    for label in parts["ticklabel"]:
        labels[label.name].append(label.text)
    ticks: dict[str, list[tuple[float, str]]] = {"x": [], "y": []}
    for tick in parts["tick"]:
        axis = tick.name[0]
        ticks[axis].append((tick.points[0]["xy".index(axis)], "\n".join(labels[tick.name])))
    references = [(line.name[0], line.points[0]["xy".index(line.name[0])]) for line in parts["reference"]]
    shapes = []
    for shape in parts["series"]:
        number, kind, _ = shape.name.split("-")
        shapes.append(Shape(int(number) + 1, kind, shape.points))
    return Panel(frame[1], (frame[2][0], frame[0][1]), ticks, references, shapes)


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
        named = name in wanted.categories
        yield from _tick_problems(found.ticks[name], wanted.ticks[name], ruler, rounding, named)
    lines = [(axis, scale[axis].place(value)) for axis, value in wanted.references]
    if len(lines) != len(found.references):
        yield f"{len(found.references)} reference lines are drawn; {len(lines)} are due"
    for (axis, place), (drawn, position) in zip(sorted(lines), sorted(found.references), strict=False):
        if axis != drawn or abs(place - position) > rounding:
            yield f"a reference line lies at {drawn} = {scale[drawn].value(position):.4g}; it belongs elsewhere"
    due = [Shape(row.number, row.kind, row.points) for row in wanted.series]
    if _kinds(found.shapes) != _kinds(due):
        yield f"drawn are {_kinds(found.shapes)}; due are {_kinds(due)}"
        return
    for shape, drawn_shape in zip(due, found.shapes, strict=True):
        placed = [(scale["x"].place(x), scale["y"].place(y)) for x, y in shape.points]
        if (stray := _stray(placed, drawn_shape.points, rounding)) is not None:
            x, y = (scale[name].value(position) for name, position in zip("xy", stray, strict=True))
            where = f"({x:.5g}, {y:.5g}), where the data have no point"
            yield f"series {shape.number}: its {shape.kind} goes through {where}"


class _Ruler:
    """Between the values of one axis and places in a picture, by the ends of the drawn frame."""

    def __init__(self, found: Panel, wanted: PanelRow, index: int, name: str) -> None:
        self.start, self.length = found.low[index], found.high[index] - found.low[index]
        self.axis = Axis(wanted.scales[name], *wanted.limits[name], (), ())

    def place(self, value: float) -> float:
        return self.start + self.length * self.axis.place(value)

    def value(self, place: float) -> float:
        return self.axis.value((place - self.start) / self.length if self.length else 0.0)


def _tick_problems(
    found: Sequence[tuple[float, str]],
    wanted: Sequence[tuple[float, str]],
    ruler: _Ruler,
    rounding: float,
    named: bool,
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
        if (
            label
            and not named
            and not re.search("[A-Za-z]", re.sub(r"\\times", "", label))
            and not rounds(numbers, value)
        ):
            yield f"the tick {label!r} stands for {value:.5g}"


def _stray(due: Sequence[Point], drawn: Sequence[Point], rounding: float) -> Point | None:
    """A drawn point that is not due, or a due one that is not drawn."""
    if len(due) != len(drawn):
        return drawn[-1] if len(drawn) > len(due) else due[-1]
    strays = (b for a, b in zip(due, drawn, strict=True) if max(abs(a[0] - b[0]), abs(a[1] - b[1])) > rounding)
    return next(strays, None)


def _kinds(shapes: Sequence[Shape]) -> str:
    return ", ".join(f"{shape.kind} {shape.number}" for shape in shapes) or "nothing"


def word_problems(found: Sequence[str], row: FigureRow) -> Iterator[str]:
    """Labels of a picture whose numbers are not those of the ledger's labels; labels may come in any order."""
    got = Counter(tuple(plain_numbers([text])) for text in found)
    lines = [line for label in row.tick_labels for line in label.split("\n")]
    due = Counter(tuple(plain_numbers([text])) for text in [*row.words, *lines])
    for numbers in sorted(got.keys() | due.keys()):
        if numbers and got[numbers] != due[numbers]:
            yield f"{got[numbers]} of its labels hold {' '.join(numbers)}; {due[numbers]} are due"


def plain_numbers(texts: Iterable[str]) -> Iterator[str]:
    """Numbers as a picture shows them, where an exponent is a small number of its own."""
    for text in texts:
        yield from spelled(re.sub(r"[{}^_$]", "", unscripted(text)))
