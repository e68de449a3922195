"""Slips that are easily made, in the place of the right functions: the comparison must see them."""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.part_two.comparison import (
    Difference,
    batch_norm_inputs,
    compare_convolutions,
    compare_loss,
    compare_recurrent,
    compare_regularisation,
    convolution_inputs,
    loss_inputs,
    recurrent_inputs,
)
from lab.part_two.convolution import conv2d, conv_transpose2d, max_pool2d
from lab.part_two.loss import cross_entropy
from lab.part_two.recurrent import Weights, lstm_cell, weights_of
from lab.part_two.regularisation import BatchNorm2d, masked


def flipped_kernel(x: Tensor, weight: Tensor, bias: Tensor, **settings: int) -> Tensor:
    return conv2d(x, weight.flip(2, 3), bias, **settings)


def turned_kernel(x: Tensor, weight: Tensor, bias: Tensor, **settings: int) -> Tensor:
    return conv_transpose2d(x, weight.transpose(2, 3), bias, **settings)


def zero_border(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return max_pool2d(F.pad(x, [padding] * 4), kernel, stride)


def unscaled(x: Tensor, p: float, training: bool) -> Tensor:
    return masked(x, p, x.shape) * (1 - p) if training else x


class BiasedRunning(BatchNorm2d):
    def unbiased(self, variance: Tensor, count: int) -> Tensor:  # noqa: ARG002  # that is the slip
        return variance


class EpsilonOutside(BatchNorm2d):
    def deviation(self, variance: Tensor) -> Tensor:
        return torch.sqrt(variance) + self.epsilon


def other_order(x: Tensor, state: tuple[Tensor, Tensor], weights: Weights) -> tuple[Tensor, Tensor]:
    exchanged = (torch.cat([i, f, o, g]) for i, f, g, o in (weight.chunk(4) for weight in weights))
    return lstm_cell(x, state, weights_of(exchanged))


def reset_before(x: Tensor, state: tuple[Tensor], weights: Weights) -> tuple[Tensor]:
    (hidden,) = state
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    of_input, of_hidden = x @ weight_ih.T + bias_ih, hidden @ weight_hh.T + bias_hh
    reset, update = torch.sigmoid(of_input + of_hidden)[:, : 2 * hidden.shape[1]].chunk(2, dim=1)
    candidate = (of_input + (reset * hidden) @ weight_hh.T + bias_hh).chunk(3, dim=1)[2].tanh()
    return ((1 - update) * candidate + update * hidden,)


def summed(logits: Tensor, target: Tensor) -> Tensor:
    return len(target) * cross_entropy(logits, target)


def all_slips(seed: int) -> dict[str, Difference]:
    """What `compare` finds where each slip stands in the place of the right function."""
    convolution = partial(compare_convolutions, seed)
    regularisation, recurrent = partial(compare_regularisation, seed), partial(compare_recurrent, seed)
    return {
        "kernel flipped": convolution(conv2d=flipped_kernel)["Conv2d"],
        "rows and columns exchanged": convolution(conv_transpose2d=turned_kernel)["ConvTranspose2d"],
        "border of zeros in max pooling": convolution(max_pool2d=zero_border)["MaxPool2d"],
        "survivors not scaled": regularisation(dropout=unscaled)["Dropout"],
        "running variance left biased": regularisation(BiasedRunning)["BatchNorm2d, evaluation"],
        "epsilon outside of the root": regularisation(EpsilonOutside)["BatchNorm2d, training"],
        "candidate and output exchanged": recurrent(lstm_cell=other_order)["LSTMCell"],
        "reset before the product": recurrent(gru_cell=reset_before)["GRUCell"],
        "summed instead of averaged": compare_loss(seed, cross_entropy=summed)["CrossEntropyLoss"],
    }


@torch.no_grad()
def left_in_torch(seed: int) -> dict[str, float]:
    """What each slip leaves, made with torch's own functions on the comparison's tensors."""
    x, conv, up, _ = convolution_inputs(seed)
    with_settings = partial(F.conv2d, x, bias=conv.bias, stride=2, padding=1, dilation=2)
    turned = F.conv_transpose2d(x, up.weight.mT, up.bias, stride=3, padding=1, output_padding=2)
    made = {
        "kernel flipped": with_settings(weight=conv.weight.flip(2, 3)) - with_settings(weight=conv.weight),
        "rows and columns exchanged": turned - up(x),
        "border of zeros in max pooling": F.max_pool2d(F.pad(x, [1] * 4), 3, stride=2) - F.max_pool2d(x, 3, 2, 1),
    }
    x, norm = batch_norm_inputs(seed)
    torch.manual_seed(seed)
    made["survivors not scaled"] = 0.3 * F.dropout(x, 0.3)
    by_channel = x.transpose(0, 1).flatten(1)  # (C, N H W)
    mean, biased, unbiased = by_channel.mean(1), by_channel.var(1, correction=0), by_channel.var(1)
    evaluated = [
        F.batch_norm(x, 0.1 * mean, 0.9 + 0.1 * variance, norm.weight, norm.bias) for variance in (biased, unbiased)
    ]
    made["running variance left biased"] = evaluated[0] - evaluated[1]
    centred = norm.weight[:, None] * (by_channel - mean[:, None])  # (C, N H W)
    made["epsilon outside of the root"] = (
        centred / (biased.sqrt() + 1e-5)[:, None] - centred / (biased + 1e-5).sqrt()[:, None]
    )
    step, hidden, cell, lstm_step, gru_step = recurrent_inputs(seed)
    right, order = lstm_step(step, (hidden, cell)), torch.arange(20).view(4, 5)[[0, 1, 3, 2]].flatten()
    for weight in lstm_step.parameters():
        weight.copy_(weight[order].clone())
    made["candidate and output exchanged"] = torch.stack(lstm_step(step, (hidden, cell))) - torch.stack(right)
    made["reset before the product"] = _early_reset(step, hidden, gru_step) - gru_step(step, hidden)
    logits, target = loss_inputs(seed)
    made["summed instead of averaged"] = F.cross_entropy(logits, target, reduction="sum") - F.cross_entropy(
        logits, target
    )
    return {name: difference.abs().max().item() for name, difference in made.items()}


def _early_reset(x: Tensor, hidden: Tensor, gru: torch.nn.GRUCell) -> Tensor:
    """The GRU of Cho et al. 2014, gate by gate."""
    of_input = F.linear(x, gru.weight_ih, gru.bias_ih).split(5, dim=1)
    w_reset, w_update, w_candidate = gru.weight_hh.split(5)
    b_reset, b_update, b_candidate = gru.bias_hh.split(5)
    reset = torch.sigmoid(of_input[0] + F.linear(hidden, w_reset, b_reset))
    update = torch.sigmoid(of_input[1] + F.linear(hidden, w_update, b_update))
    return torch.lerp(torch.tanh(of_input[2] + F.linear(reset * hidden, w_candidate, b_candidate)), hidden, update)
