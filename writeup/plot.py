r"""Plots: series over one pair of axes, drawn as TikZ and as SVG from one description.

TeX gets bare `\draw plot` paths (no pgfplots, which small TeX trees lack); the SVG comes from matplotlib, with the
limits, ticks and tick labels of the same `Axis`. Both are the same bytes on every run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from writeup.axes import Axis, Scale, fit_axis
from writeup.claims import WriteupError
from writeup.escape import label_width, tex_label

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/) in an order of falling contrast; dashes and marks differ
# as well, so that a grey print reads too: (colour, TikZ dash pattern, matplotlib dashes in pt, TikZ mark, its own).
LOOKS: tuple[tuple[str, tuple[float, ...], str, str], ...] = (
    ("0072B2", (), "*", "o"),
    ("D55E00", (5, 2), "square*", "s"),
    ("009E73", (1.2, 1.5), "triangle*", "^"),
    ("CC79A7", (6, 2, 1.2, 2), "diamond*", "D"),
    ("E69F00", (8, 3), "pentagon*", "p"),
    ("56B4E9", (3, 1.5), "x", "x"),
    ("000000", (1, 3), "+", "+"),
)
BAR_ROOM = 0.8  # of the distance between neighbouring bar positions; the rest separates the groups
LegendPosition = Literal["below", "north east", "north west", "south east", "south west", "none"]


@dataclass(frozen=True)
class Series:
    """One curve, set of marks, set of bars, or band. `lower` and `upper` are error bars, or the edges of a band."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    style: Literal["line", "marks", "both", "bar", "band"] = "line"

    def __post_init__(self) -> None:
        lengths = {len(v) for v in (self.x, self.y, self.lower, self.upper) if v is not None}
        if lengths == {0} or len(lengths) != 1:
            raise WriteupError(
                f"plot: series {self.label!r} has columns of lengths {sorted(lengths)}; all must be equal"
            )
        if (self.lower is None) != (self.upper is None) or (self.style == "band" and self.lower is None):
            raise WriteupError(
                f"plot: series {self.label!r} needs both lower and upper (a band always, else or neither)"
            )

    @property
    def heights(self) -> list[float]:
        """Every y that the series draws."""
        return [*self.y, *(self.lower or ()), *(self.upper or ())]


@dataclass(frozen=True)
class Reference:
    """A thin straight line at `value` on one axis, with a label at its end."""

    value: float
    label: str = ""
    axis: Literal["x", "y"] = "y"


@dataclass(frozen=True)
class Plot:
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
        if not self.series or len(self.series) > len(LOOKS):
            raise WriteupError(f"plot: {len(self.series)} series; one plot shows 1 to {len(LOOKS)}")
        self.axes()

    def axes(self) -> tuple[Axis, Axis]:
        """The x axis and the y axis."""
        bars = [s for s in self.series if s.style == "bar"]
        half = self.bar_width * len(bars) / 2
        along = [v + side for s in self.series for v in s.x for side in ((-half, half) if s in bars else (0.0,))]
        up = [v for s in self.series for v in s.heights]
        along += [r.value for r in self.references if r.axis == "x"]
        up += [r.value for r in self.references if r.axis == "y"]
        return (
            fit_axis(along, self.x_scale, self.x_limits, self.x_ticks, self.x_tick_labels, 0.03, name="x axis"),
            fit_axis(
                up, self.y_scale, self.y_limits, self.y_ticks, self.y_tick_labels, 0.06, bool(bars), name="y axis"
            ),
        )

    def ticks(self) -> dict[str, list[tuple[float, str]]]:
        """Position and label of every tick, for "x" and "y"."""
        return {n: list(zip(a.ticks, a.labels, strict=True)) for n, a in zip("xy", self.axes(), strict=True)}

    def points(self) -> dict[str, list[tuple[float, float]]]:
        """The plotted (x, y) of each series, by its label, in data units."""
        return {s.label: [(float(x), float(y)) for x, y in zip(s.x, s.y, strict=True)] for s in self.series}

    @property
    def bar_width(self) -> float:
        """Width of one bar in units of x; the bars of several series stand side by side."""
        bars = [s for s in self.series if s.style == "bar"]
        if not bars:
            return 0.0
        positions = sorted({float(x) for s in bars for x in s.x})
        distance = min((b - a for a, b in zip(positions, positions[1:], strict=False)), default=1.0)
        return BAR_ROOM * distance / len(bars)

    def bar_shift(self, series: Series) -> float:
        """How far the bars of `series` stand off their x, so that the group is centred on it."""
        bars = [s for s in self.series if s.style == "bar"]
        return self.bar_width * (bars.index(series) - (len(bars) - 1) / 2)

    def tikz(self) -> str:
        """A complete `tikzpicture`; it needs the TikZ library plotmarks."""
        return Panels((self,)).tikz()

    def svg(self) -> str:
        """The same picture as SVG on a white ground."""
        return Panels((self,)).svg()


@dataclass(frozen=True)
class Panels:
    """Plots side by side, `gap` cm apart. Those with their legend "below" share one; a label has one look in all."""

    plots: Sequence[Plot]
    gap: float = 0.5

    def __post_init__(self) -> None:
        if len(self._looks()) > len(LOOKS):
            raise WriteupError(f"panels: {len(self._looks())} different series; there are {len(LOOKS)} looks")

    def ticks(self) -> list[dict[str, list[tuple[float, str]]]]:
        """The ticks of each plot."""
        return [plot.ticks() for plot in self.plots]

    def _looks(self) -> dict[str, int]:
        """Which entry of LOOKS each label has: in the order in which the labels first occur."""
        labels = dict.fromkeys(s.label for plot in self.plots for s in plot.series)
        return {label: index for index, label in enumerate(labels)}

    def _legend_below(self) -> list[Series]:
        """One series for each label that the shared legend shows."""
        shared = {s.label: s for p in reversed(self.plots) if p.legend == "below" for s in reversed(p.series)}
        return [shared[label] for label in self._looks() if label and label in shared]

    def _legend_columns(self) -> int:
        """How many entries of the shared legend fit beside each other."""
        entries = self._legend_below()
        widest = max((label_width(s.label) for s in entries), default=0.0) + 1.1
        return max(1, min(len(entries), int(self.width / widest)))

    @property
    def width(self) -> float:
        """Of the whole picture, in cm."""
        return sum(plot.width for plot in self.plots) + self.gap * (len(self.plots) - 1)

    def tikz(self) -> str:
        """A complete `tikzpicture`; it needs the TikZ library plotmarks."""
        lines = [r"\begin{tikzpicture}[line width=0.5pt, font=\footnotesize, line join=round]"]
        lines += [rf"\definecolor{{look{i}}}{{HTML}}{{{look[0]}}}" for i, look in enumerate(LOOKS)]
        left, looks = 0.0, self._looks()
        for plot in self.plots:
            drawing = _TikzPlot(plot, looks)
            lines += [rf"\begin{{scope}}[xshift={left + drawing.left:.3f}cm]", *drawing.lines(), r"\end{scope}"]
            left += plot.width + self.gap
        if entries := self._legend_below():
            below = -max(_TikzPlot(plot, looks).bottom for plot in self.plots) - 0.05
            at = f"anchor=north] at ({self.width / 2:.3f},{below:.3f})"
            lines += _tikz_legend(entries, looks, self._legend_columns(), at)
        return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"

    def svg(self) -> str:
        """The same picture as SVG on a white ground, with its text as outlines so that every reader sees the same."""
        settings = {
            "svg.hashsalt": "writeup",
            "svg.fonttype": "path",
            "font.family": "DejaVu Sans",
            "font.size": 8.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
        }
        looks, rows = self._looks(), -(-len(self._legend_below()) // self._legend_columns())
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings}):
            height = max(plot.height for plot in self.plots) + 0.5 * rows
            figure = Figure(figsize=(self.width / 2.54, height / 2.54), facecolor="white", layout="constrained")
            FigureCanvasSVG(figure)
            axes = figure.subplots(1, len(self.plots), squeeze=False, width_ratios=[p.width for p in self.plots])[0]
            handles: dict[str, Any] = {}
            for plot, area in zip(self.plots, axes, strict=True):
                handles |= _draw_with_matplotlib(plot, area, looks)
            if entries := self._legend_below():
                figure.legend(
                    [handles[s.label] for s in entries],
                    [s.label for s in entries],
                    loc="outside lower center",
                    ncols=self._legend_columns(),
                    frameon=False,
                )
            out = io.StringIO()
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        return out.getvalue()


def _draw_with_matplotlib(plot: Plot, area: Any, looks: Mapping[str, int]) -> dict[str, Any]:
    """Draw `plot` into a matplotlib axes; returns the legend handle of each label."""
    handles: dict[str, Any] = {}
    x_axis, y_axis = plot.axes()
    area.set(xscale=x_axis.scale, yscale=y_axis.scale, xlabel=plot.x_label, ylabel=plot.y_label, title=plot.title)
    area.grid(color="#DDDDDD", linewidth=0.5)
    area.set_axisbelow(True)
    for reference in plot.references:
        (area.axhline if reference.axis == "y" else area.axvline)(reference.value, color="#666666", lw=0.7, zorder=1.5)
        at, shift = ((1, reference.value), (-2, 2)) if reference.axis == "y" else ((reference.value, 1), (-2, -2))
        area.annotate(
            reference.label, at, shift, area.get_yaxis_transform() if reference.axis == "y" else area.get_xaxis_transform(),
            "offset points", ha="right", va="bottom" if reference.axis == "y" else "top", fontsize=7, color="#555555",
            rotation=0 if reference.axis == "y" else 90,
        )  # fmt: skip
    for series in plot.series:
        colour, dashes, _, mark = LOOKS[looks[series.label]]
        colour = "#" + colour
        errors = None
        if series.lower is not None and series.upper is not None:
            errors = [
                [y - low for y, low in zip(series.y, series.lower, strict=True)],
                [high - y for y, high in zip(series.y, series.upper, strict=True)],
            ]
        if series.style == "bar":
            places = [x + plot.bar_shift(series) for x in series.x]
            handles[series.label] = area.bar(
                places, series.y, plot.bar_width * 0.94, color=colour, yerr=errors, ecolor="#333333",
                error_kw={"elinewidth": 0.8, "capsize": 2},
            )  # fmt: skip
            continue
        look: dict[str, Any] = {"color": colour, "lw": 1.2, "ls": (0, dashes) if dashes else "-", "label": series.label}
        if series.style in ("marks", "both"):
            look |= {"marker": mark, "ms": 4}
        if series.style == "marks":
            look["ls"] = "none"
        (handles[series.label],) = area.plot(series.x, series.y, **look)
        if series.style == "band":
            area.fill_between(series.x, series.lower, series.upper, color=colour, alpha=0.18, lw=0)
        elif errors:
            area.errorbar(series.x, series.y, yerr=errors, fmt="none", ecolor=colour, elinewidth=0.8, capsize=2)
    # Limits and ticks last: drawing bars and log axes changes them.
    area.set(xlim=(x_axis.low, x_axis.high), ylim=(y_axis.low, y_axis.high))
    area.set_xticks(x_axis.ticks, [_svg_text(t) for t in x_axis.labels])
    area.set_yticks(y_axis.ticks, [_svg_text(t) for t in y_axis.labels])
    area.tick_params(which="minor", length=0)
    area.tick_params(which="major", length=2, width=0.5)
    if plot.legend not in ("below", "none"):
        vertical, horizontal = plot.legend.split()
        where = f"{'upper' if vertical == 'north' else 'lower'} {'right' if horizontal == 'east' else 'left'}"
        named = [s.label for s in plot.series if s.label]
        area.legend([handles[n] for n in named], named, loc=where, frameon=True, framealpha=0.85, edgecolor="none")
    return handles


def _svg_text(label: str) -> str:
    return label.replace("-", "\N{MINUS SIGN}") if "$" not in label else label


class _TikzPlot:
    """The TikZ drawing of one plot; its origin is the lower left corner of the axes, its unit 1 cm."""

    def __init__(self, plot: Plot, looks: Mapping[str, int]) -> None:
        self.plot, self.looks = plot, looks
        self.x_axis, self.y_axis = plot.axes()
        self.tick_width = max((label_width(t) for t in self.y_axis.labels), default=0.0)
        self.left = self.tick_width + 0.2 + (0.45 if plot.y_label else 0.0)
        tick_lines = max((t.count("\n") + 1 for t in self.x_axis.labels), default=0)
        self.tick_height = 0.36 * tick_lines
        self.bottom = self.tick_height + 0.15 + (0.4 if plot.x_label else 0.0)
        self.width = plot.width - self.left - 0.2
        self.height = plot.height - self.bottom - (0.55 if plot.title else 0.1)

    def x(self, value: float) -> str:
        return f"{self.width * self.x_axis.place(value):.3f}"

    def y(self, value: float) -> str:
        return f"{self.height * self.y_axis.place(value):.3f}"

    def at(self, x: float, y: float) -> str:
        return f"({self.x(x)},{self.y(y)})"

    def lines(self) -> list[str]:
        width, height = f"{self.width:.3f}", f"{self.height:.3f}"
        out = []
        for tick, label in zip(self.x_axis.ticks, self.x_axis.labels, strict=True):
            out.append(rf"\draw[black!13] ({self.x(tick)},0) -- ({self.x(tick)},{height});")
            text = rf"node[below, align=center, inner sep=2.5pt] {{{_tex_number(label)}}}"
            out.append(rf"\draw ({self.x(tick)},0) -- +(0,-0.06) {text};")
        for tick, label in zip(self.y_axis.ticks, self.y_axis.labels, strict=True):
            out.append(rf"\draw[black!13] (0,{self.y(tick)}) -- ({width},{self.y(tick)});")
            out.append(rf"\draw (0,{self.y(tick)}) -- +(-0.06,0) node[left, inner sep=2.5pt] {{{_tex_number(label)}}};")
        out += [self._reference(reference) for reference in self.plot.references]
        out += [r"\begin{scope}", rf"\clip (-0.08,-0.08) rectangle ({self.width + 0.08:.3f},{self.height + 0.08:.3f});"]
        out += [line for series in self.plot.series for line in self._series(series)]
        out += [r"\end{scope}", rf"\draw (0,{height}) -- (0,0) -- ({width},0);"]
        if self.plot.x_label:
            out.append(
                rf"\node[anchor=north, inner sep=0pt] at ({self.width / 2:.3f},{-self.tick_height - 0.2:.3f})"
                rf" {{\strut {tex_label(self.plot.x_label)}}};"
            )
        if self.plot.y_label:
            out.append(
                rf"\node[rotate=90, anchor=south, inner sep=0pt] at ({-self.tick_width - 0.25:.3f},{self.height / 2:.3f})"
                rf" {{\strut {tex_label(self.plot.y_label)}}};"
            )
        if self.plot.title:
            out.append(
                rf"\node[anchor=south, font=\footnotesize\bfseries, inner sep=3pt] at ({self.width / 2:.3f},{height})"
                rf" {{{tex_label(self.plot.title)}}};"
            )
        if self.plot.legend not in ("below", "none"):
            vertical, horizontal = self.plot.legend.split()
            corner = f"({width if horizontal == 'east' else '0'},{height if vertical == 'north' else '0'})"
            entries = [s for s in self.plot.series if s.label]
            how = f"anchor={self.plot.legend}, fill=white, fill opacity=0.85, text opacity=1] at {corner}"
            out += _tikz_legend(entries, self.looks, 1, how)
        return out

    def _reference(self, reference: Reference) -> str:
        text = rf"[black!65, font=\scriptsize] {{{tex_label(reference.label)}}}"
        if reference.axis == "y":
            y = self.y(reference.value)
            return rf"\draw[black!60, line width=0.4pt] (0,{y}) -- ({self.width:.3f},{y}) node[above left, inner sep=2pt]{text};"
        x = self.x(reference.value)
        return (
            rf"\draw[black!60, line width=0.4pt] ({x},0) -- ({x},{self.height:.3f})"
            rf" node[rotate=90, above left, inner sep=2pt]{text};"
        )

    def _series(self, series: Series) -> list[str]:
        index = self.looks[series.label]
        points = " ".join(self.at(x, y) for x, y in zip(series.x, series.y, strict=True))
        out = []
        if series.style == "band":
            assert series.lower is not None and series.upper is not None
            there = [self.at(x, y) for x, y in zip(series.x, series.lower, strict=True)]
            back = [self.at(x, y) for x, y in zip(series.x, series.upper, strict=True)][::-1]
            out.append(
                rf"\fill[look{index}, fill opacity=0.18] plot coordinates {{{' '.join(there + back)}}} -- cycle;"
            )
        elif series.style == "bar":
            foot = self.y(0.0 if self.y_axis.scale == "linear" else self.y_axis.low)
            for x, y in zip(series.x, series.y, strict=True):
                middle, half = x + self.plot.bar_shift(series), self.plot.bar_width * 0.47
                out.append(
                    rf"\fill[look{index}] ({self.x(middle - half)},{foot}) rectangle {self.at(middle + half, y)};"
                )
        if series.style in ("line", "both", "band"):
            out.append(rf"\draw[{_tikz_line(index)}] plot coordinates {{{points}}};")
        if series.lower is not None and series.upper is not None and series.style != "band":
            colour = "black!80" if series.style == "bar" else f"look{index}"
            shift = self.plot.bar_shift(series) if series.style == "bar" else 0.0
            for x, low, high in zip(series.x, series.lower, series.upper, strict=True):
                ends = f"{self.at(x + shift, low)} -- {self.at(x + shift, high)}"
                out.append(rf"\draw[{colour}, line width=0.6pt, {{Bar[width=3pt]}}-{{Bar[width=3pt]}}] {ends};")
        if series.style in ("marks", "both"):
            out.append(rf"\draw[{_tikz_mark(index)}] plot coordinates {{{points}}};")
        return out


def _tikz_line(index: int) -> str:
    _, dashes, _, _ = LOOKS[index]
    pattern = " ".join(f"{'off' if i % 2 else 'on'} {length * 1.2:g}pt" for i, length in enumerate(dashes))
    return f"look{index}, line width=1pt" + (f", dash pattern={pattern}" if dashes else "")


def _tikz_mark(index: int) -> str:
    return f"look{index}, only marks, mark={LOOKS[index][2]}, mark size=1.7pt"


def _tikz_legend(entries: Sequence[Series], looks: Mapping[str, int], columns: int, how: str) -> list[str]:
    """A matrix of samples and labels, `columns` pairs wide; `how` places it."""
    lines = [rf"\matrix[inner sep=2pt, row sep=1pt, column sep=3pt, {how} {{"]
    for start in range(0, len(entries), columns):
        cells = []
        for series in entries[start : start + columns]:
            index, sample = looks[series.label], ""
            if series.style == "bar":
                sample = rf"\fill[look{index}] (0.15,0) rectangle (0.45,0.18);"
            if series.style == "band":
                sample = rf"\fill[look{index}, fill opacity=0.18] (0,0) rectangle (0.6,0.18);"
            if series.style in ("line", "both", "band"):
                sample += rf"\draw[{_tikz_line(index)}] (0,0.09) -- (0.6,0.09);"
            if series.style in ("marks", "both"):
                sample += rf"\draw[{_tikz_mark(index)}] plot coordinates {{(0.3,0.09)}};"
            label = rf"\node[anchor=base west, inner sep=1pt] {{{tex_label(series.label)}}};"
            cells.append(rf"{sample} \pgfmatrixnextcell {label}")
        lines.append(r" \pgfmatrixnextcell[6pt] ".join(cells) + r" \\")
    return [*lines, "};"]


def _tex_number(label: str) -> str:
    r"""A tick label in TeX: a number as math, so that its minus sign is one."""
    return f"${label}$" if label.startswith("-") and label[1:].replace(".", "", 1).isdigit() else tex_label(label)
