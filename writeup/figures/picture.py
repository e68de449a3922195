"""A figure as the ledger keeps it: its words, and of a plot the ticks and the shapes in data units.

So a picture can be read back without the code that drew it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from writeup.figures.drawing import Drawing
from writeup.figures.pieces import pieces
from writeup.figures.plot import PanelsDescription, PlotDescription
from writeup.trust.ledger import FigureRow, PanelRow, SeriesRow

DIGITS = 9  # kept of a coordinate: more than any picture resolves
ROUND = 5  # digits up to which a coordinate may be a fact's by chance


@dataclass(frozen=True)
class Drawn:
    """A figure that was drawn before: its row and its SVG."""

    row: FigureRow
    picture: str

    def svg(self) -> str:
        return self.picture


def row_of(name: str, file: str, drawn: Any) -> FigureRow:
    """`drawn` is a `Drawing`, `Plot` or `Panels`; of any other figure only its name is kept."""
    if isinstance(drawn, Drawn):
        return drawn.row.model_copy(update={"name": name, "file": file})
    row = FigureRow(name=name, file=file, words=[], panels=[])
    if isinstance(drawn, Drawing):
        row.words += [line.text for line in drawn.words]
    elif isinstance(drawn, (PlotDescription, PanelsDescription)):
        panels = drawn if isinstance(drawn, PanelsDescription) else PanelsDescription((drawn,), width=drawn.width)
        words: list[str] = []
        for number, plot in enumerate(panels.plots):
            is_labelled = not panels.share_y or number % panels.across == 0
            words += _words(plot, is_labelled)
            row.panels.append(_panel(plot, is_labelled))
        words += [series.label for series in panels.shared_legend()]
        row.words += [line for text in words for line in text.split("\n") if line]
    return row


def _words(plot: PlotDescription, is_labelled: bool) -> Iterator[str]:
    yield from (plot.title, plot.x_label, plot.y_label if is_labelled else "")
    yield from (reference.label for reference in plot.references)
    if plot.legend == "direct":
        yield from (series.label for series in plot.series)


def _panel(plot: PlotDescription, is_labelled: bool) -> PanelRow:
    axes = dict(zip("xy", plot.axes(), strict=True))
    ticks = plot.ticks()
    if not is_labelled:
        ticks["y"] = [(tick, "") for tick, _ in ticks["y"]]
    return PanelRow(
        scales={name: axis.scale for name, axis in axes.items()},
        categories=[name for name, of in zip("xy", (plot.x_categories, plot.y_categories), strict=True) if of],
        limits={name: (axis.low, axis.high) for name, axis in axes.items()},
        ticks=ticks,
        references=[(reference.axis, reference.value) for reference in plot.references],
        series=[
            SeriesRow(number=number, kind=piece.kind, points=[(_short(x), _short(y)) for x, y in piece.points])
            for number, series in enumerate(plot.series, 1)
            for piece in pieces(plot, series)
        ],
    )


def _short(value: float) -> float:
    return float(key(value))


def key(*values: float) -> str:
    """Numbers to every digit that is kept, by which a point, or the ends of an interval, are told to be a fact."""
    return " ".join(f"{value:.{DIGITS}g}" for value in values)


def is_round(value: float) -> bool:
    """Whether a number proves nothing: a point at 20 can be anything."""
    return len(key(value).strip("-0.").replace(".", "")) <= ROUND
