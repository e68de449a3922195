"""The chains of question 1.1: what the assignment gives, what is recommended, and what torch measures of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from math import isqrt

import torch
from torch import nn

from conv_solve import running
from conv_solve.chain import Chain
from conv_solve.check.translating import chain_of
from conv_solve.family import Shape
from lab.uncompiled import uncompiled
from writeup.errors import CheckFailed

Rule = Callable[[int, int, int, int], int]  # rows in, kernel, stride, padding -> rows out


@dataclass(frozen=True)
class Case:
    """One of the question's three lines, with the constructors of the chain that is recommended for it."""

    start: Shape
    goal: Shape
    modules: tuple[str, ...]

    @cached_property
    def chain(self) -> Chain:
        """By the solver's formulas."""
        return chain_of(self.start, ", ".join(self.modules))


CASES = {
    "1": Case(
        Shape(64, 111, 111),
        Shape(4, 234, 234),
        ("nn.ConvTranspose2d(64, 4, kernel_size=14, stride=2)",),
    ),
    "2": Case(
        Shape(256, 56, 56),
        Shape(14, 126, 126),
        ('nn.Upsample(scale_factor=2.25, mode="bilinear")', "nn.Conv2d(256, 14, kernel_size=3, padding=1)"),
    ),
    "3": Case(
        Shape(256, 56, 56),
        Shape(42, 72, 72),
        ("nn.Conv2d(256, 672, kernel_size=5, stride=3)", "nn.PixelShuffle(4)"),
    ),
}
SINGLE = "nn.ConvTranspose2d(256, 42, kernel_size=17)"  # case 3 in one module
POOLED = ("nn.MaxPool2d(2)", "nn.ConvTranspose2d(256, 42, kernel_size=18, stride=2)")  # case 3 with pooling


@cache
def ends(modules: tuple[str, ...], start: Shape) -> Shape:
    """Where torch leads a real tensor."""
    return running.run(list(modules), start)[-1]


def gives(modules: tuple[str, ...], start: Shape, goal: Shape) -> bool:
    """Whether that is `goal`; what torch refuses leads nowhere."""
    try:
        return ends(modules, start) == goal
    except (RuntimeError, ValueError, TypeError):
        return False


@cache
@uncompiled()
def multiply_adds(modules: tuple[str, ...], start: Shape) -> int:
    """Of one sample, by torch's counter of operations, which leaves out interpolation."""
    return running.macs(list(modules), start)


def misfits(rule: Rule, transposed: bool) -> int:
    """Settings of a grid for which torch gives another size than the rule."""
    wrong = 0
    for n, k, s, p in itertools.product((7, 12), (2, 5), (1, 2, 3), (0, 1)):
        layer = (nn.ConvTranspose2d if transposed else nn.Conv2d)(1, 1, k, s, p)
        wrong += layer(torch.zeros(1, 1, n, n)).shape[-1] != rule(n, k, s, p)
    return wrong


def weights_a_row(module: str) -> int:
    """Weights, along one axis, that add up in each inner output row of a transposed convolution."""
    layer = running.construct(module)
    assert isinstance(layer, nn.ConvTranspose2d)
    slim = nn.ConvTranspose2d(1, 1, layer.kernel_size[0], layer.stride[0], bias=False)
    nn.init.ones_(slim.weight)
    with torch.no_grad():
        sums = slim(torch.ones(1, 1, 60, 60))[0, 0, 20:-20, 20:-20].unique()
    if len(sums) > 1:
        raise CheckFailed("equally many weights everywhere", sums.tolist(), module)
    return isqrt(int(sums))


@cache
def read_share(case: Case) -> float:
    """The share of A's positions that receive a gradient from B."""
    return running.gradients(list(case.modules), case.start).pixels
