"""The size function of every module against torch itself, setting by setting and size by size."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn

from conv_solve.module import AnyModule
from conv_solve.resizing import (
    AdaptiveAvgPool2d,
    PixelShuffle,
    PixelUnshuffle,
    Upsample,
    UpsampleSize,
    ZeroPad2d,
)
from conv_solve.windows import AvgPool2d, Bounds, Conv2d, ConvTranspose2d, MaxPool2d, Window

BOUNDS = Bounds(kernel=3, stride=3, padding=2, dilation=2, output_padding=2)
UNDILATED = Bounds(kernel=4, stride=3, padding=2)
MODULES: list[AnyModule] = [
    Conv2d(BOUNDS),
    ConvTranspose2d(BOUNDS),
    MaxPool2d(BOUNDS, ceil_mode=False),
    MaxPool2d(BOUNDS, ceil_mode=True),
    AvgPool2d(UNDILATED, ceil_mode=False),
    AvgPool2d(UNDILATED, ceil_mode=True),
    Upsample((Fraction(3, 2), Fraction(2), Fraction(9, 4), Fraction(3))),
    Upsample((Fraction(3, 2), Fraction(2), Fraction(9, 4), Fraction(3)), mode="bilinear"),
    PixelShuffle(2),
    PixelUnshuffle(2),
    ZeroPad2d(2),
    AdaptiveAvgPool2d((1, 4, 7)),
    UpsampleSize((1, 4, 7)),
]
SIZES = range(1, 8)
named = pytest.mark.parametrize("module", MODULES, ids=str)


def torch_module(module: AnyModule, setting: object) -> nn.Module:
    """The shipped constructor string, executed for a height of `setting`; four channels in, one out."""
    return eval(module.constructor(setting, setting, 4, 1), {"nn": nn})


def torch_size(layer: nn.Module, n: int) -> int:
    """Output rows according to torch; 0 where it refuses or leaves nothing."""
    try:
        with torch.no_grad():
            return layer(torch.zeros(1, 4, n, n)).shape[-1]
    except (RuntimeError, ValueError):
        return 0


@named
def test_size_is_torch_s(module: AnyModule) -> None:
    for setting in module.settings():
        layer = torch_module(module, setting)
        for n in SIZES:
            if module.name == "MaxPool2d" and n < setting.dilation:
                continue  # outside the family: see test_max_pool_refuses_windows_without_input
            if module.name == "ZeroPad2d" and n + min(setting.before, 0) + min(setting.after, 0) < 1:
                assert module.size(setting, n) == 0  # torch pads an empty crop; the family does not
                continue
            assert module.size(setting, n) == torch_size(layer, n), (setting, n)


def test_max_pool_refuses_windows_without_input() -> None:
    """Torch returns -inf where a dilated window falls between the rows of a small input; the family refuses it."""
    setting = Window(kernel=2, stride=1, padding=1, dilation=3)
    assert torch.isinf(nn.MaxPool2d(2, 1, 1, 3)(torch.zeros(1, 1, 2, 2))).any()
    assert MaxPool2d(BOUNDS, ceil_mode=False).size(setting, 2) == 0


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_max_pool_windows_always_see_input(ceil_mode: bool) -> None:
    module = MaxPool2d(BOUNDS, ceil_mode)
    for setting in module.settings():
        layer = torch_module(module, setting)
        for n in SIZES:
            if module.size(setting, n):
                assert layer(torch.zeros(1, 1, n, n)).isfinite().all(), (setting, n)


@pytest.mark.parametrize("module", [module for module in MODULES if not module.forces], ids=str)
def test_preimages_miss_no_size(module: AnyModule) -> None:
    for setting in module.settings():
        for n in range(1, 40):
            m = module.size(setting, n)
            if m:
                assert n in module.preimages(setting, m), (setting, n, m)


@named
def test_reads_are_the_rows_that_receive_gradient(module: AnyModule) -> None:
    """Dependence by autograd, each output row alone, weights 1; max pooling by the convolution of its windows."""
    n = 8
    for setting in module.settings():
        layer = torch_module(module, setting)
        if module.name == "MaxPool2d":
            if getattr(module, "ceil_mode", False) and not module.redundant(setting, n):
                continue  # its last window hangs over the edge, where no convolution follows
            layer = torch_module(Conv2d(BOUNDS), setting)
        for parameter in layer.parameters():
            nn.init.ones_(parameter)
        m = module.size(setting, n)
        inputs = torch.ones(1, 4, n, n, requires_grad=True)
        for row in range(m):
            (gradient,) = torch.autograd.grad(layer(inputs)[0, :, row].sum(), inputs)
            reached = gradient.abs().sum(dim=(0, 1, 3)) > 1e-5  # bilinear weights are zero up to rounding
            rows = reached.nonzero().flatten().tolist()
            assert rows == sorted(module.reads(setting, n, row)), (setting, row)


@named
def test_settings_with_one_key_act_alike(module: AnyModule) -> None:
    seen: dict[object, list[tuple[int, bool]]] = {}
    for setting in module.settings():
        acts = [(module.size(setting, n), module.redundant(setting, n)) for n in SIZES if module.size(setting, n)]
        assert seen.setdefault(module.key(setting), acts) == acts, setting


@named
def test_redundant_modules_return_their_input(module: AnyModule) -> None:
    """On an input large enough that nothing is an identity by accident; ceil_mode has its own test."""
    if getattr(module, "ceil_mode", False):
        return
    inputs = torch.randn(1, 4, 12, 12, generator=torch.Generator().manual_seed(0))
    for setting in module.settings():
        outputs = torch_module(module, setting)(inputs)
        identity = outputs.shape == inputs.shape and torch.equal(outputs, inputs)
        assert module.redundant(setting, 12) == identity, setting


@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
def test_ceil_mode_is_redundant_where_it_changes_nothing(pool: type[MaxPool2d]) -> None:
    floor, ceil = (pool(UNDILATED, ceil_mode) for ceil_mode in (False, True))
    for setting in ceil.settings():
        for n in SIZES:
            inputs = torch.randn(1, 1, n, n, generator=torch.Generator().manual_seed(n))
            if ceil.size(setting, n) and floor.size(setting, n):
                rounded_down, rounded_up = (torch_module(module, setting)(inputs) for module in (floor, ceil))
                same = rounded_down.shape == rounded_up.shape and torch.equal(rounded_down, rounded_up)
                assert ceil.redundant(setting, n) == same, (setting, n)
