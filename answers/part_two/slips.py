"""Wrong versions of the from-scratch modules, each by one slip that is easily made: the comparison must see them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn.functional import pad

from answers.part_two import comparison
from answers.part_two.comparison import Difference
from answers.part_two.convolution import conv2d, conv_transpose2d, max_pool2d
from answers.part_two.loss import cross_entropy
from answers.part_two.recurrent import Weights, gru, gru_cell, lstm, lstm_cell, weights_of
from answers.part_two.regularisation import BatchNorm2d, dropout


@dataclass(frozen=True)
class Slip:
    """`wrong` stands in the place of the function `name` of the comparison."""

    name: str
    wrong: Callable[..., Any]
    why: str


def flipped_convolution(x: Tensor, weight: Tensor, bias: Tensor, **settings: int) -> Tensor:
    return conv2d(x, weight.flip(2, 3), bias, **settings)


def flipped_transpose(x: Tensor, weight: Tensor, bias: Tensor, **settings: int) -> Tensor:
    return conv_transpose2d(x, weight.flip(2, 3), bias, **settings)


def zero_padded_pool(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return max_pool2d(pad(x, (padding,) * 4), kernel, stride)


def unscaled_dropout(x: Tensor, p: float, training: bool) -> Tensor:
    return dropout(x, p, training) * (1 - p)


class UnbiasedBatchNorm2d(BatchNorm2d):
    """Normalises the batch by its unbiased variance."""

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        count = x.numel() // x.shape[1]
        normal = super().__call__(x, training) - self.bias[:, None, None]
        return normal * ((count - 1) / count) ** 0.5 + self.bias[:, None, None]


class ForgetfulBatchNorm2d(BatchNorm2d):
    """Normalises by the batch in evaluation as well."""

    def __call__(self, x: Tensor, training: bool) -> Tensor:  # noqa: ARG002  # that is the slip
        return super().__call__(x, training=True)


def swapped(weights: Weights) -> Weights:
    """The first two gates in the other order: of the LSTM input and forget gate, of the GRU reset and update gate."""
    gates = 4 if weights[1].shape[0] == 4 * weights[1].shape[1] else 3
    exchanged = []
    for tensor in weights:
        first, second, *rest = tensor.chunk(gates)
        exchanged.append(torch.cat([second, first, *rest]))
    return weights_of(exchanged)


GATES = {"LSTM": "input and forget gate swapped", "GRU": "reset and update gate swapped"}
SLIPS = {
    "Conv2d": Slip("conv2d", flipped_convolution, "the kernel flipped"),
    "ConvTranspose2d": Slip("conv_transpose2d", flipped_transpose, "the kernel flipped"),
    "MaxPool2d": Slip("max_pool2d", zero_padded_pool, "the border padded with zeros"),
    "Dropout": Slip("dropout", unscaled_dropout, "survivors not scaled up"),
    "Dropout2d": Slip("dropout2d", dropout, "single entries dropped, not channels"),
    "BatchNorm2d-train": Slip("BatchNorm2d", UnbiasedBatchNorm2d, "the unbiased variance in training"),
    "BatchNorm2d-eval": Slip("BatchNorm2d", ForgetfulBatchNorm2d, "the batch's statistics in evaluation"),
    "LSTMCell": Slip("lstm_cell", lambda x, state, weights: lstm_cell(x, state, swapped(weights)), GATES["LSTM"]),
    "GRUCell": Slip("gru_cell", lambda x, state, weights: gru_cell(x, state, swapped(weights)), GATES["GRU"]),
    "LSTM": Slip("lstm", lambda x, layers: lstm(x, [swapped(weights) for weights in layers]), GATES["LSTM"]),
    "GRU": Slip("gru", lambda x, layers: gru(x, [swapped(weights) for weights in layers]), GATES["GRU"]),
    "CrossEntropyLoss": Slip("cross_entropy", lambda z, t: len(t) * cross_entropy(z, t), "the sum, not the mean"),
}


def differences(seed: int) -> dict[str, Difference]:
    """All comparisons at one seed, by the name of the module."""
    return {name: found for compare in comparison.COMPARISONS for name, found in compare(seed).items()}


def difference_of(slip: Slip, module: str, seed: int) -> Difference:
    """What the comparison finds with the wrong function in the place of ours."""
    with patch.object(comparison, slip.name, slip.wrong):
        return differences(seed)[module]
