"""Dropout drawn: a network and two of its thinned networks; feature maps that lose whole maps or single elements."""

from __future__ import annotations

from writeup.figures import Drawing, cells

LAYERS = (4, 5, 5, 2)
SILENT = {
    "one mask": {(1, 1), (1, 4), (2, 0), (2, 2), (2, 3)},
    "another mask": {(1, 0), (1, 2), (1, 3), (2, 1), (2, 4)},
}
MAPS, SIDE = 8, 4
GONE = (1, 4, 5, 7)
# As many elements as the dropped maps have, spread over all maps: each row lists the silent ones of a map.
SCATTERED = ("0269acdf", "14578bef", "0379bcef", "12568adf", "035789ce", "2469abdf", "01378ace", "1256abdf")
ON, OFF = "ink!60", "white"


def picture() -> Drawing:
    d = Drawing("thinned")
    for k, (title, silent) in enumerate({"whole network": set(), **SILENT}.items()):
        _network(d, 4.2 * k, title, silent)
    _maps(d, 0.0, "`Dropout2d`: whole maps", [set(range(SIDE * SIDE)) if m in GONE else set() for m in range(MAPS)])
    _maps(d, 6.4, "`Dropout`: single elements", [{int(c, 16) for c in row} for row in SCATTERED])
    return d


def _network(d: Drawing, left: float, title: str, silent: set[tuple[int, int]]) -> None:
    for layer, units in enumerate(LAYERS):
        for i in range(units):
            off = (layer, i) in silent
            at = (left + 0.15 + 0.95 * layer, 0.21 * (units - 1) - 0.42 * i)
            fill, stroke = (OFF, "grey") if off else (ON, "ink")
            name = f"{title}-{layer}-{i}"
            d.node(name, at, width=0.26, height=0.26, form="ellipse", fill=fill, stroke=stroke, dashed=off)
    for layer in range(len(LAYERS) - 1):
        for i in range(LAYERS[layer]):
            for j in range(LAYERS[layer + 1]):
                if not {(layer, i), (layer + 1, j)} & silent:
                    ends = f"{title}-{layer}-{i}", f"{title}-{layer + 1}-{j}"
                    d.line(*ends, colour="grey", weight=0.35, over=True)
    d.text((left + 1.57, 1.4), title, colour="ink", bold=True)


def _maps(d: Drawing, left: float, title: str, silent: list[set[int]]) -> None:
    for m, gone in enumerate(silent):
        rows = [[OFF if SIDE * i + j in gone else ON for j in range(SIDE)] for i in range(SIDE)]
        cells(d, (left + 0.64 * m, -2.55), rows, 0.13)
    d.text((left, -1.65), title, "left", colour="ink", bold=True)
