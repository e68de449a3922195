"""Four slips that are easily made, in the place of the right functions: the comparison must see them."""

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.part_two.comparison import batch_norm_inputs, convolution_inputs
from lab.part_two.convolution import conv2d, max_pool2d
from lab.part_two.regularisation import BatchNorm2d


def flipped_kernel(x: Tensor, weight: Tensor, bias: Tensor, **settings: int) -> Tensor:
    return conv2d(x, weight.flip(2, 3), bias, **settings)


def zero_border(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return max_pool2d(F.pad(x, [padding] * 4), kernel, stride)


class BiasedRunning(BatchNorm2d):
    def unbiased(self, variance: Tensor, count: int) -> Tensor:  # noqa: ARG002  # that is the slip
        return variance


class EpsilonOutside(BatchNorm2d):
    def deviation(self, variance: Tensor) -> Tensor:
        return torch.sqrt(variance) + self.epsilon


@torch.no_grad()
def left_in_torch(seed: int) -> dict[str, float]:
    """What each slip leaves, made with torch's own functions on the comparison's tensors."""
    x, conv, *_ = convolution_inputs(seed)
    flipped = F.conv2d(x, conv.weight.flip(2, 3), conv.bias, stride=2, padding=1, dilation=2)
    bordered = F.max_pool2d(F.pad(x, [1] * 4), 3, stride=2)
    made = {
        "flipped_kernel": flipped - F.conv2d(x, conv.weight, conv.bias, stride=2, padding=1, dilation=2),
        "zero_border": bordered - F.max_pool2d(x, 3, stride=2, padding=1),
    }
    x, norm = batch_norm_inputs(seed)
    by_channel = x.transpose(0, 1).flatten(1)  # (C, N H W)
    mean, biased, unbiased = by_channel.mean(1), by_channel.var(1, correction=0), by_channel.var(1)
    evaluated = [
        F.batch_norm(x, 0.1 * mean, 0.9 + 0.1 * variance, norm.weight, norm.bias) for variance in (biased, unbiased)
    ]
    made["biased_running"] = evaluated[0] - evaluated[1]
    centred = norm.weight[:, None] * (by_channel - mean[:, None])  # (C, N H W)
    made["epsilon_outside"] = centred / (biased.sqrt() + 1e-5)[:, None] - centred / (biased + 1e-5).sqrt()[:, None]
    return {name: difference.abs().max().item() for name, difference in made.items()}
