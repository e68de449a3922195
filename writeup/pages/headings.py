"""Whether rows, columns and curves bear their own names: the row "3 layers" holds `layers3_LSTM`, not `layers1_LSTM`.

The words that the facts of a row share say what it is, and so for a column; what a curve is, the facts say that have
the very value of one of its points. Two headings that would fit each other's lines better are a slip, and so are two
cells. So is one label in two colours. What this cannot see: headings that are program text, names that share no
word with theirs, and curves of which no point is a fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from itertools import combinations
from typing import Any

from writeup.claims import Ref, Table
from writeup.figures.picture import is_round, key
from writeup.figures.plot import PanelsDescription, PlotDescription
from writeup.text.places import name_words

Words = frozenset[str]


def exchanged_in(table: Table) -> Iterator[str]:
    """What stands in a wrong place of a table: headings of rows, of columns, cells."""
    rows = [row for row in table.rows if not isinstance(row, str)]
    columns = [[row[number] for row in rows] for number in range(len(table.header))]
    headed = [(row[0], row[1:]) for row in rows if isinstance(row[0], str)]
    for kind, lines in (("rows", headed), ("columns", [*zip(table.header, columns, strict=True)])):
        for one, other in _exchanged([(heading, _shared(_facts(line))) for heading, line in lines]):
            yield f"the {kind} {one!r} and {other!r} seem to have each other's headings, by the names of their facts"
    for one, other in _exchanged_cells(rows):
        yield f"the cells {one} and {other} seem to be exchanged, by what the others of their rows and columns share"


def exchanged_curves(figure: Any, values: Mapping[str, Any]) -> Iterator[str]:
    """What bears a wrong label in a plot; `values` are the facts' (of an estimate, first its middle)."""
    names: dict[str, set[str]] = {}
    for name, value in values.items():
        number = value[0] if isinstance(value, list) and value else value
        if isinstance(number, float) and not is_round(number):
            names.setdefault(key(number), set()).add(name)
    for plot in plots_of(figure):
        lines = []
        for series in plot.series:
            points = {key(float(value)) for column in (series.x, series.y) for value in column}
            facts = [name for point in points & names.keys() for name in names[point]]
            if series.label:
                lines.append((series.label, _shared(facts)))
        for one, other in _exchanged(lines):
            yield f"the curves {one!r} and {other!r} seem to have each other's labels, by the facts that they pass"


def two_colours(figures: Iterable[Any]) -> Iterator[str]:
    """Labels that have two colours in the figures of one answer, if the colours are those of other labels."""
    drawn: dict[str, list[str]] = {}
    for figure in figures:
        for plot in plots_of(figure):
            for series in plot.series:
                if series.label and series.colour and series.colour not in drawn.setdefault(series.label, []):
                    drawn[series.label].append(series.colour)
    for label, colours in drawn.items():
        if others := [other for other, of in drawn.items() if other != label and {*of} & {*colours[1:]}]:
            yield f"the curve {label!r} is drawn in {' and in '.join(colours)}, the colour of {others[0]!r}"


def plots_of(figure: Any) -> Sequence[PlotDescription]:
    if isinstance(figure, PanelsDescription):
        return figure.plots
    return [figure] if isinstance(figure, PlotDescription) else []


def _exchanged(lines: Sequence[tuple[str, Words]]) -> Iterator[tuple[str, str]]:
    """Pairs of headings that have more words of each other's lines, neither of them fewer."""
    for (one, first), (other, second) in combinations(lines, 2):
        gains = [len(_words(there) & line) - len(_words(here) & line)
                 for here, there, line in ((one, other, first), (other, one, second))]  # fmt: skip
        if min(gains) >= 0 and sum(gains) > 0:
            yield one, other


def _exchanged_cells(rows: Sequence[Sequence[str | Ref]]) -> Iterator[tuple[str, str]]:
    cells = [(row, column, cell.name) for row, line in enumerate(rows) for column, cell in enumerate(line)
             if isinstance(cell, Ref)]  # fmt: skip

    def shared(at: tuple[int, int], apart: tuple[int, int]) -> Sequence[Words]:
        """The words that the other facts of the cell's row share, and of its column, the two in question left out."""
        rest = [cell for cell in cells if cell[:2] not in (at, apart)]
        return [_shared([cell[2] for cell in rest if cell[of] == at[of]]) for of in (0, 1)]

    for (i, j, one), (k, m, other) in combinations(cells, 2):
        places = ((one, other, shared((i, j), (k, m))), (other, one, shared((k, m), (i, j))))
        gains = [sum(len(_words(there) & of) - len(_words(here) & of) for of in lines) for here, there, lines in places]
        if min(gains) > 0:
            yield one, other


def _facts(line: Iterable[str | Ref]) -> list[str]:
    return [cell.name for cell in line if isinstance(cell, Ref)]


def _shared(names: Sequence[str]) -> Words:
    """The words that all of the names have."""
    return reduce(frozenset.intersection, map(_words, names)) if names else frozenset()


@cache
def _words(text: str) -> Words:
    """The words and the numbers of a heading or of a name; program text has none."""
    plain = re.sub(r"`[^`]*`", " ", text)
    return name_words("_".join(re.findall(r"[^\W\d_]+", plain))) | frozenset(re.findall(r"\d+", plain))
