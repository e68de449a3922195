"""Figures: one description, two pictures. TikZ for the TeX file; Mermaid or SVG beside the Markdown.

    Diagram([Node("a", "Corpus"), Node("b", "Model", column=1)], [Edge("a", "b", "batches")]).mermaid()
    Plot([Series("LSTM", epochs, perplexities)], "epoch", "validation perplexity").svg()

Labels are plain text, escaped for either target, in which `$...$` is math. Any document that holds a figure must load
the TikZ libraries named in `TIKZ_LIBRARIES`.
"""

from __future__ import annotations

from writeup.figures.diagram import DiagramDescription, Edge, Group, Node
from writeup.figures.diagram_tikz import draw_diagram
from writeup.figures.plot import PanelsDescription, PlotDescription, Reference, Series
from writeup.figures.plot_svg import draw_svg
from writeup.figures.plot_tikz import draw_tikz

TIKZ_LIBRARIES = ("arrows.meta", "backgrounds", "fit", "plotmarks")

__all__ = ["TIKZ_LIBRARIES", "Diagram", "Edge", "Group", "Node", "Panels", "Plot", "Reference", "Series"]


class Diagram(DiagramDescription):
    """Nodes, arrows and frames on a grid; see `DiagramDescription` for the arguments and for `mermaid()`."""

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return draw_diagram(self)


class Plot(PlotDescription):
    """Series over one pair of axes; see `PlotDescription` for the arguments, `ticks()` and `points()`."""

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return draw_tikz(PanelsDescription((self,)))

    def svg(self) -> str:
        """The same picture as SVG."""
        return draw_svg(PanelsDescription((self,)))


class Panels(PanelsDescription):
    """Plots side by side; see `PanelsDescription` for the arguments, `ticks()` and `points()`."""

    def tikz(self) -> str:
        """A complete `tikzpicture`."""
        return draw_tikz(self)

    def svg(self) -> str:
        """The same picture as SVG."""
        return draw_svg(self)
