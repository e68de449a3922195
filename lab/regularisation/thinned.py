"""Dropout drawn: a network and two of its thinned networks; feature maps that lose whole maps or single elements."""

from __future__ import annotations

import random
from collections.abc import Sequence
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
    gone, scattered = half(range(MAPS)), half(range(MAPS * SIDE * SIDE))
    each = [range(m * SIDE * SIDE, (m + 1) * SIDE * SIDE) for m in range(MAPS)]
    _maps(d, 0.0, "`Dropout2d`: whole maps", [[m not in gone for _ in of] for m, of in enumerate(each)])
    _maps(d, 6.4, "`Dropout`: single elements", [[element not in scattered for element in of] for of in each])
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


def _maps(d: Drawing, left: float, title: str, sounding: list[list[bool]]) -> None:
    for m, elements in enumerate(sounding):
        shades = [ON if on else OFF for on in elements]
        cells(d, (left + 0.64 * m, -2.55), [shades[row : row + SIDE] for row in range(0, len(shades), SIDE)], 0.13)
    d.text((left, -1.65), title, "left", colour="ink", bold=True)
