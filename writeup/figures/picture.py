"""A figure as the ledger keeps it: its words, and of a plot the ticks and the points.

So a picture can be read back without the code that drew it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from writeup.figures.diagram import DiagramDescription
from writeup.figures.plot import PanelsDescription, PlotDescription, Series
from writeup.trust.ledger import FigureRow, PanelRow, SeriesRow

DIGITS = 9  # kept of a coordinate: more than any picture resolves


def row_of(name: str, file: str, drawn: Any) -> FigureRow:
    """`drawn` is a `Plot`, `Panels` or `Diagram`; of any other figure only its name is kept."""
    words: list[str] = []
    plots: list[PlotDescription] = []
    if isinstance(drawn, DiagramDescription):
        words = [f"{node.label}\n{node.detail}" for node in drawn.nodes]
        words += [edge.label for edge in drawn.edges] + [group.label for group in drawn.groups]
    elif isinstance(drawn, (PlotDescription, PanelsDescription)):
        panels = drawn if isinstance(drawn, PanelsDescription) else PanelsDescription((drawn,))
        plots = list(panels.plots)
        words = [text for plot in plots for text in _words(plot)]
        words += [series.label for series in panels.shared_legend()]
    return FigureRow(name=name, file=file, words=[w for w in words if w], panels=[_panel(plot) for plot in plots])


def _words(plot: PlotDescription) -> Iterator[str]:
    yield from (plot.title, plot.x_label, plot.y_label)
    yield from (reference.label for reference in plot.references)
    if plot.legend not in ("below", "none"):
        yield from (series.label for series in plot.series)


def _panel(plot: PlotDescription) -> PanelRow:
    axes = dict(zip("xy", plot.axes(), strict=True))
    return PanelRow(
        scales={name: axis.scale for name, axis in axes.items()},
        limits={name: (axis.low, axis.high) for name, axis in axes.items()},
        ticks=plot.ticks(),
        bar_width=plot.drawn_bar_width,
        references=[(reference.axis, reference.value) for reference in plot.references],
        series=[_series(plot, series) for series in plot.series],
    )


def _series(plot: PlotDescription, series: Series) -> SeriesRow:
    shift = plot.shift(series)
    return SeriesRow(
        style=series.style,
        x=[_short(x + shift) for x in series.x],
        y=[_short(y) for y in series.y],
        lower=[_short(low) for _, low, _ in series.spans],
        upper=[_short(high) for _, _, high in series.spans],
    )


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
