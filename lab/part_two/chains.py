"""Chains of modules, run on a random tensor and drawn."""

import math

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

Shape = tuple[int, ...]


@torch.no_grad()
def shapes_along(chain: nn.Sequential, start: Shape) -> list[Shape]:
    """Run the chain on one random sample and return (C, H, W) before the first and after every module."""
    x = torch.randn(1, *start)
    shapes = [start]
    for module in chain:
        x = module(x)
        shapes.append(tuple(x.shape[1:]))
    return shapes


@torch.no_grad()
def multiply_adds(chain: nn.Sequential, start: Shape) -> int:
    """Of one sample, as torch counts them: two floating-point operations each."""
    with FlopCounterMode(display=False) as counter:
        chain(torch.randn(1, *start))
    return counter.get_total_flops() // 2


def draw_chain(axes: Axes, chain: nn.Sequential, shapes: list[Shape]) -> None:
    """Tensors as blocks (height: side of the image; width: log of the channels), modules as arrows."""
    tallest = max(height for _, height, _ in shapes)
    left = 0.0
    for number, (channels, height, width) in enumerate(shapes):
        block_width, block_height = 0.15 * math.log2(channels + 1), height / tallest
        axes.add_patch(Rectangle((left, -block_height / 2), block_width, block_height, fc="#cfe2f3", ec="#3d6a96"))
        below = left + block_width / 2, -block_height / 2 - 0.04
        axes.text(*below, f"{channels}\n{height} x {width}", ha="center", va="top", fontsize=7)
        left += block_width
        if number < len(chain):
            axes.annotate("", (left + 1.55, 0), (left + 0.05, 0), arrowprops={"arrowstyle": "->", "color": "#555555"})
            axes.text(left + 0.8, 0.05, label(chain[number]), ha="center", va="bottom", fontsize=7)
            left += 1.6
    axes.set(xlim=(-0.1, left + 0.1), ylim=(-0.8, 0.55))
    axes.axis("off")


def label(module: nn.Module) -> str:
    """The module's name with the settings that change the shape."""
    lines = [type(module).__name__]
    for name in ("kernel_size", "stride", "padding", "dilation", "output_padding", "scale_factor", "upscale_factor"):
        value = getattr(module, name, None)
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        neutral = 0 if "padding" in name else 1
        if value is not None and value != neutral:
            lines.append(f"{name} {value:g}" if isinstance(value, (int, float)) else f"{name} {value}")
    return "\n".join(lines)
