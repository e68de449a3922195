"""Plots as data: series over one pair of axes, several such panels in a grid, and the looks they share.

    Plot([Series("LSTM", epochs, mean, low, high, "both", colour="lstm")], "epoch", "validation perplexity")

`pieces.py` says which shapes that is; `layout.py` puts them on a canvas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from writeup.errors import WriteupError
from writeup.figures.axes import Axis, Scale, fit_axis
from writeup.figures.lettering import line_width
from writeup.figures.palette import hexadecimal

TICK_ROOM = 0.75  # cm that a tick of the y axis has for itself
ORDER = ("lstm", "gru", "green", "pink", "amber", "sky", "ink", "grey")  # of series that name no colour
Style = Literal["line", "marks", "both", "dots", "dumbbell"]
Ticks = dict[str, list[tuple[float, str]]]  # position and label of every tick, for "x" and "y"


@dataclass(frozen=True)
class Series:
    """One curve, set of marks or rows; `lower` and `upper` are the ends of intervals.

    "dots" are faint and small, for single seeds. A "dumbbell" joins an open mark at `lower` and a full one at `upper`
    in the row `y`. A label may hold `$...$`; a series without one is not labelled. Values beyond the limits, also
    infinite ones, are open marks at the rim. `label_at`, in data units, is where a direct label begins.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    style: Style = "line"
    colour: str = ""
    dashed: bool = False
    weight: float = 1.1
    mark: Literal["o", "s", "^", "D", "x"] = "o"
    label_at: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        columns = [column for column in (self.x, self.y, self.lower, self.upper) if column is not None]
        lengths = {len(column) for column in columns}
        if len(lengths) != 1 or lengths == {0}:
            raise WriteupError(
                f"series {self.label!r}: columns of lengths {sorted(lengths)}; all are equal, and not empty"
            )
        if (self.lower is None) != (self.upper is None) or (self.style == "dumbbell" and not self.spans):
            raise WriteupError(f"series {self.label!r}: lower and upper come together, and a {self.style} needs both")
        if any(math.isnan(value) for column in columns for value in column):
            raise WriteupError(f"series {self.label!r}: a value is not a number (nan); leave it out")
        if self.colour:
            hexadecimal(self.colour)

    @property
    def spans(self) -> list[tuple[float, float, float]]:
        """(x, lower, upper) of every interval, or (y, lower, upper) of a dumbbell's, along x; empty without them."""
        if self.lower is None or self.upper is None:
            return []
        return list(zip(self.y if self.style == "dumbbell" else self.x, self.lower, self.upper, strict=True))


@dataclass(frozen=True)
class Reference:
    """A thin straight line at `value` on one axis.

    A level one's label ends at `place` (0 to 1) of its way, an upright one's stands above the axes.
    """

    value: float
    label: str = ""
    axis: Literal["x", "y"] = "y"
    colour: str = "dim"
    dashed: bool = False
    place: float = 1.0


@dataclass(frozen=True)
class PlotDescription:
    """Series over one pair of axes. `width` and `height` in cm are those of the whole picture less a legend below.

    `x_categories` names x = 0, 1, ... from the left; `y_categories` names y = 0, 1, ... from the top.
    """

    series: Sequence[Series]
    x_label: str
    y_label: str
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    legend: Literal["direct", "below", "none"] = "direct"
    references: Sequence[Reference] = ()
    x_ticks: Sequence[float] | None = None
    x_tick_labels: Sequence[str] | None = None
    y_ticks: Sequence[float] | None = None
    y_tick_labels: Sequence[str] | None = None
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_categories: Sequence[str] = ()
    y_categories: Sequence[str] = ()
    title: str = ""
    width: float = 11.8
    height: float = 6.0

    def __post_init__(self) -> None:
        if not self.series:
            raise WriteupError(f"plot of {self.y_label!r}: no series; it needs at least one")
        if self.legend not in ("direct", "below", "none"):
            raise WriteupError(f"plot of {self.y_label!r}: legend {self.legend!r}; it is direct, below or none")
        if not (self.width > 0 and self.height > 0):
            raise WriteupError(f"plot of {self.y_label!r}: {self.width:g} by {self.height:g} cm; both are positive")
        self.axes()

    def axes(self) -> tuple[Axis, Axis]:
        """The x axis and the y axis."""
        along = [x for s in self.series for x in s.x if s.style != "dumbbell"]
        up = [y for s in self.series for y in s.y]
        for series in self.series:
            (along if series.style == "dumbbell" else up).extend(end for _, *ends in series.spans for end in ends)
        along += [r.value for r in self.references if r.axis == "x"]
        up += [r.value for r in self.references if r.axis == "y"]
        return self._axis("x", along), self._axis("y", up)

    def _axis(self, name: Literal["x", "y"], values: list[float]) -> Axis:
        categories, limits, scale, ticks, labels = (
            getattr(self, f"{name}_{part}") for part in ("categories", "limits", "scale", "ticks", "tick_labels")
        )
        if categories:
            ends = (-0.5, len(categories) - 0.5)
            if any(not ends[0] <= value <= ends[1] for value in values):
                raise WriteupError(f"plot of {self.y_label!r}: {len(categories)} {name} categories, values {values}")
            axis = Axis("linear", *ends, tuple(map(float, range(len(categories)))), tuple(categories))
            return replace(axis, low=axis.high, high=axis.low) if name == "y" else axis  # the first row on top
        if limits:  # what lies beyond them does not matter
            values = [value for value in values if math.isfinite(value) and (scale != "log" or value > 0)] or [*limits]
        is_up = name == "y"
        room = max(2, int(self.height / TICK_ROOM)) if is_up else 6
        for count in range(min(room, 6), 0, -1):
            axis = fit_axis(
                values, scale, limits, ticks, labels, margin=0.06 if is_up else 0.03, name=f"{name} axis",
                room=count,
            )  # fmt: skip
            if is_up or ticks is not None or self._fits(axis):
                break
        return axis

    def _fits(self, axis: Axis) -> bool:
        """Whether the labels of an x axis stand apart; 2 cm are set aside for those of y."""
        placed = [
            (axis.place(t) * (self.width - 2), line_width(text))
            for t, text in zip(axis.ticks, axis.labels, strict=True)
        ]
        return all(b - a > (wide + wider) / 2 + 0.2 for (a, wide), (b, wider) in pairwise(placed))

    def ticks(self) -> Ticks:
        """Position and label of every tick, for "x" and "y"."""
        return {n: list(zip(a.ticks, a.labels, strict=True)) for n, a in zip("xy", self.axes(), strict=True)}


@dataclass(frozen=True)
class PanelsDescription:
    """Plots in a grid of `columns` (all in one row unless told), `gap` cm apart, together `width` cm wide.

    Panels are equally wide. With `share_y` those of a row have one y axis, labelled once. Those with their legend
    "below" share one.
    """

    plots: Sequence[PlotDescription]
    columns: int | None = None
    width: float = 11.8
    gap: float = 0.5
    share_y: bool = False

    def __post_init__(self) -> None:
        if not self.plots:
            raise WriteupError("no panels; at least one is needed")
        object.__setattr__(self, "plots", self._fitted())

    @property
    def across(self) -> int:
        """The number of columns."""
        return self.columns or len(self.plots)

    def _fitted(self) -> list[PlotDescription]:
        """The plots in their own widths, and with the common axis where they share it."""
        room = self.width - self.gap * (self.across - 1)
        plots = [replace(plot, width=room / self.across) for plot in self.plots]
        for start in range(0, len(plots), self.across) if self.share_y else ():
            row = plots[start : start + self.across]
            axes = [plot.axes()[1] for plot in row]
            limits = (min(axis.low for axis in axes), max(axis.high for axis in axes))
            plots[start : start + self.across] = [p if p.y_categories else replace(p, y_limits=limits) for p in row]
        return plots

    def colours(self) -> dict[str, str]:
        """The colour of each label whose series name none, in the order in which they first occur."""
        labels = dict.fromkeys(s.label for plot in self.plots for s in plot.series if not s.colour)
        if len(labels) > len(ORDER):
            raise WriteupError(f"{len(labels)} series without a colour; {len(ORDER)} can be told apart: name colours")
        return dict(zip(labels, ORDER, strict=False))

    def shared_legend(self) -> list[Series]:
        """One series for each label that the legend below the panels shows."""
        shared = {s.label: s for p in reversed(self.plots) if p.legend == "below" for s in reversed(p.series)}
        labels = dict.fromkeys(series.label for plot in self.plots for series in plot.series)
        return [shared[label] for label in labels if label and label in shared]
