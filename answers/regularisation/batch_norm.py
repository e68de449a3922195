r"""Batch norm by hand, in double precision: forward, backward, and its symmetries.

y = gamma (x - mu) / sqrt(var + eps) + beta with mean and biased variance over images and places of one channel
(Ioffe and Szegedy 2015, algorithm 1); running statistics use the unbiased variance (torch.nn.BatchNorm2d).
"""

from __future__ import annotations

from functools import cache

import sympy
import torch
from torch import Tensor, nn

SHAPE = (6, 3, 4, 5)  # images, channels, height, width
MOMENTUM = 0.1
EPS = 1e-5


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def normalise(x: Tensor, eps: float = EPS, unbiased: bool = False) -> Tensor:
    """(x - mean) / sqrt(var + eps) per channel; x has shape (images, channels, ...)."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=int(unbiased), keepdim=True)
    return (x - mean) / (variance + eps).sqrt()


def by_hand(x: Tensor, module: nn.BatchNorm2d, unbiased: bool = False) -> Tensor:
    """What `module` makes of x in training."""
    return normalise(x, module.eps, unbiased) * _per_channel(module.weight) + _per_channel(module.bias)


def by_hand_in_evaluation(x: Tensor, module: nn.BatchNorm2d) -> Tensor:
    """What `module` makes of x in evaluation: one fixed affine map a channel, whatever else is in the batch."""
    assert module.running_mean is not None
    assert module.running_var is not None
    slope = module.weight / (module.running_var + module.eps).sqrt()
    offset = module.bias - slope * module.running_mean
    return x * _per_channel(slope) + _per_channel(offset)


def trained_module(steps: int = 5) -> tuple[nn.BatchNorm2d, list[Tensor]]:
    """A module with scale and shift of its own after a few batches in training mode, and those batches."""
    module = nn.BatchNorm2d(SHAPE[1], eps=EPS, momentum=MOMENTUM).double()
    module.weight.data, module.bias.data = normal(SHAPE[1], seed=1), normal(SHAPE[1], seed=2)
    batches = [3 * normal(*SHAPE, seed=10 + k) + k for k in range(steps)]
    for batch in batches:
        module(batch)
    return module, batches


def running_variance_by_hand(batches: list[Tensor], unbiased: bool, weight_of_new: float = MOMENTUM) -> Tensor:
    """running = (1 - m) running + m new, from one."""
    running = torch.ones(SHAPE[1], dtype=torch.float64)
    for batch in batches:
        new = batch.var((0, 2, 3), correction=int(unbiased))
        running = (1 - weight_of_new) * running + weight_of_new * new
    return running


@cache
def backward_by_symbols(size: int = 3) -> bool:
    r"""Whether sympy derives dL/dx_i = (g_i - mean(g) - y_i mean(g y)) / s for a batch of `size` numbers.

    g = dL/dy, s = sqrt(var + eps), and y the normalised values.
    """
    x, g = sympy.symbols(f"x0:{size}", real=True), sympy.symbols(f"g0:{size}", real=True)
    eps = sympy.Symbol("epsilon", positive=True)
    mean = sum(x) / size
    deviation = sympy.sqrt(sum((v - mean) ** 2 for v in x) / size + eps)
    y = [(v - mean) / deviation for v in x]
    loss = sum(a * b for a, b in zip(g, y, strict=True))
    mean_g, mean_gy = sum(g) / size, loss / size
    formula = (g[0] - mean_g - y[0] * mean_gy) / deviation
    return bool(sympy.simplify(sympy.diff(loss, x[0]) - formula) == 0)


def backward_gap(drop: str = "") -> float:
    """Largest difference between the formula's gradient and autograd's through nn.BatchNorm2d, in double precision.

    `drop` leaves a term out: "mean" or "projection".
    """
    module, _ = trained_module()
    x = normal(*SHAPE, seed=3).requires_grad_()
    upstream = normal(*SHAPE, seed=4)
    (automatic,) = torch.autograd.grad((module.train()(x) * upstream).sum(), x)
    axes = (0, 2, 3)
    with torch.no_grad():
        y, g = normalise(x), upstream * _per_channel(module.weight)
        deviation = (x.var(axes, correction=0, keepdim=True) + EPS).sqrt()
        mean = 0 if drop == "mean" else g.mean(axes, keepdim=True)
        projection = 0 if drop == "projection" else y * (g * y).mean(axes, keepdim=True)
        return float(((g - mean - projection) / deviation - automatic).abs().max())


def convolved(weight: Tensor, bias: Tensor | None = None, eps: float = 0.0) -> Tensor:
    """A convolution of a fixed batch, normalised: (images, channels, height, width)."""
    return normalise(nn.functional.conv2d(normal(4, 2, 6, 6, seed=5), weight, bias), eps)


def scale_gap(factor: float, eps: float = 0.0) -> float:
    """Largest change of the normalised convolution when its weights are multiplied by `factor`."""
    weight = normal(3, 2, 3, 3, seed=6)
    return float((convolved(factor * weight, eps=eps) - convolved(weight, eps=eps)).abs().max())


def gradient_cosine(eps: float, normalised: bool = True) -> float:
    """Cosine between the weights before batch norm and their gradient, largest over channels, absolute."""
    weight = normal(3, 2, 3, 3, seed=6).requires_grad_()
    target = normal(4, 3, 4, 4, seed=7)
    made = convolved(weight, eps=eps) if normalised else nn.functional.conv2d(normal(4, 2, 6, 6, seed=5), weight)
    (gradient,) = torch.autograd.grad((made - target).square().sum(), weight)
    cosine = nn.functional.cosine_similarity(weight.flatten(1), gradient.flatten(1))
    return float(cosine.detach().abs().max())


def gradient_norm(scale: float) -> float:
    """Norm of the gradient of the weights before batch norm when they are `scale` times as large (eps = 0)."""
    weight = (scale * normal(3, 2, 3, 3, seed=6)).requires_grad_()
    (gradient,) = torch.autograd.grad((convolved(weight) - normal(4, 3, 4, 4, seed=7)).square().sum(), weight)
    return float(gradient.norm())


def bias_gradient(module: nn.Module) -> float:
    """Largest gradient of the bias of a convolution followed by `module`."""
    convolution = nn.Conv2d(2, 3, 3).double()
    convolution.weight.data = normal(3, 2, 3, 3, seed=6)
    assert convolution.bias is not None
    convolution.bias.data = normal(3, seed=9)
    made = module.double()(convolution(normal(4, 2, 6, 6, seed=5)))
    (made - normal(4, 3, 4, 4, seed=7)).square().sum().backward()
    assert convolution.bias.grad is not None
    return float(convolution.bias.grad.abs().max())


def restored_gap(scale_is_deviation: bool, shift_is_mean: bool) -> float:
    """Largest difference between a batch and batch norm of it, scale set to its deviation and shift to its mean."""
    x = 3 * normal(*SHAPE, seed=8) + 2
    module = nn.BatchNorm2d(SHAPE[1], eps=EPS).double()
    if scale_is_deviation:
        module.weight.data = (x.var((0, 2, 3), correction=0) + EPS).sqrt()
    if shift_is_mean:
        module.bias.data = x.mean((0, 2, 3))
    return float((module(x) - x).detach().abs().max())


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)
