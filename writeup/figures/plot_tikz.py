r"""Plots drawn in TikZ with bare `\draw plot` paths: no pgfplots, which small TeX trees lack. Units are centimetres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from writeup.figures.plot import Look, PanelsDescription, PlotDescription, Reference, Series
from writeup.text.labels import label_width, tex_label

SAMPLE_HEIGHT = 0.09  # where the sample of a legend entry lies above the label's base line


def draw_tikz(panels: PanelsDescription) -> str:
    """A complete `tikzpicture`; it needs the TikZ libraries arrows.meta and plotmarks."""
    looks = panels.looks()
    lines = [r"\begin{tikzpicture}[line width=0.5pt, font=\footnotesize, line join=round]"]
    lines += [rf"\definecolor{{look{look.colour}}}{{HTML}}{{{look.colour}}}" for look in looks.values()]
    drawings = [_Drawing(plot, looks) for plot in panels.plots]
    left, bottom = 0.0, max(drawing.bottom for drawing in drawings)
    top = max(drawing.top for drawing in drawings)  # common margins, so that the axes of all panels stand level
    for plot, drawing in zip(panels.plots, drawings, strict=True):
        drawing.height = plot.height - bottom - top
        lines += [rf"\begin{{scope}}[xshift={left + drawing.left:.3f}cm]", *drawing.lines(), r"\end{scope}"]
        left += plot.width + panels.gap
    if entries := panels.shared_legend():
        where = f"anchor=north] at ({panels.width / 2:.3f},{-bottom - 0.05:.3f})"
        lines += _legend(entries, looks, panels.legend_columns(), where)
    return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


class _Drawing:
    """One plot; its origin is where the axes meet."""

    def __init__(self, plot: PlotDescription, looks: Mapping[str, Look]) -> None:
        self.plot, self.looks = plot, looks
        self.x_axis, self.y_axis = plot.axes()
        self.tick_width = max((label_width(text) for text in self.y_axis.labels), default=0.0)
        self.tick_height = 0.36 * max((text.count("\n") + 1 for text in self.x_axis.labels), default=0)
        self.left = self.tick_width + 0.2 + (0.45 if plot.y_label else 0.0)
        self.bottom = self.tick_height + 0.15 + (0.4 if plot.x_label else 0.0)
        self.top = 0.55 if plot.title else 0.1
        self.width = plot.width - self.left - 0.2
        self.height = plot.height - self.bottom - self.top

    def at(self, x: float, y: float) -> str:
        return f"({self.x(x)},{self.y(y)})"

    def x(self, value: float) -> str:
        return f"{self.width * self.x_axis.place(value):.3f}"

    def y(self, value: float) -> str:
        return f"{self.height * self.y_axis.place(value):.3f}"

    def lines(self) -> list[str]:
        width, height = f"{self.width:.3f}", f"{self.height:.3f}"
        edge = 0.08  # lets marks and line ends at the limits show whole
        return [
            *self._ticks(),
            *map(self._reference, self.plot.references),
            r"\begin{scope}",
            rf"\clip ({-edge},{-edge}) rectangle ({self.width + edge:.3f},{self.height + edge:.3f});",
            *(line for series in self.plot.series for line in self._series(series)),
            r"\end{scope}",
            rf"\draw (0,{height}) -- (0,0) -- ({width},0);",
            *self._words(),
        ]

    def _ticks(self) -> list[str]:
        lines = []
        for tick, label in zip(self.x_axis.ticks, self.x_axis.labels, strict=True):
            lines.append(rf"\draw[black!13] ({self.x(tick)},0) -- ({self.x(tick)},{self.height:.3f});")
            text = rf"node[below, align=center, inner sep=2.5pt] {{{_number(label)}}}"
            lines.append(rf"\draw ({self.x(tick)},0) -- +(0,-0.06) {text};")
        for tick, label in zip(self.y_axis.ticks, self.y_axis.labels, strict=True):
            lines.append(rf"\draw[black!13] (0,{self.y(tick)}) -- ({self.width:.3f},{self.y(tick)});")
            lines.append(rf"\draw (0,{self.y(tick)}) -- +(-0.06,0) node[left, inner sep=2.5pt] {{{_number(label)}}};")
        return lines

    def _words(self) -> list[str]:
        """Axis labels, title, and a legend inside the axes."""
        middle, centre, lines = f"{self.width / 2:.3f}", f"{self.height / 2:.3f}", []
        for text, look, place in (
            (self.plot.x_label, "anchor=north, inner sep=0pt", f"({middle},{-self.tick_height - 0.2:.3f})"),
            (self.plot.y_label, "rotate=90, anchor=south, inner sep=0pt", f"({-self.tick_width - 0.25:.3f},{centre})"),
            (self.plot.title, r"anchor=south, font=\footnotesize\bfseries", f"({middle},{self.height:.3f})"),
        ):
            if text:
                lines.append(rf"\node[{look}] at {place} {{\strut {tex_label(text)}}};")
        if self.plot.legend not in ("below", "none"):
            vertical, horizontal = self.plot.legend.split()
            corner = (
                f"({self.width if horizontal == 'east' else 0:.3f},{self.height if vertical == 'north' else 0:.3f})"
            )
            where = f"anchor={self.plot.legend}, fill=white, fill opacity=0.85, text opacity=1] at {corner}"
            lines += _legend([series for series in self.plot.series if series.label], self.looks, 1, where)
        return lines

    def _reference(self, reference: Reference) -> str:
        text = rf"above left, inner sep=2pt, black!65, font=\scriptsize] {{{tex_label(reference.label)}}}"
        line = r"\draw[black!60, line width=0.4pt]"
        if reference.axis == "y":
            y = self.y(reference.value)
            return rf"{line} (0,{y}) -- ({self.width:.3f},{y}) node[{text};"
        x = self.x(reference.value)
        return rf"{line} ({x},0) -- ({x},{self.height:.3f}) node[rotate=90, {text};"

    def _series(self, series: Series) -> list[str]:
        look, shift = self.looks[series.label], self.plot.shift(series)
        points = " ".join(self.at(x, y) for x, y in zip(series.x, series.y, strict=True))
        lines = []
        if series.style == "band":
            there = [self.at(x, low) for x, low, _ in series.spans]
            back = [self.at(x, high) for x, _, high in reversed(series.spans)]
            path = " ".join(there + back)
            lines.append(rf"\fill[look{look.colour}, fill opacity=0.18] plot coordinates {{{path}}} -- cycle;")
        if series.style == "bar":
            foot, half = max(0.0, self.y_axis.low), self.plot.drawn_bar_width / 2
            for x, y in zip(series.x, series.y, strict=True):
                corners = f"{self.at(x + shift - half, foot)} rectangle {self.at(x + shift + half, y)}"
                lines.append(rf"\fill[look{look.colour}] {corners};")
        if series.style in ("line", "both", "band"):
            lines.append(rf"\draw[{_line(look)}] plot coordinates {{{points}}};")
        if series.style != "band":
            colour = "black!80" if series.style == "bar" else f"look{look.colour}"
            ends = "{Bar[width=3pt]}-{Bar[width=3pt]}"
            for x, low, high in series.spans:
                bar = f"{self.at(x + shift, low)} -- {self.at(x + shift, high)}"
                lines.append(rf"\draw[{colour}, line width=0.6pt, {ends}] {bar};")
        if series.style in ("marks", "both"):
            lines.append(rf"\draw[{_mark(look)}] plot coordinates {{{points}}};")
        return lines


def _line(look: Look) -> str:
    pattern = " ".join(f"{'off' if i % 2 else 'on'} {1.2 * length:g}pt" for i, length in enumerate(look.dashes))
    return f"look{look.colour}, line width=1pt" + (f", dash pattern={pattern}" if pattern else "")


def _mark(look: Look) -> str:
    return f"look{look.colour}, only marks, mark={look.tikz_mark}, mark size=1.7pt"


def _legend(entries: Sequence[Series], looks: Mapping[str, Look], columns: int, where: str) -> list[str]:
    """A matrix of samples and labels, `columns` pairs wide; `where` ends its options and places it."""
    lines = [rf"\matrix[inner sep=2pt, row sep=2pt, column sep=3pt, {where} {{"]
    for start in range(0, len(entries), columns):
        cells = []
        for series in entries[start : start + columns]:
            look, sample = looks[series.label], ""
            if series.style == "bar":
                sample = rf"\fill[look{look.colour}] (0.15,0) rectangle (0.45,{2 * SAMPLE_HEIGHT});"
            if series.style == "band":
                sample = rf"\fill[look{look.colour}, fill opacity=0.18] (0,0) rectangle (0.6,{2 * SAMPLE_HEIGHT});"
            if series.style in ("line", "both", "band"):
                sample += rf"\draw[{_line(look)}] (0,{SAMPLE_HEIGHT}) -- (0.6,{SAMPLE_HEIGHT});"
            if series.style in ("marks", "both"):
                sample += rf"\draw[{_mark(look)}] plot coordinates {{(0.3,{SAMPLE_HEIGHT})}};"
            label = rf"\node[anchor=base west, inner sep=1pt] {{{tex_label(series.label)}}};"
            cells.append(rf"{sample} \pgfmatrixnextcell {label}")
        lines.append(r" \pgfmatrixnextcell[6pt] ".join(cells) + r" \\")
    return [*lines, "};"]


def _number(label: str) -> str:
    """A tick label in TeX: a negative number as math, so that its minus sign is one."""
    return f"${label}$" if label.startswith("-") and label[1:].replace(".", "", 1).isdigit() else tex_label(label)
