"""The solver's set of chains equals what brute force finds by running torch modules, for all pairs up to a stated size.

The brute force shares nothing with the solver but the statement of the family: it writes its own loops over raw
settings, builds the torch modules, and learns sizes from their outputs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn

from conv_solve.family import MODULES, Family, Shape
from conv_solve.ranking import ranked
from conv_solve.search import Search
from conv_solve.windows import Bounds

Axis = tuple[int, ...]
SMALL = Family(
    max_layers=2,
    conv=Bounds(kernel=2, stride=2, padding=1, dilation=2),
    transposed=Bounds(kernel=2, stride=2, padding=0, dilation=2, output_padding=1),
    pool=Bounds(kernel=2, stride=2, padding=1, dilation=1),
    factors=(Fraction(3, 2),),
    shuffles=(2,),
    margin=1,
    equal_axes=True,
)


def windows(bounds: Bounds) -> Iterator[Axis]:
    """(kernel, stride, padding, dilation); the family keeps dilation 1 where the kernel is 1."""
    ranges = [range(1, bounds.kernel + 1), range(1, bounds.stride + 1), range(bounds.padding + 1)]
    for kernel, stride, padding, dilation in itertools.product(*ranges, range(1, bounds.dilation + 1)):
        if kernel > 1 or dilation == 1:
            yield kernel, stride, padding, dilation


def constructors(family: Family, channels: int, offered: tuple[int, ...]) -> Iterator[tuple[nn.Module, bool]]:
    """Every module that the family allows on `channels` channels, and whether it is an identity on both axes."""

    def pairs(axis: list[Axis]) -> Iterator[tuple[Axis, ...]]:
        both = ((one, one) for one in axis) if family.equal_axes else itertools.product(axis, repeat=2)
        return (tuple(zip(*pair, strict=True)) for pair in both)

    reach = lambda axis: axis[3] * (axis[0] - 1)  # noqa: E731
    for out in offered:
        for k, s, p, d in pairs([axis for axis in windows(family.conv) if axis[2] <= reach(axis)]):
            yield nn.Conv2d(channels, out, k, s, p, d), False
        spread = [
            (*axis, o)
            for axis in windows(family.transposed)
            for o in range(family.transposed.output_padding + 1)
            if axis[2] <= reach(axis) and o < max(axis[1], axis[3])
        ]
        for k, s, p, d, o in pairs(spread):
            yield nn.ConvTranspose2d(channels, out, k, s, p, o, dilation=d), False
    for k, s, p, d in pairs([axis for axis in windows(family.pool) if 2 * axis[2] <= axis[0]]):
        idle = k == s == (1, 1)
        for ceil_mode in (False, True):
            yield nn.MaxPool2d(k, s, p, d, ceil_mode=ceil_mode), idle
            if d == (1, 1):
                yield nn.AvgPool2d(k, s, p, ceil_mode=ceil_mode), idle
    for (scale,) in pairs([(1,), *[(float(factor),) for factor in family.factors]]):
        yield nn.Upsample(scale_factor=tuple(map(float, scale))), scale == (1, 1)
    for factor in family.shuffles:
        if channels % factor**2 == 0:
            yield nn.PixelShuffle(factor), False
        yield nn.PixelUnshuffle(factor), False
    margins = range(-family.margin, family.margin + 1)
    for before, after in pairs(list(itertools.product(margins, repeat=2))):
        yield nn.ZeroPad2d((before[1], after[1], before[0], after[0])), before == after == (0, 0)


def outcome(layer: nn.Module, idle: bool, shape: Shape) -> Shape | None:
    """The output shape of an allowed module on a real tensor; None where torch or the family says no."""
    if idle or (isinstance(layer, nn.MaxPool2d) and any(n < d for n, d in zip(shape[1:], layer.dilation, strict=True))):
        return None
    if isinstance(layer, nn.ZeroPad2d):
        left, right, top, bottom = (min(0, side) for side in layer.padding)
        if shape.width + left + right < 1 or shape.height + top + bottom < 1:
            return None
    try:
        with torch.no_grad():
            out = Shape(*layer(torch.zeros(1, *shape)).shape[1:])
    except (RuntimeError, ValueError):
        return None
    if min(out) < 1:
        return None
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) and layer.ceil_mode:
        layer.ceil_mode = False  # a ceil_mode that changes nothing is no part of the family
        try:
            unchanged = tuple(layer(torch.zeros(1, *shape)).shape[1:]) == out
        except RuntimeError:
            unchanged = False
        layer.ceil_mode = True
        return None if unchanged else out
    return out


FIELDS = (
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "output_padding", "ceil_mode"),
    *("scale_factor", "upscale_factor", "downscale_factor"),
)


def described(layer: nn.Module) -> str:
    """A module by torch's own attributes, a number written as the pair that it stands for."""
    values = [getattr(layer, field, None) for field in FIELDS]
    pairs = [value if isinstance(value, tuple) else (value, value) for value in values]
    return f"{type(layer).__name__} {pairs}"


@functools.cache
def steps(family: Family, shape: Shape, offered: tuple[int, ...]) -> tuple[tuple[str, Shape], ...]:
    """All single layers on `shape`: torch's own description of the module and the shape it gives."""
    return tuple(
        (described(layer), out)
        for layer, idle in constructors(family, shape.channels, offered)
        if type(layer).__name__ in family.modules and (out := outcome(layer, idle, shape)) is not None
    )


Found = dict[Shape, set[tuple[tuple[str, ...], tuple[Shape, ...]]]]


def brute_force(family: Family, start: Shape, offered: tuple[int, ...]) -> Found:
    """Every chain from `start`, by the shape it ends in."""
    found: Found = {start: {((), (start,))}}
    chains: list[Any] = [((), (start,))]
    for _ in range(family.max_layers):
        chains = [
            ((*modules, module), (*shapes, out))
            for modules, shapes in chains
            for module, out in steps(family, shapes[-1], offered)
        ]
        for chain in chains:
            found.setdefault(chain[1][-1], set()).add(chain)
    return found


@functools.cache
def executed(constructor: str) -> str:
    """What the solver's string builds."""
    return described(eval(constructor, {"nn": nn}))


def compare(family: Family, start: Shape, goals: Iterator[Shape]) -> int:
    """Assert equality for every goal; the number of chains compared."""
    compared = 0
    by_offer: dict[tuple[int, ...], Found] = {}
    for goal in goals:
        offered = family.offered_channels(start, goal)
        if offered not in by_offer:
            by_offer[offered] = brute_force(family, start, offered)
        most = family.growth * max(*start[1:], *goal[1:])
        expected = {c for c in by_offer[offered].get(goal, set()) if all(max(s[1:]) <= most for s in c[1])}
        search = Search(start, goal, family)
        chains = [(tuple(map(executed, chain.modules)), tuple(chain.shapes)) for chain in ranked(search)]
        assert set(chains) == expected, (start, goal)
        assert len(chains) == search.count == len(expected), (start, goal)
        compared += len(chains)
    return compared


def shapes(channels: tuple[int, ...], most: int) -> Iterator[Shape]:
    return (Shape(*s) for s in itertools.product(channels, range(1, most + 1), range(1, most + 1)))


@pytest.mark.parametrize("start", list(shapes((4,), 3)), ids=str)
def test_two_layers_with_equal_axes(start: Shape) -> None:
    """All pairs up to 3x3, non-square ones included; channels kept and divided by four."""
    assert compare(SMALL, start, shapes((1, 4), 3)) > 100


@pytest.mark.parametrize("start", list(shapes((1,), 2)), ids=str)
def test_two_layers_with_free_axes(start: Shape) -> None:
    """All pairs up to 2x2 (inputs) and 3x3 (outputs), settings of height and width independent."""
    family = replace(
        SMALL,
        equal_axes=False,
        conv=Bounds(kernel=2, stride=1, padding=0),
        transposed=Bounds(kernel=2, stride=2, padding=0),
        pool=Bounds(kernel=2, stride=2, padding=0),
        modules=tuple(name for name in MODULES if name != "ZeroPad2d"),
        shuffles=(),
    )
    assert compare(family, start, shapes((1,), 3)) > 1000


def test_one_layer_with_free_axes() -> None:
    family = replace(SMALL, equal_axes=False, max_layers=1, pool=Bounds(2, 2, 1, 2))
    assert sum(compare(family, start, shapes((4,), 4)) for start in (Shape(4, 2, 3), Shape(4, 4, 1))) > 400


def test_three_layers() -> None:
    family = replace(
        SMALL,
        max_layers=3,
        modules=("ConvTranspose2d", "MaxPool2d", "Upsample"),
        transposed=Bounds(kernel=2, stride=2, padding=0),
    )
    assert compare(family, Shape(1, 2, 3), shapes((1,), 5)) > 100


def test_a_module_told_its_size_is_found_when_asked_for() -> None:
    family = replace(SMALL, max_layers=1, modules=("UpsampleSize", "AdaptiveAvgPool2d"))
    chains = [chain.modules for chain in ranked(Search(Shape(1, 3, 3), Shape(1, 5, 5), family))]
    assert chains == [["nn.Upsample(size=(5, 5))"], ["nn.AdaptiveAvgPool2d((5, 5))"]]
