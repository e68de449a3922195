"""Figures: one description, two pictures, TikZ for the TeX file and Mermaid or SVG beside the Markdown."""

from __future__ import annotations

from writeup.diagram import Diagram, Edge, Group, Node
from writeup.plot import Panels, Plot, Reference, Series

TIKZ_LIBRARIES = ("arrows.meta", "backgrounds", "fit", "plotmarks")  # the preamble of any document must load these

__all__ = ["TIKZ_LIBRARIES", "Diagram", "Edge", "Group", "Node", "Panels", "Plot", "Reference", "Series"]
