"""Plots drawn by matplotlib as SVG: white ground, text as outlines, the same bytes on every run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from writeup.errors import WriteupError
from writeup.figures.plot import Look, PanelsDescription, PlotDescription, Reference, Series

CENTIMETRE = 1 / 2.54  # inches
LEGEND_ROW = 0.5  # cm
SETTINGS: dict[str, Any] = {
    "path.simplify": False,  # every point of a curve stays, so that it can be read back
    "svg.hashsalt": "writeup",  # otherwise ids in the file are drawn at random
    "svg.fonttype": "path",  # every reader sees the same letters, with or without the font
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_svg(panels: PanelsDescription) -> str:
    """The SVG; raises `WriteupError` for math in a label that matplotlib cannot set."""
    looks, entries = panels.looks(), panels.shared_legend()
    legend_height = LEGEND_ROW * -(-len(entries) // panels.legend_columns())
    height = max(plot.height for plot in panels.plots) + legend_height
    # Matplotlib's defaults, whatever the user's own matplotlibrc says; the backend is not ours to change.
    defaults: dict[Any, Any] = {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"}
    with matplotlib.rc_context(defaults | SETTINGS):
        figure = Figure((panels.width * CENTIMETRE, height * CENTIMETRE), facecolor="white", layout="constrained")
        FigureCanvasSVG(figure)
        areas = figure.subplots(1, len(panels.plots), squeeze=False, width_ratios=[p.width for p in panels.plots])[0]
        handles: dict[str, Any] = {}
        for number, (plot, area) in enumerate(zip(panels.plots, areas, strict=True)):
            area.set_gid(f"panel-{number}")
            handles = _draw(plot, area, looks) | handles  # the legend shows a label as its first panel does
        if entries:
            figure.legend(
                [handles[series.label] for series in entries],
                [series.label for series in entries],
                loc="outside lower center",
                ncols=panels.legend_columns(),
                frameon=False,
            )
        out = io.StringIO()
        try:
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        except ValueError as error:  # mathtext's own message shows the label and the place in it
            raise WriteupError(f"plot of {panels.plots[0].y_label!r}: {error}") from error
    return out.getvalue()


def _draw(plot: PlotDescription, area: Any, looks: Mapping[str, Look]) -> dict[str, Any]:
    """Draw `plot` into a matplotlib axes; returns what the legend shows for each label."""
    x_axis, y_axis = plot.axes()
    area.set(xscale=x_axis.scale, yscale=y_axis.scale, xlabel=plot.x_label, ylabel=plot.y_label, title=plot.title)
    area.grid(color="#DDDDDD", linewidth=0.5)
    area.set_axisbelow(True)
    for number, reference in enumerate(plot.references):
        _draw_reference(reference, area).set_gid(f"reference-{reference.axis}-{number}")
    handles = {}
    for number, series in enumerate(plot.series):
        handles[series.label] = _draw_series(plot, series, looks[series.label], area, f"series-{number}")
    area.set_xticks(x_axis.ticks, [_number(text) for text in x_axis.labels])
    area.set_yticks(y_axis.ticks, [_number(text) for text in y_axis.labels])
    for axis in (area.xaxis, area.yaxis):
        axis.set_minor_formatter(NullFormatter())  # a short log axis would label its small ticks, unlike the TeX
    # Limits last: drawing and ticks change them.
    area.set(xlim=(x_axis.low, x_axis.high), ylim=(y_axis.low, y_axis.high))
    area.tick_params(which="major", length=2, width=0.5)
    area.tick_params(which="minor", length=0)
    if plot.legend not in ("below", "none"):
        vertical, horizontal = plot.legend.split()
        where = f"{'upper' if vertical == 'north' else 'lower'} {'right' if horizontal == 'east' else 'left'}"
        named = [series.label for series in plot.series if series.label]
        area.legend([handles[label] for label in named], named, loc=where, framealpha=0.85, edgecolor="none")
    return handles


def _draw_series(plot: PlotDescription, series: Series, look: Look, area: Any, name: str) -> Any:
    """Draw `series`; each of its parts is called `name` and what it is, for whoever reads the picture back."""
    colour = f"#{look.colour}"
    x = [value + plot.shift(series) for value in series.x]
    if series.style == "bar":
        handle = area.bar(x, series.y, plot.drawn_bar_width, color=colour)
        for number, bar in enumerate(handle):
            bar.set_gid(f"{name}-bar-{number}")
    else:
        dashes = (0, look.dashes) if look.dashes else "-"
        (handle,) = area.plot(
            x,
            series.y,
            color=colour,
            linewidth=1.2,
            linestyle="none" if series.style == "marks" else dashes,
            marker=look.matplotlib_mark if series.style in ("marks", "both") else "none",
            markersize=4,
            gid=f"{name}-line",
        )
    if series.style == "band":
        band = area.fill_between(x, series.lower, series.upper, color=colour, alpha=0.18, linewidth=0)
        band.set_gid(f"{name}-band")
    elif series.spans:
        below = [y - low for y, (_, low, _) in zip(series.y, series.spans, strict=True)]
        above = [high - y for y, (_, _, high) in zip(series.y, series.spans, strict=True)]
        ends = "#333333" if series.style == "bar" else colour
        bars = area.errorbar(x, series.y, yerr=[below, above], fmt="none", ecolor=ends, elinewidth=0.8, capsize=2)
        bars.lines[2][0].set_gid(f"{name}-span")
    return handle


def _draw_reference(reference: Reference, area: Any) -> Any:
    """Draw the line with its label; returns the line."""
    is_level = reference.axis == "y"
    line = (area.axhline if is_level else area.axvline)(reference.value, color="#666666", linewidth=0.7, zorder=1.5)
    area.annotate(
        reference.label,
        (1, reference.value) if is_level else (reference.value, 1),
        xycoords=area.get_yaxis_transform() if is_level else area.get_xaxis_transform(),
        xytext=(-2, 2) if is_level else (-2, -2),
        textcoords="offset points",
        horizontalalignment="right",
        verticalalignment="bottom" if is_level else "top",
        rotation=0 if is_level else 90,
        fontsize=7,
        color="#555555",
    )
    return line


def _number(label: str) -> str:
    return label if "$" in label else label.replace("-", "\N{MINUS SIGN}", 1) if label.startswith("-") else label
