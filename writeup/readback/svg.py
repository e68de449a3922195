"""An SVG drawn by `canvas_svg.py` read back: the words from its outlines' names, the points from its paths."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import matplotlib
from matplotlib.ft2font import FT2Font

from writeup.figures.canvas import Point
from writeup.readback.figures import Named, Panel, panels_of

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_WORD = re.compile(r"word-(\d+)-\d+-?(.*)")  # line, piece of it in one font, name


def svg_words(svg: str) -> list[str]:
    """Every line of text of the picture."""
    return [text for _, text in _lines(ElementTree.fromstring(svg))]


def svg_panels(svg: str) -> list[Panel]:
    """The panels of a plot; units are points, y counts downwards."""
    picture = ElementTree.fromstring(svg)
    words = [Named(name, [], text) for name, text in _lines(picture)]
    groups = [group for group in picture.iter(f"{_SVG}g") if group.attrib.get("id", "").startswith("panel-")]
    return panels_of([*words, *(Named(group.attrib["id"], _points(group)) for group in groups)])


def _lines(picture: Element) -> Iterator[tuple[str, str]]:
    """Name and text of each line, whose pieces follow each other."""
    lines: dict[tuple[str, str], str] = {}
    for group in picture.iter(f"{_SVG}g"):
        if found := _WORD.fullmatch(group.attrib.get("id", "")):
            key = (found[1], found[2])
            lines[key] = lines.get(key, "") + _word(group)
    return ((name, text) for (_, name), text in lines.items())


def _points(group: Element) -> list[Point]:
    """Where marks are used, or the corners of the path."""
    if uses := list(group.iter(f"{_SVG}use")):
        return [(float(use.attrib["x"]), float(use.attrib["y"])) for use in uses]
    path = group.find(f"{_SVG}path")
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.attrib["d"] if path is not None else "")]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


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
