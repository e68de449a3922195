r"""Back-propagation through time by hand, for one LSTM layer: the recursion that autograd carries out for us.

Forward, with PyTorch's gates in PyTorch's order (documentation of `torch.nn.LSTM`):

.. math::
    (i, f, g, o)_t = (\sigma, \sigma, \tanh, \sigma)(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh}) \\
    c_t = f_t \odot c_{t-1} + i_t \odot g_t \qquad h_t = o_t \odot \tanh c_t

Backward, from the last step to the first, with \(\delta^h_t = \partial L / \partial h_t\), likewise for \(c\) and for
the pre-activations \(a\) (Werbos 1990; Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000):

.. math::
    \delta^c_t = \delta^h_t \odot o_t \odot (1 - \tanh^2 c_t) + f_{t+1} \odot \delta^c_{t+1} \\
    \delta^a_t = (\delta^c g\, i (1-i),\; \delta^c c_{t-1} f (1-f),\; \delta^c i (1-g^2),\;
                  \delta^h \tanh c\; o (1-o))_t \\
    \delta^h_{t-1} = \partial \ell / \partial h_{t-1} + W_{hh}^\top \delta^a_t \qquad
    \partial L / \partial W_{hh} = \sum_t \delta^a_t h_{t-1}^\top
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Trace:
    """One layer's forward pass: what each step saw and computed. Steps come first; states have one more entry."""

    inputs: Tensor  # (length, batch, features)
    hidden: Tensor  # (length + 1, batch, size), the initial state first
    cell: Tensor  # (length + 1, batch, size)
    gates: Tensor  # (length, 4, batch, size): input, forget, candidate, output


def forward(inputs: Tensor, state: tuple[Tensor, Tensor], weights: Sequence[Tensor]) -> Trace:
    """Run one layer from `state`, a pair of (batch, size), with `weights` in the order of `nn.LSTM.all_weights`."""
    input_weight, weight, input_bias, bias = weights
    hidden, cell, gates = [state[0]], [state[1]], []
    for value in inputs:
        activation = value @ input_weight.t() + input_bias + hidden[-1] @ weight.t() + bias
        i, f, g, o = activation.chunk(4, dim=1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        cell.append(f * cell[-1] + i * g)
        hidden.append(o * cell[-1].tanh())
        gates.append(torch.stack([i, f, g, o]))
    return Trace(inputs, torch.stack(hidden), torch.stack(cell), torch.stack(gates))


def backward(
    trace: Trace, upstream: Tensor, weights: Sequence[Tensor], through_hidden: bool = True, through_cell: bool = True
) -> tuple[list[Tensor], Tensor]:
    """Gradients of the four weights, and of the inputs (length, batch, features).

    `upstream` (length, batch, size) is what the layer above or the loss sends into each h_t. The two switches leave a
    term of the recursion out, to show what it carries.
    """
    input_weight, weight = weights[:2]
    hidden_delta = torch.zeros_like(upstream[0])
    cell_delta = torch.zeros_like(upstream[0])
    gradients = [torch.zeros_like(w) for w in weights]
    at_inputs = torch.empty_like(trace.inputs)
    for t in reversed(range(len(upstream))):
        i, f, g, o = trace.gates[t]
        squashed = trace.cell[t + 1].tanh()
        hidden_delta = hidden_delta + upstream[t]
        cell_delta = cell_delta + hidden_delta * o * (1 - squashed**2)
        delta = torch.cat(
            [
                cell_delta * g * i * (1 - i),
                cell_delta * trace.cell[t] * f * (1 - f),
                cell_delta * i * (1 - g**2),
                hidden_delta * squashed * o * (1 - o),
            ],
            dim=1,
        )  # (batch, 4 * size)
        for total, part in zip(
            gradients,
            (delta.t() @ trace.inputs[t], delta.t() @ trace.hidden[t], delta.sum(0), delta.sum(0)),
            strict=True,
        ):
            total += part
        at_inputs[t] = delta @ input_weight
        hidden_delta = delta @ weight if through_hidden else torch.zeros_like(hidden_delta)
        cell_delta = f * cell_delta if through_cell else torch.zeros_like(cell_delta)
    return gradients, at_inputs


def gradients(
    lstm: nn.LSTM, inputs: Tensor, upstream: Tensor, through_hidden: bool = True, through_cell: bool = True
) -> list[Tensor]:
    """Gradients of all weights of `lstm`, in the order of its parameters, from zero states."""
    weights = [[parameter.detach() for parameter in layer] for layer in lstm.all_weights]
    zeros = inputs.new_zeros(inputs.shape[1], lstm.hidden_size)
    traces: list[Trace] = []
    for layer in weights:
        traces.append(forward(traces[-1].hidden[1:] if traces else inputs, (zeros, zeros), layer))
    found: list[Tensor] = []
    for trace, layer in zip(reversed(traces), reversed(weights), strict=True):
        own, upstream = backward(trace, upstream, layer, through_hidden, through_cell)
        found = own + found
    return found
