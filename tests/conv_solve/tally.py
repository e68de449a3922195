"""Counts the chains of two layers again, by a route of its own: the check of the symbolic count.

Every setting is a row of an integer tensor, torch's formulas are applied to all of them at once, forwards only and for
every size in turn; nothing is grouped or inverted, and chains in which a module is idle on both axes are taken off by
inclusion and exclusion.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from conv_solve.family import Family, Shape
from conv_solve.windows import Bounds

Sizes = Callable[[int], tuple[Tensor, Tensor]]  # n -> size after each setting (0: refused), whether it is idle


@dataclass(frozen=True)
class Column:
    """One kind of module: its channel rule as (multiply, divide; 0 for a free choice) and its sizes."""

    channels: tuple[int, int]
    sizes: Sizes


def _grid(*ranges: range) -> list[Tensor]:
    return list(torch.tensor(list(itertools.product(*ranges)), dtype=torch.int64).T)


def _windows(bounds: Bounds) -> list[Tensor]:
    kernel, stride, padding, dilation, extra = _grid(
        range(1, bounds.kernel + 1),
        range(1, bounds.stride + 1),
        range(bounds.padding + 1),
        range(1, bounds.dilation + 1),
        range(bounds.output_padding + 1),
    )
    keep = (kernel > 1) | (dilation == 1)
    return [column[keep] for column in (kernel, stride, padding, dilation, extra)]


def _convolution(bounds: Bounds) -> Sizes:
    k, s, p, d, _ = _windows(bounds)
    legal = p <= d * (k - 1)

    def sizes(n: int) -> tuple[Tensor, Tensor]:
        fits = n + 2 * p - d * (k - 1) - 1
        return torch.where(legal & (fits >= 0), fits // s + 1, 0), torch.zeros_like(legal)

    return sizes


def _transposed(bounds: Bounds) -> Sizes:
    k, s, p, d, o = _windows(bounds)
    legal = (p <= d * (k - 1)) & (o < torch.maximum(s, d))

    def sizes(n: int) -> tuple[Tensor, Tensor]:
        return torch.where(legal, (n - 1) * s - 2 * p + d * (k - 1) + o + 1, 0).clamp(min=0), torch.zeros_like(legal)

    return sizes


def _pool(bounds: Bounds, ceil_mode: bool) -> Sizes:
    k, s, p, d, _ = _windows(bounds)
    legal = 2 * p <= k

    def sizes(n: int) -> tuple[Tensor, Tensor]:
        fits = n + 2 * p - d * (k - 1) - 1
        down = torch.where(legal & (fits >= 0) & (n >= d), fits // s + 1, 0)
        if not ceil_mode:
            return down, (k == 1) & (s == 1)
        up = (fits + s - 1) // s + 1
        up = torch.where((up - 1) * s >= n + p, up - 1, up)
        return torch.where(legal & (n >= d), up, 0).clamp(min=0), up == down

    return sizes


def _columns(family: Family) -> list[Column]:
    undilated = Bounds(family.pool.kernel, family.pool.stride, family.pool.padding)
    before, after = _grid(*[range(-family.margin, family.margin + 1)] * 2)
    factors = torch.tensor([1.0, *map(float, family.factors)], dtype=torch.float64)

    def padded(n: int) -> tuple[Tensor, Tensor]:
        kept = n + before.clamp(max=0) + after.clamp(max=0)
        return torch.where(kept >= 1, n + before + after, 0), (before == 0) & (after == 0)

    def upsampled(n: int) -> tuple[Tensor, Tensor]:
        return (n * factors).floor().long(), factors == 1

    def shuffled(multiply: int, divide: int) -> Sizes:
        return lambda n: (torch.tensor([n * multiply // divide if n % divide == 0 else 0]), torch.tensor([False]))

    free, kept = (0, 0), (1, 1)
    return [
        Column(free, _convolution(family.conv)),
        Column(free, _transposed(family.transposed)),
        *[Column(kept, _pool(family.pool, mode)) for mode in (False, True)],
        *[Column(kept, _pool(undilated, mode)) for mode in (False, True)],
        Column(kept, upsampled),
        *[Column((1, factor**2), shuffled(factor, 1)) for factor in family.shuffles],
        *[Column((factor**2, 1), shuffled(1, factor)) for factor in family.shuffles],
        Column(kept, padded),
    ]


def _channel_paths(rules: list[tuple[int, int]], start: int, goal: int, offered: tuple[int, ...]) -> int:
    ways = {start: 1}
    for multiply, divide in rules:
        after: dict[int, int] = {}
        for channels, count in ways.items():
            if not multiply:
                outs: tuple[int, ...] = offered
            else:
                outs = (channels * multiply // divide,) if channels % divide == 0 else ()
            for out in outs:
                after[out] = after.get(out, 0) + count
        ways = after
    return ways.get(goal, 0)


def tally(start: Shape, goal: Shape, family: Family) -> tuple[int, int]:
    """The number of chains of one and of two layers, for square shapes and axes that are free of each other.

    Along one axis, let N be the ways through two modules, X, Y those idle in the first or second, Z in both. The axes
    are alike, so the chains number N^2 - X^2 - Y^2 + Z^2.
    """
    assert (start.height, goal.height) == (start.width, goal.width)
    assert not family.equal_axes
    columns, offered = _columns(family), family.offered_channels(start, goal)
    most, n, m = family.growth * max(start.height, goal.height), start.height, goal.height
    first = [column.sizes(n) for column in columns]
    single = 0
    for column, (sizes, idle) in zip(columns, first, strict=True):
        hits = int((sizes == m).sum()), int(((sizes == m) & idle).sum())
        paths = _channel_paths([column.channels], start.channels, goal.channels, offered)
        single += paths * (hits[0] ** 2 - hits[1] ** 2)
    middles = sorted({int(size) for sizes, _ in first for size in sizes.unique() if 1 <= size <= most})
    hits_after = []  # per module: (ways, idle ways) from each middle size to the goal
    for column in columns:
        rows = []
        for middle in middles:
            sizes, idle = column.sizes(middle)
            rows.append((int((sizes == m).sum()), int(((sizes == m) & idle).sum())))
        hits_after.append(rows)
    double = 0
    for column, (sizes, idle) in zip(columns, first, strict=True):
        ways_in = [(int((sizes == middle).sum()), int(((sizes == middle) & idle).sum())) for middle in middles]
        for other, ways_out in zip(columns, hits_after, strict=True):
            paths = _channel_paths([column.channels, other.channels], start.channels, goal.channels, offered)
            if paths:
                total, one, two, both = (
                    sum(a[i] * b[j] for a, b in zip(ways_in, ways_out, strict=True))
                    for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))
                )
                double += paths * (total**2 - one**2 - two**2 + both**2)
    return single, double
