"""A figure as the ledger keeps it: its words, and of a plot the ticks and the points.

So a picture can be read back without the code that drew it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from writeup.diagram import DiagramDescription
from writeup.ledger import FigureRow, PanelRow, SeriesRow
from writeup.plot import PanelsDescription, PlotDescription, Series

DIGITS = 9  # kept of a coordinate: more than any picture resolves


def row_of(name: str, file: str, drawn: Any) -> FigureRow:
    """`drawn` is a `Plot`, `Panels` or `Diagram`; of any other figure only its name is kept."""
    plots: list[PlotDescription] = []
    if isinstance(drawn, PanelsDescription):
        plots = list(drawn.plots)
    elif isinstance(drawn, PlotDescription):
        plots = [drawn]
    words = list(_diagram_words(drawn)) if isinstance(drawn, DiagramDescription) else []
    words += [text for plot in plots for text in _plot_words(plot)]
    return FigureRow(name=name, file=file, words=words, panels=[_panel(plot) for plot in plots])


def _diagram_words(diagram: DiagramDescription) -> Iterator[str]:
    for node in diagram.nodes:
        yield from (node.label, node.detail)
    yield from (edge.label for edge in diagram.edges)
    yield from (group.label for group in diagram.groups)


def _plot_words(plot: PlotDescription) -> Iterator[str]:
    yield from (plot.title, plot.x_label, plot.y_label)
    yield from (series.label for series in plot.series)
    yield from (reference.label for reference in plot.references)


def _panel(plot: PlotDescription) -> PanelRow:
    return PanelRow(
        ticks=plot.ticks(),
        scales={"x": plot.x_scale, "y": plot.y_scale},
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
