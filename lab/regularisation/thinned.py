"""Dropout drawn: a network and two of its thinned networks; feature maps that lose whole maps or single elements."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise, product
from typing import TypeVar

from writeup.figures import Drawing, cells

Place = TypeVar("Place")

LAYERS = (4, 5, 5, 2)
MAPS, SIDE = 8, 4
SEED = 16
ON, OFF = "ink!60", "white"


def picture() -> Drawing:
    """Half of all hidden units, maps or elements are silent, drawn by chance."""
    d, chance = Drawing("thinned"), random.Random(SEED)

    def half(of: Sequence[Place]) -> set[Place]:
        return set(chance.sample(of, len(of) // 2))

    hidden = [(layer, i) for layer, units in enumerate(LAYERS[:-1]) if layer for i in range(units)]
    silent = {"whole network": set(), "one mask": half(hidden), "another mask": half(hidden)}
    for k, (title, off) in enumerate(silent.items()):
        _network(d, 4.2 * k, title, off)
    gone, scattered = (dict.fromkeys(half(range(count)), OFF) for count in (MAPS, MAPS * SIDE * SIDE))
    each = [range(m * SIDE * SIDE, (m + 1) * SIDE * SIDE) for m in range(MAPS)]
    _maps(d, 0.0, "`Dropout2d`**: whole maps**", [[gone.get(m, ON) for _ in of] for m, of in enumerate(each)])
    _maps(d, 6.4, "`Dropout`**: single elements**", [[scattered.get(element, ON) for element in of] for of in each])
    return d


def _network(d: Drawing, left: float, title: str, silent: set[tuple[int, int]]) -> None:
    layers = [{(layer, i) for i in range(units)} for layer, units in enumerate(LAYERS)]
    sounding = [units - silent for units in layers]
    for units, fill, stroke in ((silent, OFF, "grey"), (set().union(*sounding), ON, "ink")):
        for layer, i in sorted(units):
            at = (left + 0.15 + 0.95 * layer, 0.21 * (LAYERS[layer] - 1) - 0.42 * i)
            d.node(f"{title}-{layer, i}", at, width=0.26, height=0.26, form="ellipse", fill=fill, stroke=stroke)
    for here, after in pairwise(sounding):
        for ends in product(sorted(here), sorted(after)):
            d.line(*(f"{title}-{unit}" for unit in ends), colour="grey", weight=0.35, over=True)
    d.text((left + 1.57, 1.4), f"**{title}**", colour="ink")


def _maps(d: Drawing, left: float, title: str, maps: list[list[str]]) -> None:
    for m, shades in enumerate(maps):
        cells(d, (left + 0.64 * m, -2.55), [shades[row : row + SIDE] for row in range(0, len(shades), SIDE)], 0.13)
    d.text((left, -1.65), title, "left", colour="ink")
