"""Lists the chains of a search in ranked order, lazily: the best ones cost little, and memory stays flat.

Rank: fewest layers, then parameters, then multiply-adds, then a fixed order (modules in the family's order, channels,
kernels, sizes between; among chains alike in all that, equal axes first, then settings in their module's order).
Within a number of layers this is best-first search: a node has settled the modules and channels, then the kernels of
one axis, of the other, then the sizes of one, of the other; its key is a lower bound of everything below it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from conv_solve.chain import Chain, Layer
from conv_solve.family import Shape
from conv_solve.search import Search, Sizes, Track, Types, groups

Kernels = tuple[int, ...]  # one a layer; 0 where nothing is learned
Middles = tuple[Sizes, ...]  # sizes between the layers


@dataclass(frozen=True)
class Plan:
    """A sequence of modules and the channels around them."""

    types: Types
    channels: tuple[int, ...]


Key = tuple[int, int, int, tuple[Any, ...]]  # parameters, multiply-adds, place of the plan, what is settled


def ranked(search: Search) -> Iterator[Chain]:
    """Every chain of the search, best first."""
    for layers in range(search.family.max_layers + 1):
        if layers == 0:
            if search.count_of(0):
                yield Chain((), search.start)
            continue
        yield from _Ranking(search, layers).chains()


class _Ranking:
    """Best-first search over the chains of one length."""

    def __init__(self, search: Search, layers: int) -> None:
        self.search = search
        self.plans = [
            Plan(types, channels) for types in search.solved[layers] for channels in search.channel_paths(types)
        ]
        self.views = [_View(track, search.modules) for track in dict.fromkeys(search.tracks)]
        if len(search.tracks) > len(self.views):
            self.views *= 2

    def chains(self) -> Iterator[Chain]:
        roots = sorted(self._key(place, ()) for place in range(len(self.plans)))
        heap: list[tuple[Key, Iterator[Key]]] = []
        _push(heap, iter(roots))
        while heap:
            key, siblings = heapq.heappop(heap)
            _push(heap, siblings)
            *_, place, settled = key
            options = self._options(self.plans[place], settled)
            if options is None:
                yield from self._leaf(self.plans[place], settled)
            else:
                _push(heap, iter(sorted(self._key(place, (*settled, option)) for option in options)))

    def _options(self, plan: Plan, settled: tuple[Any, ...]) -> Sequence[Any] | None:
        """What the next decision may be: kernels of each track, then sizes of each track, then nothing."""
        tracks, step = len(self.views), len(settled)
        if step < tracks:
            return self.views[step].kernels(plan.types)
        if step < 2 * tracks:
            return self.views[step - tracks].middles(plan.types, settled[step - tracks])
        return None

    def _key(self, place: int, settled: tuple[Any, ...]) -> Key:
        """Lower bounds of parameters and multiply-adds below the node; exact once everything is settled."""
        plan, tracks = self.plans[place], len(self.views)
        weights, biases = [], 0
        for layer, index in enumerate(plan.types):
            if not self.search.modules[index].learned:
                weights.append(0)
                continue
            areas = [settled[t][layer] if t < len(settled) else 1 for t in range(tracks)]
            area = areas[0] ** 2 if self.search.family.equal_axes else areas[0] * areas[1]
            weights.append(plan.channels[layer] * plan.channels[layer + 1] * area)
            biases += plan.channels[layer + 1]
        macs = 0
        if len(settled) > tracks:
            sizes = [
                view.sizes(plan.types, settled[t], settled[tracks + t] if tracks + t < len(settled) else None)
                for t, view in enumerate(self.views)
            ]
            for layer, index in enumerate(plan.types):
                at = layer if self.search.modules[index].name == "ConvTranspose2d" else layer + 1
                macs += weights[layer] * prod(prod(track[at]) for track in sizes)
        return sum(weights) + biases, macs, place, settled

    def _leaf(self, plan: Plan, settled: tuple[Any, ...]) -> Iterator[Chain]:
        """The chains that differ in nothing but stride, padding, dilation and the like."""
        tracks = len(self.views)
        sizes = [view.sizes(plan.types, settled[t], settled[tracks + t]) for t, view in enumerate(self.views)]
        spatial = [tuple(size for track in sizes for size in track[layer]) for layer in range(len(plan.types) + 1)]
        shapes = [Shape(channels, *size) for channels, size in zip(plan.channels, spatial, strict=True)]
        choices = []
        for layer, index in enumerate(plan.types):
            module = self.search.modules[index]
            ways = [
                view.settings(index, settled[t][layer], sizes[t][layer], sizes[t][layer + 1])
                for t, view in enumerate(self.views)
            ]
            pairs = list(itertools.product(*ways)) if tracks == 2 else [(way, way) for way in ways[0]]
            before = shapes[layer]
            active = [
                pair
                for pair in pairs
                if not all(module.redundant(setting, n) for setting, n in zip(pair, before[1:], strict=True))
            ]
            active.sort(key=lambda pair: pair[0] != pair[1])
            choices.append([Layer(module, height, width, before, shapes[layer + 1]) for height, width in active])
        return (Chain(layers, self.search.start) for layers in itertools.product(*choices))


def _push(heap: list[tuple[Key, Iterator[Key]]], siblings: Iterator[Key]) -> None:
    """Only the best of a node's children waits in the heap; it brings the next one when it leaves."""
    first = next(siblings, None)
    if first is not None:
        heapq.heappush(heap, (first, siblings))


class _View:
    """What the ranking asks of one track."""

    def __init__(self, track: Track, modules: Sequence[Any]) -> None:
        self.track, self.modules = track, modules
        self.base = 1 + max(group.kernels.bit_length() - 1 for module in modules for group in groups(module))
        self._kernels: dict[Types, list[Kernels]] = {}
        self._middles: dict[tuple[Types, Kernels], list[Middles]] = {}
        self._settings: dict[tuple[int, int, Sizes, Sizes], list[Any]] = {}

    def kernels(self, types: Types) -> list[Kernels]:
        """The kernel sequences with which `types` can reach the goal."""
        if types not in self._kernels:
            code = self._codes(types, 0, self.track.start, {})
            self._kernels[types] = sorted(
                tuple(digit // self.base**layer % self.base for layer in range(len(types))) for digit in _bits(code)
            )
        return self._kernels[types]

    def _codes(self, types: Types, layer: int, sizes: Sizes, memo: dict[tuple[int, Sizes], int]) -> int:
        """Kernel sequences of the layers from `layer` on, each as a bit: its place has the kernels for digits."""
        if (layer, sizes) not in memo:
            if layer == len(types) - 1:
                arrow = self.track.last(types[layer], sizes)
                code = _spaced(arrow.kernels, self.base**layer) if arrow else 0
            else:
                code = 0
                for out, arrow in self.track.forward(types[layer], sizes).items():
                    rest = self._codes(types, layer + 1, out, memo)
                    for kernel in _bits(arrow.kernels) if rest else ():
                        code |= rest << kernel * self.base**layer
            memo[layer, sizes] = code
        return memo[layer, sizes]

    def middles(self, types: Types, kernels: Kernels) -> list[Middles]:
        """The sizes between the layers that these kernels allow."""
        if (types, kernels) not in self._middles:
            if len(self._middles) > 1000:
                self._middles.clear()
            self._middles[types, kernels] = sorted(self._walk(types, kernels, 0, self.track.start))
        return self._middles[types, kernels]

    def _walk(self, types: Types, kernels: Kernels, layer: int, sizes: Sizes) -> Iterator[Middles]:
        if layer == len(types) - 1:
            arrow = self.track.last(types[layer], sizes)
            if arrow and arrow.kernels >> kernels[layer] & 1:
                yield ()
            return
        for out, arrow in self.track.forward(types[layer], sizes).items():
            if arrow.kernels >> kernels[layer] & 1:
                yield from ((out, *rest) for rest in self._walk(types, kernels, layer + 1, out))

    def sizes(self, types: Types, kernels: Kernels, middles: Middles | None) -> list[Sizes]:
        """Start, sizes between (for None: the smallest possible of each) and goal."""
        between: Sequence[Sizes]
        if middles is None:
            columns = zip(*self.middles(types, kernels), strict=True)
            between = [tuple(map(min, zip(*column, strict=True))) for column in columns]
        else:
            between = middles
        return [self.track.start, *between, self.track.goal]

    def settings(self, index: int, kernel: int, before: Sizes, after: Sizes) -> list[Any]:
        """The settings of a module with this kernel that lead from one size to the other."""
        key = index, kernel, before, after
        if key not in self._settings:
            if len(self._settings) > 1000:
                self._settings.clear()
            module = self.modules[index]
            self._settings[key] = [
                setting
                for setting in module.settings()
                if module.kernel(setting) == kernel
                and all(module.size(setting, n) == m for n, m in zip(before, after, strict=True))
            ]
        return self._settings[key]


def _bits(number: int) -> list[int]:
    return [bit for bit in range(number.bit_length()) if number >> bit & 1]


def _spaced(number: int, distance: int) -> int:
    return sum(1 << bit * distance for bit in _bits(number))
