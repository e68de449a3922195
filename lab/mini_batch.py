"""Gradients of every batch of a set small enough to run them all, in double precision."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations, product

import torch
from torch import Tensor
from torch.nn import functional as F

from experiments.regularisation import batch_size, side_by_side
from experiments.regularisation.digits import CLASSES, all_digits
from lab.bptt.autograd_graph import joined

IMAGES = CLASSES  # the first of each class
_digits = cache(all_digits)  # reading them takes longer than a gradient


@cache
def batch_gradient(indices: tuple[int, ...], reduction: str = "mean") -> Tensor:
    """The gradient of the batch's loss, (parameters,), by one backward pass of a small network over that batch."""
    network = batch_size.make_network(1, 2).double()
    side_by_side.seed_weights(network, [0])
    images, labels = _digits()
    chosen = list(indices)
    scores = network(images[chosen, None].double()).flatten(1)
    loss = F.cross_entropy(scores, labels[chosen], reduction=reduction)
    return joined(torch.autograd.grad(loss, list(network.parameters())))


def all_batches(size: int, replacement: bool = False) -> Iterable[tuple[int, ...]]:
    """Every batch of `size` of the images: as sets, or with replacement as ordered draws."""
    return product(range(IMAGES), repeat=size) if replacement else combinations(range(IMAGES), size)


def full_gradient() -> Tensor:
    return batch_gradient(tuple(range(IMAGES)))


def mean_over_batches(size: int, reduction: str) -> Tensor:
    return torch.stack([batch_gradient(batch, reduction) for batch in all_batches(size)]).mean(0)


def variance_over_batches(size: int, replacement: bool) -> float:
    """Mean squared distance of the batch gradient from the full gradient, over all batches."""
    # the order of a batch's images does not matter, so that most ordered draws are found in the cache
    gradients = torch.stack([batch_gradient(tuple(sorted(batch))) for batch in all_batches(size, replacement)])
    return float((gradients - full_gradient()).square().sum(1).mean())
