r"""Batch norm by hand, in double precision: forward, and what it leaves unchanged.

.. math:: y = \gamma_c \hat x + \beta_c, \qquad \hat x = (x - \mu_c) / \sqrt{\sigma_c^2 + \epsilon},

with mean and biased variance over images and places of one channel [Ioffe and Szegedy 2015, algorithm 1]. Shapes are
(images, channels, height, width). Each `*_gap` is the largest difference from what torch makes of the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

SHAPE = (6, 3, 4, 5)
EPS = 1e-2  # large, so that where it stands shows
PLACES = (0, 2, 3)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def outside(variance: Tensor) -> Tensor:
    """The slip: epsilon added to the root."""
    return variance.sqrt() + EPS


def inside(variance: Tensor) -> Tensor:
    return (variance + EPS).sqrt()


def plain(variance: Tensor) -> Tensor:
    """Without epsilon."""
    return variance.sqrt()


def trained() -> tuple[nn.BatchNorm2d, list[Tensor]]:
    """A module with scale and shift of its own after five batches in training, and those batches."""
    module = nn.BatchNorm2d(SHAPE[1], eps=EPS).double()
    module.weight.data, module.bias.data = normal(SHAPE[1], seed=1), normal(SHAPE[1], seed=2)
    batches = [3 * normal(*SHAPE, seed=10 + k) + k for k in range(5)]
    for batch in batches:
        module(batch)
    return module, batches


def normalise(
    x: Tensor, axes: tuple[int, ...] = PLACES, less: int = 0, root: Callable[[Tensor], Tensor] = inside
) -> Tensor:
    """Less its mean over `axes`, over the `root` of its variance, whose divisor is the count less `less`."""
    return (x - x.mean(axes, keepdim=True)) / root(x.var(axes, correction=less, keepdim=True))


def training_gap(axes: tuple[int, ...] = PLACES, less: int = 0, root: Callable[[Tensor], Tensor] = inside) -> float:
    module, _ = trained()
    x = normal(*SHAPE, seed=3)
    return _gap(_affine(normalise(x, axes, less, root), module), module.train()(x))


def evaluation_gap(weight_of_new: float = 0.1, less: int = 1) -> float:
    r"""Evaluation with :math:`\bar\mu \leftarrow (1 - w) \bar\mu + w \mu`, and so for the variance, whose divisor is
    the count less `less`."""
    module, batches = trained()
    mean, variance = torch.zeros(SHAPE[1]).double(), torch.ones(SHAPE[1]).double()
    for batch in batches:
        mean = (1 - weight_of_new) * mean + weight_of_new * batch.mean(PLACES)
        variance = (1 - weight_of_new) * variance + weight_of_new * batch.var(PLACES, correction=less)
    x = normal(*SHAPE, seed=3)
    by_hand = _affine((x - _per_channel(mean)) / _per_channel(inside(variance)), module)
    return _gap(by_hand, module.eval()(x))


def undone_gap(root: Callable[[Tensor], Tensor]) -> float:
    """Of a batch from batch norm of it, the shift set to its mean and the scale to the `root` of its variance."""
    x = 3 * normal(*SHAPE, seed=8) + 2
    module = nn.BatchNorm2d(SHAPE[1], eps=EPS).double()
    module.weight.data, module.bias.data = root(x.var(PLACES, correction=0)), x.mean(PLACES)
    return _gap(module(x), x)


def rescaled_gap(power: int) -> float:
    """Of a normalised convolution with its weights times a from a^power times that without, at epsilon = 0."""

    def normed(factor: float) -> Tensor:
        made = nn.functional.conv2d(normal(4, 2, 6, 6, seed=5), factor * normal(3, 2, 3, 3, seed=6))
        return normalise(made, root=plain)

    return max(_gap(normed(a), a**power * normed(1.0)) for a in (0.1, 7.0))


def _affine(x: Tensor, module: nn.BatchNorm2d) -> Tensor:
    return x * _per_channel(module.weight) + _per_channel(module.bias)


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max())
