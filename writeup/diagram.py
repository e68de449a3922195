r"""Block diagrams: nodes on a grid and the arrows between them, drawn as TikZ and as Mermaid from one description.

TikZ sizes the boxes (a `\matrix`), so nothing overlaps whatever the fonts do; the widths estimated here only keep the
picture within the text. Arrows follow `routing.route`. Mermaid lays the same nodes and arrows out by itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from writeup.claims import WriteupError
from writeup.escape import label_width, math_parts, plain_math, tex_label
from writeup.routing import Gutter, Route, Side, route

PADDING = 0.28  # cm: left and right of a node's text together
LANE = 11.0  # pt between parallel arrows in a gutter
POINT = 2.54 / 72.27  # cm
# Okabe and Ito's palette, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/).
SHADE, COLOURS = "E69F00", {"forward": "333333", "backward": "D55E00", "loop": "0072B2"}
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
class Diagram:
    """Nodes, arrows and frames. `max_width` in cm bounds the TikZ picture; `direction` is Mermaid's flow."""

    nodes: Sequence[Node]
    edges: Sequence[Edge] = ()
    groups: Sequence[Group] = ()
    max_width: float = 15.5
    direction: Literal["TB", "LR"] = "TB"
    _by_id: dict[str, Node] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        cells: dict[tuple[int, int], str] = {}
        for node in self.nodes:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", node.id):
                raise WriteupError(
                    f"diagram: node id {node.id!r}; an id is a letter, then letters, digits, underscores"
                )
            if node.id in self._by_id:
                raise WriteupError(f"diagram: two nodes are called {node.id!r}")
            if (other := cells.setdefault((node.row, node.column), node.id)) != node.id:
                raise WriteupError(f"diagram: {other!r} and {node.id!r} both stand at row {node.row}, {node.column}")
            if node.share is not None and not 0 <= node.share <= 1:
                raise WriteupError(f"diagram: node {node.id!r} has share {node.share}; it must lie in 0..1")
            self._by_id[node.id] = node
        for named in [name for e in self.edges for name in (e.source, e.target)] + [
            name for g in self.groups for name in g.members
        ]:
            if named not in self._by_id:
                raise WriteupError(f"diagram: no node {named!r}; there are {', '.join(self._by_id)}")

    def routes(self) -> list[Route]:
        """The path of each edge, in order."""
        cells = self._cells()
        occupied = set(cells.values())
        return [route(cells[e.source], cells[e.target], occupied, prefer_west=e.style != "forward") for e in self.edges]

    def _cells(self) -> dict[str, tuple[int, int]]:
        """(row, column) of each node, with empty rows and columns closed up."""
        rows = sorted({n.row for n in self.nodes})
        columns = sorted({n.column for n in self.nodes})
        return {n.id: (rows.index(n.row), columns.index(n.column)) for n in self.nodes}

    def tikz(self) -> str:
        """A complete `tikzpicture`; it needs the TikZ libraries arrows.meta, backgrounds and fit."""
        return _Drawing(self).text()

    def mermaid(self) -> str:
        """A Mermaid flowchart with the same nodes, arrows, shading and frames."""
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
            lines.append(f"    style n_{node.id} fill:#{_fill(node.share)},stroke:#333333,color:#111111")
        for index, edge in enumerate(self.edges):
            if edge.style != "forward":
                lines.append(f"    linkStyle {index} stroke:#{COLOURS[edge.style]}")
        return "\n".join(lines) + "\n"


def _fill(share: float | None) -> str:
    """White mixed with the shade colour in proportion to `share`, as six hexadecimal digits."""
    if share is None:
        return "F7F7F7"
    strength = 0.08 + 0.82 * share  # a share near zero still shows that it was measured
    channels = (int(SHADE[i : i + 2], 16) for i in (0, 2, 4))
    return "".join(f"{round(255 + (channel - 255) * strength):02X}" for channel in channels)


def _mermaid_node(node: Node) -> str:
    opening, closing = _MERMAID_SHAPES[node.shape]
    text = _mermaid_text(node.label + ("\n" + node.detail if node.detail else ""))
    return f'n_{node.id}{opening}"{text}"{closing}'


def _mermaid_text(text: str) -> str:
    """`text` for a quoted Mermaid label: math as plain text, and every character of its syntax as an entity code."""
    plain = "".join(plain_math(part) if is_math else part for is_math, part in math_parts(text))
    coded = re.sub(r"""[#&"<>`$\\]""", lambda found: f"#{ord(found.group())};", plain)
    return coded.replace("\n", "<br/>")


class _Drawing:
    """The TikZ picture of one diagram."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.cells = diagram._cells()
        self.routes = diagram.routes()
        self.rows = 1 + max(row for row, _ in self.cells.values())
        self.columns = 1 + max(column for _, column in self.cells.values())
        self.lanes: dict[Gutter, list[int]] = defaultdict(list)  # the edges that run along each gutter
        for index, path in enumerate(self.routes):
            for gutter in path.gutters:
                self.lanes[gutter].append(index)
        self.offsets = self._offsets()

    def text(self) -> str:
        lines = [r"\begin{tikzpicture}[line width=0.6pt, font=\footnotesize, >={Stealth[length=5pt,width=4pt]}]"]
        lines += [rf"\definecolor{{edge{style}}}{{HTML}}{{{colour}}}" for style, colour in COLOURS.items()]
        lines += self._boxes() + self._edges()
        behind = [self._frame(group) for group in self.diagram.groups]
        behind += [self._outline(node) for node in self.diagram.nodes if node.shape in ("data", "decision")]
        lines += [r"\begin{scope}[on background layer]", *behind, r"\end{scope}"] if behind else []
        return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"

    # -- boxes --------------------------------------------------------------------------------------------------------

    def _gap(self, across: Literal["row", "column"], index: int) -> float:
        """Width in pt of an inner gutter: room for its lanes, and for the labels of arrows that go straight across."""
        lanes = len(self.lanes[Gutter(across, index)])
        room = 20.0 if across == "row" else 22.0
        for edge, path in zip(self.diagram.edges, self.routes, strict=True):
            if not (edge.label and path.is_straight):
                continue
            here = [self.cells[name][across == "column"] for name in (edge.source, edge.target)]
            if path.leave in (("north", "south") if across == "row" else ("east", "west")) and max(here) == index:
                lines = edge.label.split("\n")
                room = max(
                    room, 8.0 * len(lines) + 12 if across == "row" else max(map(label_width, lines)) / POINT + 14
                )
        return max(room, LANE * (lanes + 1))

    def _text_widths(self) -> list[float]:
        """Text width in cm of each column: what its longest line needs, the widest cut until the picture fits."""
        wanted = [1.2] * self.columns
        for node in self.diagram.nodes:
            lines = [label_width(line) for line in (node.label + "\n" + node.detail).split("\n")]
            column = self.cells[node.id][1]
            wanted[column] = max(wanted[column], min(max(lines), 4.6))
        spent = PADDING * self.columns
        spent += POINT * sum(self._gap("column", index) for index in range(1, self.columns))
        spent += POINT * LANE * sum(1 + len(self.lanes[Gutter("column", i)]) for i in (0, self.columns))
        room = self.diagram.max_width - spent
        while sum(wanted) > room:
            widest = wanted.index(max(wanted))
            wanted[widest] -= 0.05
            if wanted[widest] < 1.2:
                raise WriteupError(
                    f"diagram: {self.columns} columns do not fit into {self.diagram.max_width} cm; "
                    "use fewer columns or shorter edge labels"
                )
        return wanted

    def _boxes(self) -> list[str]:
        widths = self._text_widths()
        at = {cell: name for name, cell in self.cells.items()}
        lines = [r"\matrix[inner sep=0pt] {"]
        for row in range(self.rows):
            line = ""
            for column in range(self.columns):
                if (row, column) in at:
                    line += self._box(self.diagram._by_id[at[row, column]], widths[column])
                if column + 1 < self.columns:
                    line += rf" \pgfmatrixnextcell[{self._gap('column', column + 1):.1f}pt] "
            ending = rf" \\[{self._gap('row', row + 1):.1f}pt]" if row + 1 < self.rows else r" \\"
            lines.append(line + ending)
        lines.append("};")
        for across, count in (("row", self.rows), ("column", self.columns)):
            for index in range(count):
                members = "".join(f"(n-{n})" for n, cell in self.cells.items() if cell[across == "column"] == index)
                lines.append(rf"\node[fit={members}, inner sep=0pt] ({across}{index}) {{}};")
        return lines

    def _box(self, node: Node, text_width: float) -> str:
        text = rf"{{\bfseries {tex_label(node.label)}}}"
        if node.detail:
            text += rf"\\{{\scriptsize {tex_label(node.detail)}}}"
        outline = {"box": "draw, ", "round": "draw, rounded corners=7pt, "}.get(node.shape, "")
        if outline:
            outline += f"fill={_colour(node)}, "
        margin = {"data": "inner xsep=4pt, inner ysep=9pt", "decision": "inner xsep=10pt, inner ysep=7pt"}.get(
            node.shape, "inner sep=4pt"
        )
        return rf"\node[{outline}{margin}, align=center, text width={text_width:.2f}cm] (n-{node.id}) {{{text}}};"

    def _outline(self, node: Node) -> str:
        """The cylinder or hexagon behind a box's text; `shapes.geometric` is not in every TeX, so drawn by hand.

        Both pass through the box's four anchors, at which arrows end.
        """
        n = f"n-{node.id}"
        if node.shape == "decision":
            path = (
                f"({n}.west) -- ([xshift=7pt]{n}.north west) -- ([xshift=-7pt]{n}.north east) -- ({n}.east)"
                f" -- ([xshift=-7pt]{n}.south east) -- ([xshift=7pt]{n}.south west) -- cycle;"
            )
            return rf"\draw[fill={_colour(node)}] {path}"
        rim = f"([yshift=-3pt]{n}.north west) .. controls +(0,%spt) and +(0,%spt) .. ([yshift=-3pt]{n}.north east)"
        foot = f"([yshift=3pt]{n}.south east) .. controls +(0,-4pt) and +(0,-4pt) .. ([yshift=3pt]{n}.south west)"
        body = rf"\draw[fill={_colour(node)}] {rim % (4, 4)} -- {foot} -- cycle; "
        return body + rf"\draw {rim % (-4, -4)};"

    def _frame(self, group: Group) -> str:
        members = "".join(f"(n-{name})" for name in group.members)
        title = rf"label={{[font=\scriptsize\itshape, inner sep=1.5pt, anchor=south east]north east:{{{tex_label(group.label)}}}}}"
        return rf"\node[draw=black!45, dashed, rounded corners=3pt, inner sep=6pt, fit={members}, {title}] {{}};"

    # -- arrows -------------------------------------------------------------------------------------------------------

    def _offsets(self) -> dict[tuple[int, str], float]:
        """Shift in pt along its side, for both ends of every edge, so that arrows at one side stay apart."""
        at_side: dict[tuple[str, Side], list[tuple[int, int, str]]] = defaultdict(list)
        offsets: dict[tuple[int, str], float] = {}
        straight: dict[frozenset[str], list[int]] = defaultdict(list)
        for index, (edge, path) in enumerate(zip(self.diagram.edges, self.routes, strict=True)):
            if path.is_straight:
                straight[frozenset((edge.source, edge.target))].append(index)
            for end, name, other, side in (
                ("from", edge.source, edge.target, path.leave),
                ("to", edge.target, edge.source, path.enter),
            ):
                toward = self.cells[other][side in ("north", "south")]
                at_side[name, side].append((toward, index, end))
        for (name, side), ends in at_side.items():
            mine = self.cells[name][side in ("north", "south")]
            sign = 1 if side in ("north", "south") else -1  # rows count downwards, TeX's y upwards
            has_straight = any(self.routes[index].is_straight for _, index, _ in ends)
            free = sorted(e for e in ends if not self.routes[e[1]].is_straight)
            if has_straight:
                low, high = [e for e in free if e[0] < mine], [e for e in free if e[0] >= mine]
                places = [(e, -8.0 * k) for k, e in enumerate(reversed(low), 1)]
                places += [(e, 8.0 * k) for k, e in enumerate(high, 1)]
            else:
                places = [(e, 9.0 * (k - (len(free) - 1) / 2)) for k, e in enumerate(free)]
            for (_, index, end), place in places:
                offsets[index, end] = sign * place
        for pair in straight.values():
            for k, index in enumerate(pair):
                offsets[index, "from"] = offsets[index, "to"] = 12.0 * (k - (len(pair) - 1) / 2)
        return offsets

    def _lane(self, gutter: Gutter, index: int) -> str:
        """The coordinate through which edge `index` runs along `gutter`: longer arrows on outer lanes."""

        def span(i: int) -> int:
            (r, c), (to_r, to_c) = (self.cells[n] for n in (self.diagram.edges[i].source, self.diagram.edges[i].target))
            return abs(to_r - r) + abs(to_c - c)

        order = sorted(self.lanes[gutter], key=lambda i: (span(i), i))
        count = self.rows if gutter.across == "row" else self.columns
        step = LANE * (order.index(index) + 1)
        if 0 < gutter.index < count:
            step = self._gap(gutter.across, gutter.index) * (order.index(index) + 1) / (len(order) + 1)
        first = gutter.index == 0
        box = f"{gutter.across}{0 if first else gutter.index - 1}"
        if gutter.across == "row":
            return f"([yshift={step if first else -step:.1f}pt]{box}.{'north' if first else 'south'})"
        return f"([xshift={-step if first else step:.1f}pt]{box}.{'west' if first else 'east'})"

    def _edges(self) -> list[str]:
        lines = []
        for index, (edge, path) in enumerate(zip(self.diagram.edges, self.routes, strict=True)):
            start, end = f"e{index}a", f"e{index}b"
            for name, node, side, which in (
                (start, edge.source, path.leave, "from"),
                (end, edge.target, path.enter, "to"),
            ):
                shift = "xshift" if side in ("north", "south") else "yshift"
                lines.append(rf"\coordinate ({name}) at ([{shift}={self.offsets[index, which]:.1f}pt]n-{node}.{side});")
            lanes = []
            for number, gutter in enumerate(path.gutters):
                lanes.append(f"e{index}g{number}")
                lines.append(rf"\coordinate ({lanes[-1]}) at {self._lane(gutter, index)};")
            lines.append(self._arrow(edge, path, start, end, lanes))
        return lines

    def _arrow(self, edge: Edge, path: Route, start: str, end: str, lanes: list[str]) -> str:
        points = [start]
        if len(lanes) == 2:  # down into a row gutter, along a column gutter, into the side
            points += [f"{start} |- {lanes[0]}", f"{lanes[1]} |- {lanes[0]}", f"{lanes[1]} |- {end}"]
        elif lanes:
            corner = "{0} |- {1}" if path.gutters[0].across == "row" else "{1} |- {0}"
            points += [corner.format(point, lanes[0]) for point in (start, end)]
        elif path.is_straight:
            # The two boxes may differ in size, their sides' middles not: keep the arrow upright or level.
            end = f"{start} |- {end}" if path.leave in ("north", "south") else f"{end} |- {start}"
        else:
            points.append(f"{end} |- {start}" if path.leave in ("east", "west") else f"{start} |- {end}")
        points.append(end)
        style = {"forward": "", "backward": ", densely dashed", "loop": ", line width=1pt"}[edge.style]
        text = ""
        if edge.label:
            # On the longest piece; upright pieces in a gutter carry it along their length, to save width.
            piece = (len(points) - 1) // 2 if len(points) != 3 else 0
            place = "fill=white, inner sep=1.2pt"
            if path.is_straight:
                place = "right, inner sep=3pt" if path.leave in ("north", "south") else "above, inner sep=2pt"
            elif edge.source == edge.target:
                place = "right, inner sep=2pt"
            elif path.gutters and path.gutters[-1].across == "column":
                piece, place = len(points) - 3, place + ", rotate=90"
            text = rf" node[midway, {place}, align=center, font=\scriptsize, text=edge{edge.style}]"
            text += f" {{{tex_label(edge.label)}}}"
        else:
            piece = -1
        drawn = f"({points[0]})"
        for number, point in enumerate(points[1:]):
            drawn += f" --{text if number == piece else ''} ({point})"
        return rf"\draw[->, rounded corners=3pt, draw=edge{edge.style}{style}] {drawn};"


def _colour(node: Node) -> str:
    """The node's fill for TikZ: xcolor's mix of plain red, green and blue."""
    red, green, blue = (int(_fill(node.share)[i : i + 2], 16) for i in (0, 2, 4))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"
