"""Runs chains in torch, from the very strings that are printed: shapes, gradients, counts."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from conv_solve.chain import Chain
from conv_solve.family import Shape
from writeup.errors import WriteupError

BATCH = 2


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
    """The shapes before, between and after the modules on a batch of two in float32 (torch's errors pass through)."""
    outputs = torch.zeros(BATCH, *start, device=device)
    shapes = [start]
    with torch.no_grad():
        for module in build(modules, device):
            outputs = module(outputs)
            shapes.append(Shape(*outputs.shape[1:]))
    return shapes


@dataclass(frozen=True)
class Gradients:
    """What one backward pass from a random weighting of the output reached, on a batch of two.

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
    inputs = torch.randn(BATCH, *start, requires_grad=True)
    outputs = chain(inputs)
    outputs.backward(torch.rand_like(outputs) + 0.5)
    assert inputs.grad is not None
    seen = (inputs.grad != 0).any(dim=1).any(dim=0)  # (H, W)
    return Gradients(
        pixels=seen.float().mean().item(),
        blank=(int((~seen.any(dim=1)).sum()), int((~seen.any(dim=0)).sum())),
        parameters=all(p.grad is not None and bool((p.grad != 0).all()) for p in chain.parameters()),
    )


def agrees(chain: Chain) -> bool:
    """Whether torch gives the chain's shapes on real float32 tensors and on the meta device, layer by layer."""
    return all(run(chain.modules, chain.start, device) == chain.shapes for device in ("cpu", "meta"))


@dataclass(frozen=True)
class Reach:
    """Measured by autograd: the widest span of input rows behind one central output row (`receptive_field`), the input
    rows (`discarded`) and the input positions (`missed`) on which no output depends."""

    receptive_field: int
    discarded: int
    missed: int


def reach(chain: Chain) -> Reach:
    """On a slim twin of the chain: the same layers, weights of one, on as few channels as its shuffles allow.

    Max pooling passes the gradient to the winner of a window only, so there many random inputs are united.
    """
    twin = slim(chain)
    network = build(twin.modules).double()
    for weights in network.parameters():
        nn.init.ones_(weights)
    rows = twin.shapes[-1].height
    central = range(max(0, rows // 2 - 6), min(rows, rows // 2 + 6))
    behind = torch.zeros(len(central), twin.start.height, dtype=torch.bool)
    reached = torch.zeros(twin.start[1:], dtype=torch.bool)
    pooled = any("MaxPool" in module for module in twin.modules)
    for seed in range(150 if pooled else 1):
        inputs = torch.rand(1, *twin.start, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        outputs = network(inputs.requires_grad_())
        reached |= _support(outputs, inputs)
        for place, row in enumerate(central if seed < 30 else ()):
            behind[place] |= _support(outputs[:, :, row], inputs).any(dim=1)
    spans = [int(row.nonzero().max() - row.nonzero().min()) + 1 for row in behind if row.any()]
    return Reach(max(spans, default=0), int((~reached.any(dim=1)).sum()), int((~reached).sum()))


def _support(outputs: Tensor, inputs: Tensor) -> Tensor:
    """The input positions (H, W) on which the outputs depend."""
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs, retain_graph=True)
    return (gradient[0] != 0).any(dim=0)


def slim(chain: Chain) -> Chain:
    """The chain with each run of layers that tie their channels together divided down to a single channel."""
    runs: list[list[int]] = [[chain.start.channels]]
    for layer in chain.layers:
        (runs.append([layer.after.channels]) if layer.module.learned else runs[-1].append(layer.after.channels))
    slim = [channels // min(run) for run in runs for channels in run]
    shapes = [shape._replace(channels=channels) for shape, channels in zip(chain.shapes, slim, strict=True)]
    layers = [
        replace(layer, before=before, after=after)
        for layer, before, after in zip(chain.layers, shapes, shapes[1:], strict=False)
    ]
    return Chain(tuple(layers), shapes[0])


def overlap_is_even(chain: Chain) -> bool:
    """Whether ones sent through each transposed convolution or upsampling, with weights of one, stay level inside."""
    for layer in chain.layers:
        if layer.module.name not in ("ConvTranspose2d", "Upsample"):
            continue
        alone = slim(Chain((layer,), layer.before))
        network = build(alone.modules)
        for name, weights in network.named_parameters():
            nn.init.constant_(weights, 1.0 if name.endswith("weight") else 0.0)
        ramp = torch.arange(float(alone.start.height))[:, None].expand(1, alone.start.channels, -1, alone.start.width)
        with torch.no_grad():
            if layer.module.name == "Upsample":  # how often each input row is repeated
                level = network(ramp.contiguous())[0, 0, :, 0].unique(return_counts=True)[1]
            else:
                height, width = layer.after.height // 3, layer.after.width // 3
                level = network(torch.ones(1, *alone.start))[0, 0, height : 2 * height, width : 2 * width]
        if level.min() != level.max():
            return False
    return True
