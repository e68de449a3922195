"""What to say where no chain exists: the outputs nearest to the goal that the family does reach."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from conv_solve.chain import Chain
from conv_solve.family import Shape
from conv_solve.ranking import ranked
from conv_solve.search import Search, Track, Types

LAYERS = 2  # of the chains looked at: with more, what they reach has few gaps near the goal


@dataclass(frozen=True)
class Miss:
    """A chain to a shape that differs from the goal by `distance` rows and columns in all."""

    chain: Chain
    distance: int


def nearest_misses(search: Search, most: int = 3) -> list[Miss]:
    """Up to `most` shapes with the goal's channels, each with its best chain; nearest first, then by rank.

    A miss needs a chain of at most two layers. Empty where no sequence of modules gives the goal's channels.
    """
    family = replace(search.family, max_layers=min(LAYERS, search.family.max_layers))
    found: list[Miss] = []
    for distance, shape in heapq.nsmallest(4 * most, _reached(search, family.max_layers)):
        if len(found) < most and all(miss.chain.shapes[-1] != shape for miss in found):
            chain = next(ranked(Search(search.start, shape, family)), None)
            if chain is not None:
                found.append(Miss(chain, distance))
    return found


def _reached(search: Search, layers: int) -> Iterator[tuple[int, Shape]]:
    """For every sequence of modules with the right channels: what it reaches nearest to the goal."""
    for length in range(layers + 1):
        for types in itertools.product(range(len(search.modules)), repeat=length):
            if not search.channel_paths(types):
                continue
            ends = [_nearest(track, types) for track in search.tracks]
            if all(ends):
                sizes = [size for end in ends for size in end]
                shape = Shape(search.goal.channels, *sizes)
                yield sum(abs(n - m) for n, m in zip(shape, search.goal, strict=True)), shape


def _nearest(track: Track, types: Types) -> tuple[int, ...]:
    distance = {sizes: sum(abs(n - m) for n, m in zip(sizes, track.goal, strict=True)) for sizes in track.prefix(types)}
    return min(distance, key=lambda sizes: (distance[sizes], sizes), default=())
