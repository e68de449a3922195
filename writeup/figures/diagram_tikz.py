r"""A diagram drawn in TikZ, which sizes the boxes itself (a `\matrix`), so that nothing overlaps whatever the fonts do.

The widths estimated here only keep the picture within the text. Arrows follow `routing.route`: every route becomes
named coordinates (its two ends and one in each gutter) and a path of level and upright pieces through them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from writeup.errors import WriteupError
from writeup.figures.diagram import EDGE_COLOURS, DiagramDescription, Group, Node
from writeup.figures.routing import Across, Gutter, Route, Side
from writeup.text.labels import label_width, tex_label

PADDING = 0.28  # cm: left and right of a node's text together
NARROWEST, WIDEST = 0.8, 4.6  # cm of text in a node
BOLD, SMALL = 1.25, 0.89  # widths of bold and of \scriptsize text, by that of \footnotesize
LANE = 11.0  # pt between parallel arrows in a gutter
SLANT = 7  # pt by which the upper and lower corners of a hexagon stand in
POINT = 2.54 / 72.27  # cm
UPRIGHT = ("north", "south")


def draw_diagram(diagram: DiagramDescription) -> str:
    """A complete `tikzpicture`; it needs the TikZ libraries arrows.meta, backgrounds and fit."""
    return _Drawing(diagram).text()


class _Drawing:
    def __init__(self, diagram: DiagramDescription) -> None:
        self.diagram = diagram
        self.nodes = {node.id: node for node in diagram.nodes}
        self.cells = diagram.cells()
        self.rows = 1 + max(row for row, _ in self.cells.values())
        self.columns = 1 + max(column for _, column in self.cells.values())
        self.arrows = list(zip(diagram.edges, diagram.routes(), strict=True))
        self.lanes: dict[Gutter, list[int]] = defaultdict(list)  # the arrows along each gutter, shorter ones first
        for index in sorted(range(len(self.arrows)), key=self._span):
            for gutter in self.arrows[index][1].gutters:
                self.lanes[gutter].append(index)
        self.offsets = self._offsets()

    def text(self) -> str:
        lines = [r"\begin{tikzpicture}[line width=0.6pt, font=\footnotesize, >={Stealth[length=5pt,width=4pt]}]"]
        lines += [rf"\definecolor{{edge{style}}}{{HTML}}{{{colour}}}" for style, colour in EDGE_COLOURS.items()]
        lines += self._boxes()
        # Straight arrows last: the white ground of their labels may lie over other arrows, not the other way round.
        for index in sorted(range(len(self.arrows)), key=lambda i: self.arrows[i][1].is_straight):
            lines += self._arrow(index)
        behind = [_frame(group) for group in self.diagram.groups]
        behind += [_outline(node) for node in self.diagram.nodes if node.shape in ("data", "decision")]
        if behind:
            lines += [r"\begin{scope}[on background layer]", *behind, r"\end{scope}"]
        return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"

    def _span(self, index: int) -> int:
        edge = self.arrows[index][0]
        (row, column), (to_row, to_column) = self.cells[edge.source], self.cells[edge.target]
        return abs(to_row - row) + abs(to_column - column)

    # -- boxes --------------------------------------------------------------------------------------------------------

    def _boxes(self) -> list[str]:
        widths = self._text_widths()
        at = {self.cells[node.id]: node for node in self.diagram.nodes}
        lines = [r"\matrix[inner sep=0pt] {"]
        for row in range(self.rows):
            boxes = [
                _box(at[row, column], widths[column]) if (row, column) in at else "" for column in range(self.columns)
            ]
            line = boxes[0]
            for column, box in enumerate(boxes[1:], 1):
                line += rf" \pgfmatrixnextcell[{self._gap('column', column):.1f}pt] {box}"
            lines.append(line + (rf" \\[{self._gap('row', row + 1):.1f}pt]" if row + 1 < self.rows else r" \\"))
        lines.append("};")
        # Invisible boxes around each row and column, from which the gutters are measured.
        for across, count, axis in (("row", self.rows, 0), ("column", self.columns, 1)):
            for index in range(count):
                members = "".join(f"(n-{name})" for name, cell in self.cells.items() if cell[axis] == index)
                lines.append(rf"\node[fit={members}, inner sep=0pt] ({across}{index}) {{}};")
        return lines

    def _text_widths(self) -> list[float]:
        """Text width in cm of each column: what its longest line needs, the widest cut until the picture fits.

        No column gets narrower than its longest word.
        """
        least, wanted = [NARROWEST] * self.columns, [NARROWEST] * self.columns
        for node in self.diagram.nodes:
            column = self.cells[node.id][1]
            words = _text_width("\n".join(node.label.split()), "\n".join(node.detail.split()))
            least[column] = max(least[column], words)
            wanted[column] = max(wanted[column], min(_text_width(node.label, node.detail), WIDEST), words)
        spent = PADDING * self.columns
        spent += POINT * sum(self._gap("column", index) for index in range(1, self.columns))
        spent += POINT * sum(LANE * (1 + len(self.lanes[Gutter("column", index)])) for index in (0, self.columns))
        while sum(wanted) + spent > self.diagram.max_width:
            _, widest = max((wanted[c], c) for c in range(self.columns) if wanted[c] > least[c] or wanted == least)
            if wanted[widest] <= least[widest]:
                raise WriteupError(
                    f"diagram: {self.columns} columns need {sum(least) + spent:.1f} cm; "
                    f"{self.diagram.max_width} cm are allowed: use fewer columns or shorter words and edge labels"
                )
            wanted[widest] = max(least[widest], wanted[widest] - 0.05)
        return wanted

    def _gap(self, across: Across, index: int) -> float:
        """Width in pt of an inner gutter: room for its lanes, and for the labels of arrows that go straight across."""
        room = LANE * (len(self.lanes[Gutter(across, index)]) + 1)
        room = max(room, 20.0 if across == "row" else 22.0)
        for edge, path in self.arrows:
            first, last = sorted(self.cells[name][across == "column"] for name in (edge.source, edge.target))
            is_across = (
                path.is_straight
                and (path.leave in UPRIGHT) == (across == "row")
                and (first, last) == (index - 1, index)
            )
            if edge.label and is_across:
                height, width = 8.0 * (edge.label.count("\n") + 1) + 12, SMALL * label_width(edge.label) / POINT + 12
                room = max(room, height if across == "row" else width)
        return room

    # -- arrows -------------------------------------------------------------------------------------------------------

    def _offsets(self) -> dict[tuple[int, str], float]:
        """Shift in pt along its side for both ends ("a", "b") of every arrow, so that arrows at one side stay apart.

        Straight arrows keep to the middle; the others stand on the side to which they turn.
        """
        offsets: dict[tuple[int, str], float] = {}
        pairs: dict[frozenset[str], list[int]] = defaultdict(list)
        turning: dict[tuple[str, Side], list[tuple[int, int, str]]] = defaultdict(list)
        for index, (edge, path) in enumerate(self.arrows):
            if path.is_straight:
                pairs[frozenset((edge.source, edge.target))].append(index)
                continue
            for end, name, other, side in (
                ("a", edge.source, edge.target, path.leave),
                ("b", edge.target, edge.source, path.enter),
            ):
                turning[name, side].append((self.cells[other][side in UPRIGHT], index, end))
        for indices in pairs.values():
            for place, index in zip(_spread(len(indices), 12.0), indices, strict=True):
                offsets[index, "a"] = offsets[index, "b"] = place
        straight = {
            (n, s) for e, p in self.arrows if p.is_straight for n, s in ((e.source, p.leave), (e.target, p.enter))
        }
        for (name, side), ends in turning.items():
            here = self.cells[name][side in UPRIGHT]
            sign = 1 if side in UPRIGHT else -1  # rows count downwards, TeX's y upwards
            ends.sort()
            places = list(_spread(len(ends), 9.0))
            if (name, side) in straight:
                before = sum(toward < here for toward, _, _ in ends)
                places = [8.0 * (k - before + (k >= before)) for k in range(len(ends))]
            for (_, index, end), place in zip(ends, places, strict=True):
                offsets[index, end] = sign * place
        return offsets

    def _arrow(self, index: int) -> list[str]:
        edge, path = self.arrows[index]
        lines = []
        for end, node, side in (("a", edge.source, path.leave), ("b", edge.target, path.enter)):
            lines.append(_end(f"e{index}{end}", self.nodes[node], side, self.offsets[index, end]))
        for number, gutter in enumerate(path.gutters):
            lines.append(rf"\coordinate (e{index}g{number}) at {self._lane(gutter, index)};")
        points = _points(path, index)
        # Labels stand on the longest piece; an upright piece in a gutter carries its label along, to save width.
        piece, place = 0, "fill=white, inner sep=1.2pt"
        if edge.source == edge.target:
            piece, place = 1, "right, inner sep=2pt"
        elif path.is_straight:
            place = f"{self._free_side(index)}, fill=white, inner sep=1pt, outer sep=2pt"
        elif path.gutters:
            piece = len(path.gutters)
            place += ", rotate=90" if path.gutters[-1].across == "column" else ""
        look = rf"midway, {place}, align=center, font=\scriptsize, text=edge{edge.style}"
        label = f" node[{look}] {{{tex_label(edge.label)}}}" if edge.label else ""
        drawn = f"({points[0]})"
        for number, point in enumerate(points[1:]):
            drawn += f" --{label if number == piece else ''} ({point})"
        style = {"forward": "", "backward": ", densely dashed", "loop": ", line width=1pt"}[edge.style]
        return [*lines, rf"\draw[->, rounded corners=3pt, draw=edge{edge.style}{style}] {drawn};"]

    def _free_side(self, index: int) -> str:
        """Where the label of a straight arrow stands: right or above, unless others crowd there and not opposite."""
        edge, path = self.arrows[index]
        mine, own = {(edge.source, path.leave), (edge.target, path.enter)}, self.offsets[index, "a"]
        others = [
            self.offsets[other, end] - own
            for other, (arrow, route) in enumerate(self.arrows)
            for end, place in (("a", (arrow.source, route.leave)), ("b", (arrow.target, route.enter)))
            if place in mine and other != index
        ]
        crowded = any(offset > 0 for offset in others) and not any(offset < 0 for offset in others)
        return (("right", "left") if path.leave in UPRIGHT else ("above", "below"))[crowded]

    def _lane(self, gutter: Gutter, index: int) -> str:
        """The coordinate at which arrow `index` runs along `gutter`; around the picture, longer arrows lie outside."""
        position = self.lanes[gutter].index(index) + 1
        distance = LANE * position
        if 0 < gutter.index < (self.rows if gutter.across == "row" else self.columns):
            distance = self._gap(gutter.across, gutter.index) * position / (len(self.lanes[gutter]) + 1)
        first = gutter.index == 0
        side = {"row": ("south", "north"), "column": ("east", "west")}[gutter.across][first]
        shift = "yshift" if gutter.across == "row" else "xshift"
        if side in ("south", "west"):
            distance = -distance
        return f"([{shift}={distance:.1f}pt]{gutter.across}{0 if first else gutter.index - 1}.{side})"


def _spread(count: int, distance: float) -> Iterator[float]:
    """`count` places `distance` apart, centred on zero."""
    return (distance * (k - (count - 1) / 2) for k in range(count))


def _points(path: Route, index: int) -> list[str]:
    """The corners of an arrow as TikZ coordinates; `p |- q` lies under `p`, level with `q`."""
    start, end, first, second = f"e{index}a", f"e{index}b", f"e{index}g0", f"e{index}g1"
    if len(path.gutters) == 2:
        return [start, f"{start} |- {first}", f"{second} |- {first}", f"{second} |- {end}", end]
    if path.gutters and path.gutters[0].across == "row":
        return [start, f"{start} |- {first}", f"{end} |- {first}", end]
    if path.gutters:
        return [start, f"{first} |- {start}", f"{first} |- {end}", end]
    upright = path.leave in UPRIGHT
    if path.is_straight:  # the boxes may differ in size: level or upright from the first box's side
        return [start, f"{start} |- {end}" if upright else f"{end} |- {start}"]
    return [start, f"{start} |- {end}" if upright else f"{end} |- {start}", end]


def _end(name: str, node: Node, side: Side, offset: float) -> str:
    """The coordinate `name` at which an arrow touches a side of a box, `offset` pt off its middle."""
    if node.shape == "decision" and side not in UPRIGHT and offset:  # on the slanted side, part of the way to its end
        tip, corner = f"n-{node.id}.{side}", f"n-{node.id}.{'north' if offset > 0 else 'south'} {side}"
        inwards = SLANT if side == "west" else -SLANT
        way = min(abs(offset) / 20, 0.8)
        return rf"\path ({tip}) -- ([xshift={inwards}pt]{corner}) coordinate[pos={way:.2f}] ({name});"
    shift = f"{'xshift' if side in UPRIGHT else 'yshift'}={offset:.1f}pt"
    return rf"\coordinate ({name}) at ([{shift}]n-{node.id}.{side});"


def _text_width(label: str, detail: str) -> float:
    """Width in cm of the longest line of a node's text: a bold label over a small detail."""
    return max(BOLD * label_width(label), SMALL * label_width(detail))


def _box(node: Node, text_width: float) -> str:
    text = rf"{{\bfseries {tex_label(node.label)}}}"
    if node.detail:
        text += rf"\\{{\scriptsize {tex_label(node.detail)}}}"
    look = {
        "box": f"draw, fill={_colour(node)}, inner sep=4pt",
        "round": f"draw, fill={_colour(node)}, inner sep=4pt, rounded corners=7pt",
        "data": "inner xsep=4pt, inner ysep=9pt",  # these two are drawn by `_outline`
        "decision": "inner xsep=10pt, inner ysep=7pt",
    }[node.shape]
    return rf"\node[{look}, align=center, text width={text_width:.2f}cm] (n-{node.id}) {{{text}}};"


def _outline(node: Node) -> str:
    """The cylinder or hexagon behind a box's text, by hand: TikZ's shapes.geometric is not in every TeX.

    Both pass through the middles of the box's sides, where arrows end.
    """
    n = f"n-{node.id}"
    if node.shape == "decision":
        path = (
            f"({n}.west) -- ([xshift={SLANT}pt]{n}.north west) -- ([xshift=-{SLANT}pt]{n}.north east) -- ({n}.east)"
            f" -- ([xshift=-{SLANT}pt]{n}.south east) -- ([xshift={SLANT}pt]{n}.south west) -- cycle;"
        )
        return rf"\draw[fill={_colour(node)}] {path}"
    left, right = f"([yshift=-3pt]{n}.north west)", f"([yshift=-3pt]{n}.north east)"
    top = f"{left} .. controls +(0,4pt) and +(0,4pt) .. {right}"
    foot = f"([yshift=3pt]{n}.south east) .. controls +(0,-4pt) and +(0,-4pt) .. ([yshift=3pt]{n}.south west)"
    rim = f"{left} .. controls +(0,-4pt) and +(0,-4pt) .. {right}"
    return rf"\draw[fill={_colour(node)}] {top} -- {foot} -- cycle; \draw {rim};"


def _frame(group: Group) -> str:
    members = "".join(f"(n-{name})" for name in group.members)
    title = rf"[font=\scriptsize\itshape, inner sep=1.5pt, anchor=south east]north east:{{{tex_label(group.label)}}}"
    return rf"\node[draw=black!45, dashed, rounded corners=3pt, inner sep=6pt, fit={members}, label={{{title}}}] {{}};"


def _colour(node: Node) -> str:
    red, green, blue = (int(node.fill[i : i + 2], 16) for i in (0, 2, 4))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"
