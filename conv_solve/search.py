"""Counts every chain of a family without listing any: axis by axis, meeting in the middle.

Within a sequence of modules height and width do not see each other, so the chains are the pairs of a solution along
the height and one along the width, and their number is a product. One thing couples them: a module that does nothing
along both axes is no part of the family. Each axis therefore counts its solutions by the set of layers that are
redundant on it (a bit mask); a pair is a chain when the two sets are disjoint.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from conv_solve.family import Family, Shape, SolverError
from conv_solve.module import AnyModule

Sizes = tuple[int, ...]  # the sizes of the axes that share their settings: one axis, or both under equal_axes
Types = tuple[int, ...]  # a chain's modules, as places in the family's list
DEFAULT = Family()
MOST_ROWS = 10_000  # of start and goal: the per-row bookkeeping of a chain stays in megabytes
MOST_CHANNELS = 1_000_000
MOST_OFFERED = 50  # values of --channels and of --factors
MOST_STEPS = 20_000_000  # elementary steps of a search, well under a minute


class Group(NamedTuple):
    """Settings that act alike on every size: one of them, how many they are, and their kernels as bits."""

    example: Any
    number: int
    kernels: int


class Arrow(NamedTuple):
    """Ways from one size to another by one module: those that do something, those that do not, the kernels as bits."""

    plain: int
    redundant: int
    kernels: int


@lru_cache(maxsize=256)
def groups(module: AnyModule) -> tuple[Group, ...]:
    """The module's settings, grouped by what they do to a size."""
    found: dict[Any, list[Any]] = {}
    for setting in module.settings():
        entry = found.setdefault(module.key(setting), [setting, 0, 0])
        entry[1] += 1
        entry[2] |= 1 << module.kernel(setting)
    return tuple(Group(*entry) for entry in found.values())


class Track:
    """The axes that share their settings, on their way from `start` to `goal`."""

    def __init__(self, modules: Sequence[AnyModule], start: Sizes, goal: Sizes, most: int) -> None:
        self.modules, self.start, self.goal, self.most = modules, start, goal, most
        self._forward: dict[tuple[int, Sizes], dict[Sizes, Arrow]] = {}
        self._backward: dict[int, dict[Sizes, Arrow]] = {}
        self._prefixes: dict[Types, dict[Sizes, dict[int, int]]] = {(): {start: {0: 1}}}

    def forward(self, index: int, sizes: Sizes) -> Mapping[Sizes, Arrow]:
        """Where module `index` leads from `sizes`."""
        key = index, sizes
        if key not in self._forward:
            arrows = self._forward[key] = {}
            for group in groups(self.modules[index]):
                self._add(arrows, index, group, sizes)
        return self._forward[key]

    def backward(self, index: int) -> Mapping[Sizes, Arrow]:
        """From where module `index` leads to the goal."""
        if index not in self._backward:
            module = self.modules[index]
            arrows = self._backward[index] = {}
            for group in groups(module):
                starts = [module.preimages(group.example, size) for size in self.goal]
                for sizes in itertools.product(*starts):
                    if max(sizes) <= self.most:
                        self._add(arrows, index, group, sizes, towards=self.goal)
        return self._backward[index]

    def _add(
        self, arrows: dict[Sizes, Arrow], index: int, group: Group, sizes: Sizes, towards: Sizes | None = None
    ) -> None:
        module = self.modules[index]
        out = tuple([module.size(group.example, size) for size in sizes])
        if min(out) < 1 or max(out) > self.most or (towards and out != towards):
            return
        redundant = all(module.redundant(group.example, size) for size in sizes)
        place = sizes if towards else out
        plain, idle, kernels = arrows.get(place, (0, 0, 0))
        arrows[place] = Arrow(
            plain + (not redundant) * group.number, idle + redundant * group.number, kernels | group.kernels
        )

    def last(self, index: int, sizes: Sizes) -> Arrow | None:
        """The ways from `sizes` to the goal by module `index` alone."""
        arrows = self.forward(index, sizes) if self.modules[index].forces else self.backward(index)
        return arrows.get(self.goal if self.modules[index].forces else sizes)

    def prefix(self, types: Types) -> dict[Sizes, dict[int, int]]:
        """After the modules `types`: for each size, the number of ways by mask of redundant layers."""
        if types not in self._prefixes:
            ways: dict[Sizes, dict[int, int]] = {}
            bit = 1 << (len(types) - 1)
            for sizes, before in self.prefix(types[:-1]).items():
                for out, arrow in self.forward(types[-1], sizes).items():
                    _spread(ways.setdefault(out, {}), before, arrow, bit)
            self._prefixes[types] = ways
        return self._prefixes[types]

    def counts(self, types: Types) -> dict[int, int]:
        """The number of ways from start to goal by `types`, by mask of redundant layers."""
        if not types:
            return {0: 1} if self.start == self.goal else {}
        total: dict[int, int] = {}
        bit = 1 << (len(types) - 1)
        for sizes, before in self.prefix(types[:-1]).items():
            arrow = self.last(types[-1], sizes)
            if arrow:
                _spread(total, before, arrow, bit)
        return total


def _spread(ways: dict[int, int], before: Mapping[int, int], arrow: Arrow, bit: int) -> None:
    """Add to `ways` every way of `before` followed by `arrow`, whose redundant settings set `bit`."""
    for mask, count in before.items():
        if arrow.plain:
            ways[mask] = ways.get(mask, 0) + count * arrow.plain
        if arrow.redundant:
            ways[mask | bit] = ways.get(mask | bit, 0) + count * arrow.redundant


def refuse_shapes(*shapes: Shape) -> None:
    """Raises `SolverError` for sizes out of range."""
    for shape in shapes:
        if not (1 <= shape.channels <= MOST_CHANNELS and all(1 <= size <= MOST_ROWS for size in shape[1:])):
            raise SolverError(
                f"shape {shape}: channels must be 1 to {MOST_CHANNELS:,}, height and width 1 to {MOST_ROWS:,}"
            )


class Search:
    """All chains of `family` from `start` to `goal`.

    Raises `SolverError` beforehand for sizes out of range and for searches that would take too long.
    """

    def __init__(self, start: Shape, goal: Shape, family: Family = DEFAULT) -> None:
        refuse_shapes(start, goal)
        self.start, self.goal, self.family = start, goal, family
        self.modules = family.build(goal)
        self.most = family.growth * max(*start[1:], *goal[1:])
        self._refuse_if_too_large()
        axes = [(start.height, goal.height), (start.width, goal.width)]
        if family.equal_axes:
            self.tracks = [Track(self.modules, start[1:], goal[1:], self.most)]
        else:
            height, width = (Track(self.modules, (n,), (m,), self.most) for n, m in axes)
            self.tracks = [height, height if axes[0] == axes[1] else width]

    def _refuse_if_too_large(self) -> None:
        layers, sizes = self.family.max_layers, self.most
        kinds = len(self.modules)
        offered = len(self.family.offered_channels(self.start, self.goal))
        if max(offered, len(self.family.factors)) > MOST_OFFERED:
            raise SolverError(f"{offered} channels, {len(self.family.factors)} factors: at most {MOST_OFFERED} of each")
        steps = kinds**layers * min(sizes, 500) if layers < 20 else MOST_STEPS + 1
        if layers > 2:
            steps = max(steps, kinds**layers * offered ** (layers - 1) if layers < 20 else steps)
            steps += sizes ** (2 if self.family.equal_axes and self.start[1] != self.start[2] else 1) * 100 * kinds
        if steps > MOST_STEPS:
            raise SolverError(
                f"search too large: {layers} layers of {kinds} modules over sizes up to {sizes:,} take more than "
                f"{MOST_STEPS:,} steps; lower max_layers (2 and 3 are quick), name fewer modules or smaller shapes"
            )

    def channel_paths(self, types: Types) -> list[tuple[int, ...]]:
        """Every sequence of channels that `types` can take from the start's to the goal's, both included."""
        offered = self.family.offered_channels(self.start, self.goal)
        paths: list[tuple[int, ...]] = [(self.start.channels,)]
        for place, index in enumerate(types):
            last = place == len(types) - 1
            allowed = (self.goal.channels,) if last else offered
            paths = [(*path, out) for path in paths for out in self.modules[index].channels_out(path[-1], allowed)]
        return [path for path in paths if path[-1] == self.goal.channels]

    def of_length(self, layers: int) -> Iterator[tuple[Types, int]]:
        """The sequences of `layers` modules that reach the goal, each with its number of chains a channel path."""
        for types in itertools.product(range(len(self.modules)), repeat=layers):
            if not self.channel_paths(types):
                continue
            counts = [track.counts(types) for track in self.tracks]
            if len(counts) == 1:
                number = counts[0].get(0, 0)
            else:
                number = sum(a * b for one, a in counts[0].items() for two, b in counts[1].items() if not one & two)
            if number:
                yield types, number

    @cached_property
    def solved(self) -> dict[int, dict[Types, int]]:
        """By number of layers: the module sequences that reach the goal and their number of chains a channel path."""
        return {layers: dict(self.of_length(layers)) for layers in range(self.family.max_layers + 1)}

    @cached_property
    def count(self) -> int:
        """The exact number of chains."""
        return sum(map(self.count_of, self.solved))

    @cached_property
    def candidates(self) -> int:
        """The number of sequences of constructors in the family, whether or not they run or reach the goal."""
        offered = self.family.offered_channels(self.start, self.goal)
        settings = [sum(group.number for group in groups(module)) for module in self.modules]
        if not self.family.equal_axes:
            settings = [
                number if module.name.startswith("Pixel") else number**2
                for number, module in zip(settings, self.modules, strict=True)
            ]
        ways, total = {self.start.channels: 1}, 1
        for _ in range(self.family.max_layers):
            after: dict[int, int] = {}
            for channels, count in ways.items():
                for number, module in zip(settings, self.modules, strict=True):
                    for out in module.channels_out(channels, offered):
                        after[out] = after.get(out, 0) + count * number
            ways = after
            total += sum(ways.values())
        return total

    def count_of(self, layers: int) -> int:
        """The exact number of chains with this many layers."""
        return sum(number * len(self.channel_paths(types)) for types, number in self.solved[layers].items())
