"""Dropout, channel dropout and batch normalisation, each in training and in evaluation."""

from collections.abc import Sequence

import torch
from torch import Tensor


def masked(x: Tensor, p: float, drawn: Sequence[int]) -> Tensor:
    """Zero with probability p and scale the survivors by 1 / (1 - p), by one draw for each entry of shape `drawn`.

    Masks come from torch's global generator, in the order of `nn.Dropout`, so that one seed gives both the same mask.
    """
    return x * x.new_empty(drawn).bernoulli_(1 - p) / (1 - p)


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Each entry is kept or lost on its own; nothing happens in evaluation."""
    return masked(x, p, x.shape) if training else x


def dropout2d(x: Tensor, p: float, training: bool) -> Tensor:
    """One draw for each sample and channel: a feature map is kept or lost as a whole."""
    return masked(x, p, (*x.shape[:2], 1, 1)) if training else x


class BatchNorm2d:
    """Batch normalisation over (N, H, W) of each channel (Ioffe and Szegedy, 2015).

    Training normalises with the batch's own mean and biased variance, and moves the running statistics towards the mean
    and the UNBIASED variance; evaluation normalises with the running statistics and changes nothing.
    """

    def __init__(self, weight: Tensor, bias: Tensor, epsilon: float = 1e-5, momentum: float = 0.1) -> None:
        self.weight, self.bias, self.epsilon, self.momentum = weight, bias, epsilon, momentum  # (C,), (C,)
        self.running_mean = torch.zeros_like(weight)
        self.running_var = torch.ones_like(weight)

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        """x is (N, C, H, W); so is the result."""
        mean, variance = self.batch_statistics(x) if training else (self.running_mean, self.running_var)
        normal = (x - mean[:, None, None]) / self.deviation(variance)[:, None, None]
        return self.weight[:, None, None] * normal + self.bias[:, None, None]

    def batch_statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance of each channel, (C,) and (C,); the running ones follow."""
        mean = x.mean(dim=(0, 2, 3))
        variance = ((x - mean[:, None, None]) ** 2).mean(dim=(0, 2, 3))
        with torch.no_grad():  # running statistics are no part of the graph
            unbiased = self.unbiased(variance, x.numel() // x.shape[1])
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (unbiased - self.running_var)
        return mean, variance

    def unbiased(self, variance: Tensor, count: int) -> Tensor:
        return variance * count / (count - 1)

    def deviation(self, variance: Tensor) -> Tensor:
        return torch.sqrt(variance + self.epsilon)
