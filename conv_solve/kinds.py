"""Kinds of chain, and of each the one that an engineer would write.

A kind is told by its modules. Its best chain has at most two layers, no dilation, settings that height and width share
where the shapes allow, reads every row and column of the input and leaves none of the output blank; among those it has
the fewest points against it (`taste.py`), then layers, parameters, multiply-adds. A kind whose best chain has many more
points against it than another's is left out.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conv_solve.chain import Chain, Layer
from conv_solve.family import Shape
from conv_solve.module import AnyModule
from conv_solve.search import Search
from conv_solve.taste import points, rank
from conv_solve.windows import Window

LAYERS = 2
MOST_AGAINST = 10  # points more than the best kind's
MOST_WAYS = 100  # settings of a sequence of modules that are looked at, by their points
MOST_PAIRED = 25  # the same along one axis, where height and width cannot share them
MOST_TRIED = 200  # chains of one kind of which the rows are followed
NAMES = {
    "pool": "pooling",
    "shuffle": "pixel shuffle",
    "upsample": "convolution and upsampling",
    "transpose": "transposed convolution",
    "conv": "plain convolution",
}
Sizes = tuple[int, ...]  # of both axes where they share their settings, else of one
Way = tuple[Any, ...]  # the settings of an axis, layer by layer


@dataclass(frozen=True)
class Kind:
    """What a kind of chain is called, and its best chain."""

    name: str
    chain: Chain


def name_of(chain: Chain) -> str:
    """The kind that a chain's modules make it."""
    modules = " ".join(layer.module.name for layer in chain.layers).lower()
    return next(
        (name for word, name in NAMES.items() if word in modules), "nothing to do" if not modules else "padding"
    )


def kinds(search: Search) -> list[Kind]:
    """The best chain of each kind, best kind first; empty where none reads everything."""
    found: dict[str, list[tuple[Any, int, Chain]]] = defaultdict(list)
    for number, chain in enumerate(_candidates(search)):
        found[name_of(chain)].append((rank(chain), number, chain))
    best = []
    for name, chains in found.items():
        heapq.heapify(chains)
        for _ in range(min(MOST_TRIED, len(chains))):
            key, number, chain = heapq.heappop(chains)
            if chain.discarded == chain.blank == (0, 0):
                best.append((key, number, Kind(name, chain)))
                break
    best.sort(key=lambda entry: entry[:2])
    return [kind for key, _, kind in best if key[0] <= best[0][0][0] + MOST_AGAINST]


def _candidates(search: Search) -> Iterator[Chain]:
    """Usual chains of each sequence of modules; padding alone is left to the convolutions."""
    if search.start == search.goal:
        yield Chain((), search.start)
        return
    usual = [place for place, module in enumerate(search.modules) if module.name != "ZeroPad2d"]
    for length in range(1, min(LAYERS, search.family.max_layers) + 1):
        for places in itertools.product(usual, repeat=length):
            modules = tuple(search.modules[place] for place in places)
            if sum(not module.learned for module in modules) < 2:
                paths = search.channel_paths(places)
                for heights, widths in _ways(search, modules) if paths else ():
                    for path in paths:
                        yield _chain(search.start, modules, heights, widths, path)


def _ways(search: Search, modules: tuple[AnyModule, ...]) -> Iterator[tuple[Way, Way]]:
    """Settings for height and width: the same for both if any are."""
    start, goal = search.start[1:], search.goal[1:]
    alike = _solve(modules, start, goal, search.most)
    if alike or search.family.equal_axes:
        yield from ((way, way) for way in alike)
    else:
        axes = [_solve(modules, (n,), (m,), search.most) for n, m in zip(start, goal, strict=True)]
        yield from itertools.product(*(ways[:MOST_PAIRED] for ways in axes))


def _solve(modules: tuple[AnyModule, ...], start: Sizes, goal: Sizes, most: int) -> list[Way]:
    """The most usual settings that lead from `start` to `goal`: one step forwards, the other backwards."""
    *first, last = modules
    before = _backward(last, goal, most)
    found: list[tuple[int, int, Way]] = []
    for against, out, way in _forward(first[0], start, most) if first else [(0, start, ())]:
        for more, setting in before.get(out, ()):
            found.append((against + more, len(found), (*way, setting)))
    return [way for *_, way in heapq.nsmallest(MOST_WAYS, found)]


@lru_cache(maxsize=64)
def _menu(module: AnyModule) -> list[tuple[int, Any]]:
    """Settings without dilation that step over no row and pad half a kernel at most, with the points against them."""
    return [
        (points(module, setting), setting)
        for setting in module.settings()
        if not isinstance(setting, Window)
        or (
            setting.dilation == 1
            and setting.kernel >= setting.stride
            and 2 * setting.padding <= setting.kernel
            and setting.output_padding < setting.stride
        )
    ]


def _forward(module: AnyModule, sizes: Sizes, most: int) -> Iterator[tuple[int, Sizes, Way]]:
    for against, setting in _menu(module):
        out = tuple([module.size(setting, n) for n in sizes])
        if min(out) >= 1 and max(out) <= most and not all(module.redundant(setting, n) for n in sizes):
            yield against, out, (setting,)


@lru_cache(maxsize=256)
def _backward(module: AnyModule, goal: Sizes, most: int) -> dict[Sizes, list[tuple[int, Any]]]:
    """Settings that lead to the goal, by the sizes from which they do."""
    found: dict[Sizes, list[tuple[int, Any]]] = {}
    for against, setting in [] if module.forces else _menu(module):
        for sizes in itertools.product(*(module.preimages(setting, m) for m in goal)):
            out = tuple([module.size(setting, n) for n in sizes])
            if out == goal and max(sizes) <= most and not all(module.redundant(setting, n) for n in sizes):
                found.setdefault(sizes, []).append((against, setting))
    return found


def _chain(start: Shape, modules: tuple[AnyModule, ...], heights: Way, widths: Way, path: tuple[int, ...]) -> Chain:
    before, layers = start, []
    for module, height, width, channels in zip(modules, heights, widths, path[1:], strict=True):
        after = Shape(channels, module.size(height, before.height), module.size(width, before.width))
        layers.append(Layer(module, height, width, before, after))
        before = after
    return Chain(tuple(layers), start)
