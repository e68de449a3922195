"""Measured by autograd: what outputs depend on, and how evenly. The checks of what `chain.py` computes."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from conv_solve.chain import Chain
from conv_solve.running import build


def reach(chain: Chain) -> tuple[int, int]:
    """The widest span of input rows behind one central output row, and the input rows on which no output depends.

    On a slim twin of the chain: the same layers, weights of one, on as few channels as its shuffles allow.

    Max pooling passes the gradient to the winner of a window only, so there many random inputs are united.
    """
    twin = slim(chain)
    network = build(twin.modules).double()
    for weights in network.parameters():
        nn.init.ones_(weights)
    rows = twin.shapes[-1].height
    central = range(max(0, rows // 2 - 6), min(rows, rows // 2 + 6))
    behind = torch.zeros(len(central), twin.start.height, dtype=torch.bool)
    reached = torch.zeros(twin.start.height, dtype=torch.bool)
    pooled = any("MaxPool" in module for module in twin.modules)
    for seed in range(150 if pooled else 1):
        inputs = torch.rand(1, *twin.start, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        outputs = network(inputs.requires_grad_())
        reached |= _rows_behind(outputs, inputs)
        for place, row in enumerate(central if seed < 30 else ()):
            behind[place] |= _rows_behind(outputs[:, :, row], inputs)
    spans = [int(row.nonzero().max() - row.nonzero().min()) + 1 for row in behind if row.any()]
    return max(spans, default=0), int((~reached).sum())


def _rows_behind(outputs: Tensor, inputs: Tensor) -> Tensor:
    """The input rows (H) on which the outputs depend."""
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs, retain_graph=True)
    return (gradient[0] != 0).any(dim=(0, 2))


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
