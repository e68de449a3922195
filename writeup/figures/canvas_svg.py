"""A canvas printed as SVG by matplotlib: white ground, text as outlines, the same bytes on every run."""

from __future__ import annotations

import io
import math
from typing import Any

import matplotlib
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from writeup.figures.canvas import Canvas, Dots, Path, Words
from writeup.figures.lettering import font_of, run_width, runs
from writeup.figures.palette import hexadecimal
from writeup.text.numerals import minus

INCH = 2.54  # cm
SETTINGS: dict[str, Any] = {
    "path.simplify": False,  # every point of a curve stays, so that it can be read back
    "svg.hashsalt": "writeup",  # otherwise ids in the file are drawn at random
    "svg.fonttype": "path",  # every reader sees the same letters, with or without the font
}


def print_svg(canvas: Canvas) -> str:
    """The SVG."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # slow to import, and only a build prints
    from matplotlib.figure import Figure

    left, bottom, right, top = canvas.extent()
    # Matplotlib's defaults, whatever the user's own matplotlibrc says; the backend is not ours to change.
    defaults: dict[Any, Any] = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    with matplotlib.rc_context(defaults | SETTINGS):
        figure = Figure(((right - left) / INCH, (top - bottom) / INCH), facecolor="white")
        FigureCanvasSVG(figure)
        area: Any = figure.add_axes((0, 0, 1, 1))
        area.set(xlim=(left, right), ylim=(bottom, top))
        area.set_axis_off()
        for order, shape in enumerate(canvas.shapes):
            if isinstance(shape, Words):
                _words(shape, area, order)
            else:
                made = _path(shape, area) if isinstance(shape, Path) else _dots(shape, area)
                made.set(zorder=2 + order * 1e-5, gid=shape.name or f"shape-{order}", clip_on=shape.clip is not None)
                if shape.clip is not None:
                    x, y, right_end, top_end = shape.clip
                    made.set_clip_path(Rectangle((x, y), right_end - x, top_end - y, transform=area.transData))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _colour(name: str) -> str:
    return f"#{hexadecimal(name)}" if name else "none"


def _path(path: Path, area: Any) -> Any:
    points = [point for step in path.steps for point in step]
    codes = [code for step in path.steps for code in ([Outline.CURVE4] * 3 if len(step) == 3 else [Outline.LINETO])]
    codes[0] = Outline.MOVETO
    if path.closed:
        points, codes = [*points, points[0]], [*codes, Outline.CLOSEPOLY]
    patch = PathPatch(
        Outline(points, codes),
        facecolor=_colour(path.fill),
        edgecolor=_colour(path.stroke),
        linewidth=path.weight if path.stroke else 0,
        linestyle=(0, [length / path.weight for length in path.dashes]) if path.dashes else "-",
        joinstyle="round",
        capstyle="butt",
    )
    return area.add_patch(patch)


def _dots(dots: Dots, area: Any) -> Any:
    (line,) = area.plot(
        *zip(*dots.points, strict=True),
        linestyle="none",
        marker=dots.mark,
        markersize=2 * dots.size,
        markerfacecolor=_colour(dots.fill),
        markeredgecolor=_colour(dots.stroke),
        markeredgewidth=0.7 if dots.stroke else 0,
    )
    return line


def _words(words: Words, area: Any, order: int) -> None:
    """Each run beside the one before: matplotlib's text has one font."""
    pieces = runs(words.text, words.bold)
    widths = [run_width(run, words.size) for run in pieces]
    angle = math.radians(words.turn)
    offset = sum(widths) * {"left": 0.0, "middle": -0.5, "right": -1.0}[words.align]
    for number, (run, width) in enumerate(zip(pieces, widths, strict=True)):
        area.text(
            words.base[0] + offset * math.cos(angle),
            words.base[1] + offset * math.sin(angle),
            f"${run.text}$" if run.kind == "math" else minus(run.text),
            fontproperties=font_of(run.kind, words.size),
            color=_colour(words.colour),
            rotation=words.turn,
            rotation_mode="anchor",
            horizontalalignment="left",
            verticalalignment="baseline",
            zorder=5,
            gid=f"word-{order}-{number}" + (f"-{words.name}" if words.name else ""),
        )
        offset += width
