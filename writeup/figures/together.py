"""Drawings and plots in one figure, beside or below each other.

Together([drawing, Plot(..., width=5)], gap=0.6)               # side by side, upper edges level
Together([drawing, Panels(...)], is_column=True)               # one below the other, left edges level
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from writeup.errors import WriteupError
from writeup.figures.canvas import Box, Canvas, Dots, Path, Point, Shape, Words
from writeup.figures.canvas_svg import print_svg
from writeup.figures.canvas_tikz import print_tikz
from writeup.figures.drawing import Drawing
from writeup.figures.layout import lay_out
from writeup.figures.plot import PanelsDescription, PlotDescription

Part = Drawing | PlotDescription | PanelsDescription


def panels_of(part: Part) -> PanelsDescription | None:
    """The panels of a plot; none of a drawing."""
    if isinstance(part, PlotDescription):
        return PanelsDescription((part,), width=part.width)
    return part if isinstance(part, PanelsDescription) else None


@dataclass(frozen=True)
class Together:
    """Parts in a row, or in a column, `gap` cm apart; together at most `max_width` cm wide."""

    parts: Sequence[Part]
    gap: float = 0.5
    is_column: bool = False
    max_width: float = 11.8

    def canvas(self) -> Canvas:
        """All parts on one canvas, the panels counted through."""
        whole = Canvas("together")
        x = y = width = height = 0.0
        count = 0
        for part in self.parts:
            panels = panels_of(part)
            if panels is None:
                assert isinstance(part, Drawing)
                part.check()
            canvas = lay_out(panels) if panels else part
            assert isinstance(canvas, Canvas)
            left, bottom, right, top = canvas.extent()
            whole.shapes += [_moved(shape, x - left, y - top, count) for shape in canvas.shapes]
            width, height = max(width, x + right - left), max(height, top - bottom - y)
            count += len(panels.plots) if panels else 0
            if self.is_column:
                y -= top - bottom + self.gap
            else:
                x += right - left + self.gap
        whole.size = (0.0, -height, width, 0.0)
        if width > self.max_width + 0.005:
            raise WriteupError(f"parts together are {width:.2f} cm wide; {self.max_width} cm are allowed (max_width)")
        return whole

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return print_tikz(self.canvas())

    def svg(self) -> str:
        """The same picture as SVG."""
        return print_svg(self.canvas())


def _moved(shape: Shape, dx: float, dy: float, panels: int) -> Shape:
    def at(point: Point) -> Point:
        return point[0] + dx, point[1] + dy

    name = re.sub(r"(?<=^panel-)\d+", lambda found: str(int(found[0]) + panels), shape.name)
    if isinstance(shape, Words):
        return replace(shape, at=at(shape.at), name=name)
    clip: Box | None = (*at(shape.clip[:2]), *at(shape.clip[2:])) if shape.clip else None
    if isinstance(shape, Dots):
        return replace(shape, points=tuple(map(at, shape.points)), clip=clip, name=name)
    assert isinstance(shape, Path)
    return replace(shape, steps=tuple(tuple(map(at, step)) for step in shape.steps), clip=clip, name=name)
