"""An SVG drawn by `plot_svg.py` read back: the words from its outlines' names, the points from its paths."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import matplotlib
from matplotlib.ft2font import FT2Font

from writeup.readback.figures import Kind, Panel, Point, Shape

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_SERIES = re.compile(r"series-(\d+)-(band|bar|line|span)(?:-(\d+))?")
_DRAWN: tuple[Kind, ...] = ("band", "bar", "line", "span", "marks")  # the order of the shapes of one series


def svg_words(svg: str) -> list[str]:
    """Every text of the picture."""
    return [_word(group) for group in _groups(ElementTree.fromstring(svg), r"text_\d+")]


def svg_panels(svg: str) -> list[Panel]:
    """The panels of a plot; units are points, y counts downwards."""
    return [_panel(group) for group in _groups(ElementTree.fromstring(svg), r"panel-\d+")]


def _panel(group: Element) -> Panel:
    corners = _path(next(_groups(group, r"patch_\d+")).find(f"{_SVG}path"))
    xs, ys = ([corner[axis] for corner in corners] for axis in (0, 1))
    ticks: dict[str, list[tuple[float, str]]] = {"x": [], "y": []}
    for name, places in ticks.items():
        for tick in _groups(group, rf"{name}tick_\d+"):
            for text in _groups(tick, r"text_\d+"):  # the small ticks of a log axis have none
                places.append((_path(tick.find(f".//{_SVG}path"))[0]["xy".index(name)], _word(text)))
    references = []
    for line in _groups(group, r"reference-[xy]-\d+"):
        axis = line.attrib["id"].split("-")[1]
        references.append((axis, _path(line.find(f"{_SVG}path"))[0]["xy".index(axis)]))
    shapes: list[tuple[tuple[int, int, int], Shape]] = []
    for part in _groups(group, _SERIES.pattern):
        found = _SERIES.fullmatch(part.attrib["id"])
        assert found is not None
        kind: Kind = found[2]  # type: ignore[assignment] # one of the four that the pattern names
        for number, path in enumerate(part.iter(f"{_SVG}path") if kind == "band" else part.findall(f"{_SVG}path")):
            points = _path(path)
            if kind == "band":  # kept under <defs> and then used, shifted
                use = part.find(f".//{_SVG}use")
                points = [(x + _number(use, "x"), y + _number(use, "y")) for x, y in points]
            place = (int(found[1]), _DRAWN.index(kind), int(found[3] or number))
            shapes.append((place, Shape(kind, [points[0], points[2]] if kind == "bar" else points)))
        if kind == "line" and (marks := [(_number(use, "x"), _number(use, "y")) for use in part.iter(f"{_SVG}use")]):
            shapes.append(((int(found[1]), _DRAWN.index("marks"), 0), Shape("marks", marks)))
    in_order = [shape for _, shape in sorted(shapes, key=lambda placed: placed[0])]
    return Panel((min(xs), max(ys)), (max(xs), min(ys)), ticks, references, in_order)


def _groups(element: Element, pattern: str) -> Iterator[Element]:
    """The groups below `element` whose id is of a pattern."""
    return (group for group in element.iter(f"{_SVG}g") if re.fullmatch(pattern, group.attrib.get("id", "")))


def _path(path: Element | None) -> list[Point]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.attrib["d"] if path is not None else "")]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _number(element: Element | None, name: str) -> float:
    return float(element.attrib.get(name, "nan")) if element is not None else float("nan")


def _word(group: Element) -> str:
    """The characters whose outlines a text uses; each outline is named by its font and its place in it."""
    named = (use.attrib[_LINK].lstrip("#").rpartition("-") for use in group.iter(f"{_SVG}use"))
    return "".join(_characters(font).get(int(place, 16), "?") for font, _, place in named)


@cache
def _characters(font: str) -> dict[int, str]:
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    if not file.is_file():
        return {}
    return {place: chr(code) for code, place in FT2Font(str(file)).get_charmap().items()}
