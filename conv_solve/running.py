"""Runs chains in torch, from the very strings that are printed: shapes, gradients, counts."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from conv_solve.chain import Chain
from conv_solve.family import Shape
from writeup.errors import WriteupError


def build(modules: list[str], device: str = "cpu") -> nn.Sequential:
    """The constructors' modules; weights from seed 0 where the device has values."""
    torch.manual_seed(0)
    with torch.device(device):
        return nn.Sequential(*map(construct, modules))


def construct(call: str) -> nn.Module:
    """The module that a printed call such as "nn.Conv2d(3, 8, kernel_size=5)" makes; its arguments must be literals."""
    tree = ast.parse(call, mode="eval").body
    match tree:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="nn"), attr=name), args=args, keywords=keywords):
            values = [ast.literal_eval(argument) for argument in args]
            named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in keywords}
            made = getattr(nn, name)(*values, **named)
            assert isinstance(made, nn.Module)
            return made
        case _:
            raise WriteupError(f"module {call!r}; a call of a class of torch.nn with literal arguments is expected")


def macs(modules: list[str], start: Shape) -> int:
    """Multiply-adds of one sample by torch's own counter, two flops each."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        build(modules, "meta")(torch.zeros(1, *start, device="meta"))
    return counter.get_total_flops() // 2


def run(modules: list[str], start: Shape, device: str = "cpu") -> list[Shape]:
    """The shapes before, between and after the modules on a batch of one in float32 (torch's errors pass through)."""
    outputs = torch.zeros(1, *start, device=device)
    shapes = [start]
    with torch.no_grad():
        for module in build(modules, device):
            outputs = module(outputs)
            shapes.append(Shape(*outputs.shape[1:]))
    return shapes


@dataclass(frozen=True)
class Gradients:
    """What one backward pass from a random weighting of the output reached, on a batch of one.

    `pixels`: share of the input's positions with a gradient in some channel (max pooling passes it to winners only, so
    it may stay below 1 there); `blank`: rows and columns of the input without any; `parameters`: whether every single
    weight and bias received one.
    """

    pixels: float
    blank: tuple[int, int]
    parameters: bool


def gradients(modules: list[str], start: Shape) -> Gradients:
    """Run the chain on random input and send a random gradient back (seed 0)."""
    chain = build(modules)
    inputs = torch.randn(1, *start, requires_grad=True)
    outputs = chain(inputs)
    outputs.backward(torch.rand_like(outputs) + 0.5)
    assert inputs.grad is not None
    seen = (inputs.grad[0] != 0).any(dim=0)  # (H, W)
    return Gradients(
        pixels=seen.float().mean().item(),
        blank=(int((~seen.any(dim=1)).sum()), int((~seen.any(dim=0)).sum())),
        parameters=all(p.grad is not None and bool((p.grad != 0).all()) for p in chain.parameters()),
    )


def agrees(chain: Chain) -> bool:
    """Whether torch gives the chain's shapes on real float32 tensors and on the meta device, layer by layer."""
    return all(run(chain.modules, chain.start, device) == chain.shapes for device in ("cpu", "meta"))
