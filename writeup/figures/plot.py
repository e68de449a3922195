"""Plots as data: series over one pair of axes, several such panels side by side, and the looks they share.

`plot_tikz.py` and `plot_svg.py` draw the same description, with the limits, ticks and tick labels of the same `Axis`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from writeup.errors import WriteupError
from writeup.figures.axes import Axis, Scale, fit_axis
from writeup.text.labels import label_width

BAR_GAP = 0.06  # of a bar's width: what keeps it apart from its neighbour
BAR_ROOM = 0.8  # of the distance between neighbouring bar positions; the rest separates the groups
LegendPosition = Literal["below", "north east", "north west", "south east", "south west", "none"]
Ticks = dict[str, list[tuple[float, str]]]  # position and label of every tick, for "x" and "y"


class Look(NamedTuple):
    """How a series is told apart: also in grey print, by its dashes (on, off, ... in pt) or its mark."""

    colour: str
    dashes: tuple[float, ...]
    tikz_mark: str
    matplotlib_mark: str


# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), the colours of best contrast with white first.
LOOKS = (
    Look("0072B2", (), "*", "o"),
    Look("D55E00", (5, 2), "square*", "s"),
    Look("009E73", (1.2, 1.5), "triangle*", "^"),
    Look("CC79A7", (6, 2, 1.2, 2), "diamond*", "D"),
    Look("E69F00", (8, 3), "pentagon*", "p"),
    Look("56B4E9", (3, 1.5), "x", "x"),
    Look("000000", (1, 3), "+", "+"),
)


@dataclass(frozen=True)
class Series:
    """One curve, set of marks, set of bars, or band. `lower` and `upper` are the ends of error bars, or of the band.

    A label may hold `$...$`; a series without a label is left out of the legend.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    style: Literal["line", "marks", "both", "bar", "band"] = "line"

    def __post_init__(self) -> None:
        lengths = {len(column) for column in (self.x, self.y, self.lower, self.upper) if column is not None}
        if len(lengths) != 1 or lengths == {0}:
            raise WriteupError(
                f"series {self.label!r}: columns of lengths {sorted(lengths)}; all are equal, and not empty"
            )
        if (self.lower is None) != (self.upper is None) or (self.style == "band" and self.lower is None):
            raise WriteupError(f"series {self.label!r}: lower and upper come together, and a band needs both")

    @property
    def spans(self) -> list[tuple[float, float, float]]:
        """(x, lower, upper) of every error bar or along the band; empty without them."""
        if self.lower is None or self.upper is None:
            return []
        return list(zip(self.x, self.lower, self.upper, strict=True))


@dataclass(frozen=True)
class Reference:
    """A thin straight line at `value` on one axis, with a label at its end."""

    value: float
    label: str = ""
    axis: Literal["x", "y"] = "y"


@dataclass(frozen=True)
class PlotDescription:
    """Series over one pair of axes. `width` and `height` in cm are those of the whole picture less the legend."""

    series: Sequence[Series]
    x_label: str
    y_label: str
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    legend: LegendPosition = "below"
    references: Sequence[Reference] = ()
    x_ticks: Sequence[float] | None = None
    x_tick_labels: Sequence[str] | None = None
    y_ticks: Sequence[float] | None = None
    y_tick_labels: Sequence[str] | None = None
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    title: str = ""
    width: float = 12.0
    height: float = 6.5

    def __post_init__(self) -> None:
        labels = [series.label for series in self.series]
        if not labels or len(set(labels)) < len(labels):
            raise WriteupError(f"plot of {self.y_label!r}: series {labels}; at least one, and each with its own label")
        self.axes()

    def axes(self) -> tuple[Axis, Axis]:
        """The x axis and the y axis."""
        half_group = self.bar_width * len(self.bars) / 2
        along = [x for s in self.series for x in s.x] + [
            x + d for s in self.bars for x in s.x for d in (-half_group, half_group)
        ]
        up = [y for s in self.series for y in s.y] + [y for s in self.series for _, *ends in s.spans for y in ends]
        along += [r.value for r in self.references if r.axis == "x"]
        up += [r.value for r in self.references if r.axis == "y"]
        return (
            fit_axis(along, self.x_scale, self.x_limits, self.x_ticks, self.x_tick_labels, margin=0.03, name="x axis"),
            fit_axis(
                up,
                self.y_scale,
                self.y_limits,
                self.y_ticks,
                self.y_tick_labels,
                margin=0.06,
                from_zero=bool(self.bars),
                name="y axis",
            ),
        )

    def ticks(self) -> Ticks:
        """Position and label of every tick, for "x" and "y"."""
        return {n: list(zip(a.ticks, a.labels, strict=True)) for n, a in zip("xy", self.axes(), strict=True)}

    def points(self) -> dict[str, list[tuple[float, float]]]:
        """The plotted (x, y) of each series, by its label, in data units."""
        return {s.label: [(float(x), float(y)) for x, y in zip(s.x, s.y, strict=True)] for s in self.series}

    @property
    def bars(self) -> list[Series]:
        """The series drawn as bars, which stand side by side."""
        return [series for series in self.series if series.style == "bar"]

    @property
    def bar_width(self) -> float:
        """Width of one bar in units of x."""
        positions = sorted({float(x) for series in self.bars for x in series.x})
        distance = min((b - a for a, b in pairwise(positions)), default=1.0)
        return BAR_ROOM * distance / max(len(self.bars), 1)

    @property
    def drawn_bar_width(self) -> float:
        """Width of a bar as it is drawn, a little narrower than its room."""
        return self.bar_width * (1 - BAR_GAP)

    def shift(self, series: Series) -> float:
        """How far the bars of `series` stand off their x, so that the group is centred on it; 0 for other styles."""
        if series.style != "bar":
            return 0.0
        return self.bar_width * (self.bars.index(series) - (len(self.bars) - 1) / 2)


@dataclass(frozen=True)
class PanelsDescription:
    """Plots side by side, `gap` cm apart. Those with their legend "below" share one; a label has one look in all."""

    plots: Sequence[PlotDescription]
    gap: float = 0.5

    def __post_init__(self) -> None:
        if not self.plots or len(self.labels()) > len(LOOKS):
            raise WriteupError(
                f"{len(self.plots)} panels with {len(self.labels())} different series; "
                f"at least one panel, and at most {len(LOOKS)} series can be told apart"
            )

    def ticks(self) -> list[Ticks]:
        """The ticks of each plot."""
        return [plot.ticks() for plot in self.plots]

    def points(self) -> list[dict[str, list[tuple[float, float]]]]:
        """The plotted points of each plot."""
        return [plot.points() for plot in self.plots]

    def labels(self) -> list[str]:
        """The label of each series, once, in the order in which they first occur."""
        return list(dict.fromkeys(series.label for plot in self.plots for series in plot.series))

    def looks(self) -> dict[str, Look]:
        """The look of each label."""
        return dict(zip(self.labels(), LOOKS, strict=False))

    @property
    def width(self) -> float:
        """Of the whole picture, in cm."""
        return sum(plot.width for plot in self.plots) + self.gap * (len(self.plots) - 1)

    def shared_legend(self) -> list[Series]:
        """One series for each label that the legend below the panels shows."""
        shared = {s.label: s for p in reversed(self.plots) if p.legend == "below" for s in reversed(p.series)}
        return [shared[label] for label in self.labels() if label and label in shared]

    def legend_columns(self) -> int:
        """How many entries of the shared legend fit beside each other."""
        entries = self.shared_legend()
        widest = max((label_width(series.label) for series in entries), default=0.0) + 1.2
        return max(1, min(len(entries), int(self.width / widest)))
