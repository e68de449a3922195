"""Figures: one description, two pictures. TikZ for the TeX file; SVG beside the Markdown and in the evidence page.

    d = Drawing("step"); d.node("a", (0, 0), "Corpus"); d.node("b", (3, 0), "Model"); d.arrow("a", "b"); d.svg()
    Plot([Series("LSTM", epochs, perplexities, colour="lstm")], "epoch", "validation perplexity").tikz()

Both become the same shapes in centimetres on a `Canvas`, which prints as TikZ and as SVG. Labels are plain text,
escaped for either target, in which `$...$` is math, `**...**` is bold and backticks hold code. Any document that holds
a figure must load the TikZ libraries named in `TIKZ_LIBRARIES`.
"""

from __future__ import annotations

from writeup.figures.canvas_svg import print_svg
from writeup.figures.canvas_tikz import print_tikz
from writeup.figures.drawing import Drawing
from writeup.figures.layout import lay_out
from writeup.figures.parts import cells, cut, meter, projected, slab, stack
from writeup.figures.plot import PanelsDescription, PlotDescription, Reference, Series

TIKZ_LIBRARIES = ("plotmarks",)

__all__ = [
    "TIKZ_LIBRARIES",
    "Drawing",
    "Panels",
    "Plot",
    "Reference",
    "Series",
    "cells",
    "cut",
    "meter",
    "projected",
    "slab",
    "stack",
]


class Plot(PlotDescription):
    """Series over one pair of axes; see `PlotDescription` for the arguments."""

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return print_tikz(lay_out(PanelsDescription((self,), width=self.width)))

    def svg(self) -> str:
        """The same picture as SVG."""
        return print_svg(lay_out(PanelsDescription((self,), width=self.width)))


class Panels(PanelsDescription):
    """Plots in a grid; see `PanelsDescription` for the arguments."""

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return print_tikz(lay_out(self))

    def svg(self) -> str:
        """The same picture as SVG."""
        return print_svg(lay_out(self))
