"""LSTM and GRU: one step, and stacked layers over a sequence; weights in the layout of `torch.nn`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]  # weight_ih, weight_hh, bias_ih, bias_hh


def lstm_cell(x: Tensor, state: tuple[Tensor, Tensor], weights: Weights) -> tuple[Tensor, Tensor]:
    """One LSTM step (Hochreiter and Schmidhuber, 1997; forget gate of Gers et al., 2000).

    x is (N, I); hidden and cell state are (N, H); torch stacks the gates as input, forget, candidate, output.
    """
    hidden, cell = state
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    gates = x @ weight_ih.T + bias_ih + hidden @ weight_hh.T + bias_hh  # (N, 4 H)
    i, f, g, o = gates.chunk(4, dim=1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell


def gru_cell(x: Tensor, state: tuple[Tensor], weights: Weights) -> tuple[Tensor]:
    """One GRU step (Cho et al., 2014), with the reset gate applied after the recurrent product, as torch and cuDNN do.

    x is (N, I); the hidden state, all that there is, is (N, H); torch stacks the gates as reset, update, candidate.
    """
    (hidden,) = state
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    from_input = (x @ weight_ih.T + bias_ih).chunk(3, dim=1)
    from_hidden = (hidden @ weight_hh.T + bias_hh).chunk(3, dim=1)
    reset = torch.sigmoid(from_input[0] + from_hidden[0])
    update = torch.sigmoid(from_input[1] + from_hidden[1])
    candidate = torch.tanh(from_input[2] + reset * from_hidden[2])
    return ((1 - update) * candidate + update * hidden,)


def unroll(cell: Callable[..., Any], x: Tensor, layers: Sequence[Weights], carried: int) -> tuple[Tensor, ...]:
    """Stacked layers from a state of `carried` zeros: each reads the outputs of the layer below.

    x is (T, N, I); the result is the top layer's outputs (T, N, H) and the last of each carried state (L, N, H).
    """
    last = []
    for weights in layers:
        state = (x.new_zeros(x.shape[1], weights[1].shape[1]),) * carried
        outputs = []
        for step in x:
            state = cell(step, state, weights)
            outputs.append(state[0])
        x = torch.stack(outputs)
        last.append(state)
    return x, *map(torch.stack, zip(*last, strict=True))


def weights_of(parameters: Iterable[Tensor]) -> Weights:
    """The weights of a torch.nn cell, or of one layer."""
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    return weight_ih, weight_hh, bias_ih, bias_hh


def layers_of(module: torch.nn.RNNBase) -> list[Weights]:
    """The weights of a torch.nn recurrent module, layer by layer."""
    return [weights_of(weights) for weights in module.all_weights]
