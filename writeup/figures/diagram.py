"""Block diagrams as data: nodes on a grid, the arrows between them, frames around some; and their Mermaid form.

`diagram_tikz.py` draws the same description in TeX.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from writeup.errors import WriteupError
from writeup.figures.routing import Cell, Route, route
from writeup.text.labels import plain_label

# Okabe and Ito's palette, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/).
SHADE = "E69F00"
EDGE_COLOURS = {"forward": "333333", "backward": "D55E00", "loop": "0072B2"}
_MERMAID_SHAPES = {"box": ("[", "]"), "round": ("([", "])"), "data": ("[(", ")]"), "decision": ("{{", "}}")}
_MERMAID_ARROWS = {"forward": "-->", "backward": "-.->", "loop": "==>"}


@dataclass(frozen=True)
class Node:
    """A box at (`row`, `column`), counted from the top left. `label` and `detail` may hold `$...$` and line breaks.

    `share` in 0..1 shades the box; what it stands for is printed only if the caller puts it into `detail`.
    """

    id: str
    label: str
    detail: str = ""
    share: float | None = None
    shape: Literal["box", "round", "data", "decision"] = "box"
    row: int = 0
    column: int = 0

    @property
    def fill(self) -> str:
        """White mixed with the shade colour in proportion to `share`, as six hexadecimal digits."""
        if self.share is None:
            return "F7F7F7"
        strength = 0.08 + 0.82 * self.share  # a share near zero still shows that it was measured
        channels = (int(SHADE[i : i + 2], 16) for i in (0, 2, 4))
        return "".join(f"{round(255 + (channel - 255) * strength):02X}" for channel in channels)


@dataclass(frozen=True)
class Edge:
    """An arrow; "backward" is dashed, "loop" is heavy, and each style has its colour."""

    source: str
    target: str
    label: str = ""
    style: Literal["forward", "backward", "loop"] = "forward"


@dataclass(frozen=True)
class Group:
    """A dashed frame with a title around neighbouring nodes."""

    label: str
    members: Sequence[str]


@dataclass(frozen=True)
class DiagramDescription:
    """Nodes, arrows and frames. `max_width` in cm bounds the TikZ picture; `direction` is Mermaid's flow."""

    nodes: Sequence[Node]
    edges: Sequence[Edge] = ()
    groups: Sequence[Group] = ()
    max_width: float = 16.0
    direction: Literal["TB", "LR"] = "TB"

    def __post_init__(self) -> None:
        names = [node.id for node in self.nodes]
        named = {name for e in self.edges for name in (e.source, e.target)} | {
            n for g in self.groups for n in g.members
        }
        places = [(node.row, node.column) for node in self.nodes]
        problems = [f"node id {n!r}; an id is ASCII letters, digits and underscores" for n in names if not _is_id(n)]
        problems += [f"two nodes are called {n!r}" for n in names if names.count(n) > 1]
        problems += [f"two nodes stand in row {r}, column {c}" for r, c in places if places.count((r, c)) > 1]
        problems += [f"no node {n!r}; there are {', '.join(names)}" for n in sorted(named - set(names))]
        problems += [
            f"node {node.id!r} has share {node.share}; it lies in 0..1"
            for node in self.nodes
            if node.share is not None and not 0 <= node.share <= 1
        ]
        if problems or not names:
            raise WriteupError(f"diagram: {problems[0] if problems else 'no nodes; it needs at least one'}")

    def cells(self) -> dict[str, Cell]:
        """(row, column) of each node, with empty rows and columns closed up."""
        rows = sorted({n.row for n in self.nodes})
        columns = sorted({n.column for n in self.nodes})
        return {n.id: (rows.index(n.row), columns.index(n.column)) for n in self.nodes}

    def routes(self) -> list[Route]:
        """The path of each edge, in order."""
        cells = self.cells()
        occupied = set(cells.values())
        return [route(cells[e.source], cells[e.target], occupied, prefer_west=e.style != "forward") for e in self.edges]

    def mermaid(self) -> str:
        """A Mermaid flowchart with the same nodes, arrows, shading and frames; Mermaid finds the layout."""
        lines = [f"flowchart {self.direction}"]
        grouped = {member for group in self.groups for member in group.members}
        lines += [f"    {_mermaid_node(node)}" for node in self.nodes if node.id not in grouped]
        for index, group in enumerate(self.groups):
            lines.append(f'    subgraph g{index}["{_mermaid_text(group.label)}"]')
            lines += [f"        {_mermaid_node(node)}" for node in self.nodes if node.id in group.members]
            lines.append("    end")
        for edge in self.edges:
            label = f'|"{_mermaid_text(edge.label)}"|' if edge.label else ""
            lines.append(f"    n_{edge.source} {_MERMAID_ARROWS[edge.style]}{label} n_{edge.target}")
        for node in self.nodes:
            lines.append(f"    style n_{node.id} fill:#{node.fill},stroke:#333333,color:#111111")
        for index, edge in enumerate(self.edges):
            if edge.style != "forward":
                lines.append(f"    linkStyle {index} stroke:#{EDGE_COLOURS[edge.style]}")
        return "\n".join(lines) + "\n"


def _is_id(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_]+", name) is not None


def _mermaid_node(node: Node) -> str:
    opening, closing = _MERMAID_SHAPES[node.shape]
    text = _mermaid_text(node.label + ("\n" + node.detail if node.detail else ""))
    return f'n_{node.id}{opening}"{text}"{closing}'


def _mermaid_text(text: str) -> str:
    """`text` for a quoted Mermaid label: what Mermaid or HTML would read as syntax becomes an entity code.

    So do a full stop, hyphen or plus after which Mermaid would see a list item.
    """
    coded = re.sub(
        r"""[#&"<>`$\\*_~]|^[-+]|(?<=\d)[.)](?= )""", lambda m: f"#{ord(m[0])};", plain_label(text), flags=re.M
    )
    return coded.replace("\n", "<br/>")
