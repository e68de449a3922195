"""LSTM and GRU: one step, and stacked layers over a sequence; weights in the layout of `torch.nn`."""

from collections.abc import Iterable, Sequence

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


def gru_cell(x: Tensor, hidden: Tensor, weights: Weights) -> Tensor:
    """One GRU step (Cho et al., 2014), with the reset gate applied after the recurrent product, as torch and cuDNN do.

    x is (N, I); the hidden state is (N, H); torch stacks the gates as reset, update, candidate.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    from_input = (x @ weight_ih.T + bias_ih).chunk(3, dim=1)
    from_hidden = (hidden @ weight_hh.T + bias_hh).chunk(3, dim=1)
    reset = torch.sigmoid(from_input[0] + from_hidden[0])
    update = torch.sigmoid(from_input[1] + from_hidden[1])
    candidate = torch.tanh(from_input[2] + reset * from_hidden[2])
    return (1 - update) * candidate + update * hidden


def lstm(x: Tensor, layers: Sequence[Weights]) -> tuple[Tensor, Tensor, Tensor]:
    """Stacked LSTM from a zero state: each layer reads the outputs of the layer below.

    x is (T, N, I); the result is the top layer's outputs (T, N, H) and the last hidden and cell states (L, N, H).
    """
    last_hidden, last_cell = [], []
    for weights in layers:
        hidden = cell = x.new_zeros(x.shape[1], weights[1].shape[1])
        outputs = []
        for step in x:
            hidden, cell = lstm_cell(step, (hidden, cell), weights)
            outputs.append(hidden)
        x = torch.stack(outputs)
        last_hidden.append(hidden)
        last_cell.append(cell)
    return x, torch.stack(last_hidden), torch.stack(last_cell)


def gru(x: Tensor, layers: Sequence[Weights]) -> tuple[Tensor, Tensor]:
    """Stacked GRU from a zero state: (T, N, I) to the top outputs (T, N, H) and the last states (L, N, H)."""
    last_hidden = []
    for weights in layers:
        hidden = x.new_zeros(x.shape[1], weights[1].shape[1])
        outputs = []
        for step in x:
            hidden = gru_cell(step, hidden, weights)
            outputs.append(hidden)
        x = torch.stack(outputs)
        last_hidden.append(hidden)
    return x, torch.stack(last_hidden)


def weights_of(parameters: Iterable[Tensor]) -> Weights:
    """The weights of a torch.nn cell, or of one layer."""
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    return weight_ih, weight_hh, bias_ih, bias_hh


def layers_of(module: torch.nn.RNNBase) -> list[Weights]:
    """The weights of a torch.nn recurrent module, layer by layer."""
    return [weights_of(weights) for weights in module.all_weights]
