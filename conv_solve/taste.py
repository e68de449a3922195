r"""What an engineer would call usual: points against the settings of a module, along one axis.

The numbers are a convention, not a measurement. They follow the layers of well-known networks: 3x3 with padding 1
(VGG), 3x3 or 2x2 with stride 2, 7x7 with padding 3, 3x3 pooling with stride 2 (ResNet), patches whose kernel is their
stride (ViT), a convolution before a pixel shuffle (ESPCN), transposed kernels that are a multiple of the stride and
resizing before a convolution (https://distill.pub/2016/deconv-checkerboard).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from conv_solve.chain import Chain, Layer
from conv_solve.family import Shape
from conv_solve.windows import Window

LAYER = 2  # each layer
UNEVEN = 4  # a transposed kernel that is no multiple of its stride; rows that are repeated unequally often
BLOCKS = 6  # an output that is constant in blocks
UNLIKE = 2  # a layer whose height and width differ in their settings
FIRST = 1  # a pool before any convolution
IDLE = 3  # a pool that keeps the size
DETOUR = 2  # a size in between that is smaller or larger than both ends
POOLS = {(2, 2, 0): 0, (3, 2, 1): 1, (3, 3, 0): 1, (4, 4, 0): 1}  # kernel, stride, padding


def points(module: Any, setting: Any) -> int:
    """Against one setting of one module."""
    match module.name:
        case "Conv2d":
            return _convolution(setting)
        case "ConvTranspose2d":
            return _transposed(setting)
        case "MaxPool2d" | "AvgPool2d":
            told = POOLS.get((setting.kernel, setting.stride, setting.padding), 3)
            return told + 2 * module.ceil_mode + (module.name == "AvgPool2d")
        case "Upsample":
            uneven = isinstance(setting, Fraction) and setting.denominator > 1
            return UNEVEN if uneven else int(setting > 2)
        case "PixelShuffle" | "PixelUnshuffle":
            return int(setting > 2)
    return UNEVEN


def _convolution(window: Window) -> int:
    kernel, stride, *_ = window
    if kernel == 3:
        size = 0
    elif kernel in (1, 5, 7) or (stride > 1 and kernel in (stride, 2 * stride)):
        size = 1
    else:
        size = 2 + (kernel > 7)
    return size + _padding(window) + (stride > 2)


def _transposed(window: Window) -> int:
    kernel, stride, _, _, output_padding = window
    size = (kernel > 4) + 2 * (kernel > 8)
    return size + _padding(window) + UNEVEN * (kernel % stride > 0) + 2 * (output_padding > 0) + (stride > 2)


def _padding(window: Window) -> int:
    """Usual are none, that which keeps the size, and that which divides or multiplies it by the stride."""
    usual = (0, (window.kernel - 1) / 2, (window.kernel - window.stride) / 2)
    return 0 if window.padding in usual else 1


def constant_in_blocks(layers: Sequence[Layer]) -> bool:
    """Whether the output repeats values: upsampled by nearest neighbour, then touched by no window of its own."""
    for layer in reversed(layers):
        if layer.module.name == "Upsample":
            return getattr(layer.module, "mode", "nearest") == "nearest"
        if any(layer.module.kernel(setting) > 1 for setting in layer.settings) or "Pool" in layer.module.name:
            return False
    return False


def _longer(shapes: Sequence[Shape]) -> bool:
    """Whether an axis ends longer than it began: what transposed convolutions are for."""
    return any(after > before for before, after in zip(shapes[0][1:], shapes[-1][1:], strict=True))


def rank(chain: Chain) -> tuple[int, int, int, int]:
    """Points against a chain, then its layers, parameters and multiply-adds: the lower the better."""
    layers = chain.layers
    against = sum(points(layer.module, setting) for layer in layers for setting in layer.settings)
    against += 2 * LAYER * len(layers) + 2 * BLOCKS * constant_in_blocks(layers)
    against += UNLIKE * sum(layer.height != layer.width for layer in layers)
    pools = [place for place, layer in enumerate(layers) if "Pool" in layer.module.name]
    against += FIRST * (0 in pools) * (len(layers) > 1)
    transposed = [layer for layer in layers if layer.module.name == "ConvTranspose2d"]
    against += 2 * UNEVEN * sum(not (_longer(chain.shapes) and _longer([x.before, x.after])) for x in transposed)
    against += IDLE * sum(layers[place].before[1:] == layers[place].after[1:] for place in pools)
    for axis in (1, 2):
        sizes = [shape[axis] for shape in chain.shapes]
        against += DETOUR * (max(sizes) > max(sizes[0], sizes[-1]))
        against += DETOUR * (min(sizes) < min(sizes[0], sizes[-1]))
    return against, len(layers), chain.parameters, chain.macs
