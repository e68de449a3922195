"""Chains of modules, run on a random tensor."""

import torch
from torch import nn

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
