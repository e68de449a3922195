r"""Back-propagation through time by hand, for an LSTM: the recursion that autograd carries out for us.

Forward, with PyTorch's gates in PyTorch's order (documentation of `torch.nn.LSTM`):

.. math::
    (i, f, g, o)_t = (\sigma, \sigma, \tanh, \sigma)(a_t) \qquad a_t = W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh} \\
    c_t = f_t \odot c_{t-1} + i_t \odot g_t \qquad h_t = o_t \odot \tanh c_t

Backward, from the last step to the first, with \(\delta^h_t = \partial L / \partial h_t\), likewise for \(c\) and for
the pre-activations \(a\) (Werbos 1990; Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000):

.. math::
    \delta^h_t = \partial \ell_t / \partial h_t + W_{hh}^\top \delta^a_{t+1} \\
    \delta^c_t = \delta^h_t \odot o_t \odot (1 - \tanh^2 c_t) + f_{t+1} \odot \delta^c_{t+1} \\
    \delta^a_t = (\delta^c g\, i (1-i),\; \delta^c c_{t-1} f (1-f),\; \delta^c i (1-g^2),\;
                  \delta^h \tanh c\; o (1-o))_t \\
    \partial L / \partial W_{hh} = \sum_t \delta^a_t h_{t-1}^\top
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor, nn

from experiments.language_model.train import Settings
from lab.bptt.autograd_graph import joined, onednn

Cell = TypeVar("Cell", bound=nn.Module)

WINDOW, LAYERS = Settings().bptt, Settings().layers
SIZE, BATCH, SEED = 3, 2, 1111  # inputs are as wide as states, so that a slip may take one matrix for the other

# Parts of the recursion as TeX; after the true one, slips, each with the name by which `backward` makes it.
THROUGH_HIDDEN = {r"W_{hh}^{\top} \delta^a_{t+1}": "", r"W_{ih}^{\top} \delta^a_{t+1}": "weights of the inputs"}
THROUGH_CELL = {r"f_{t+1} \odot \delta^c_{t+1}": "", r"f_t \odot \delta^c_{t+1}": "gate of the step itself"}
WEIGHTS = {
    r"\sum_{t=1}^{T} \delta^a_t \, h_{t-1}^{\top}": "",
    r"\sum_{t=1}^{T} \delta^a_t \, h_t^{\top}": "state of the step itself",
    r"\delta^a_T \, h_{T-1}^{\top}": "last step alone",
}


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


def backward(trace: Trace, upstream: Tensor, weights: Sequence[Tensor], slip: str = "") -> tuple[list[Tensor], Tensor]:
    """Gradients of the four weights, and of the inputs (length, batch, features).

    `upstream` (length, batch, size) is what the layer above or the loss sends into each h_t; `slip` is one of the
    mistakes named above.
    """
    input_weight, weight = weights[:2]
    back = input_weight if slip == "weights of the inputs" else weight
    hidden_delta = cell_delta = torch.zeros_like(upstream[0])  # what step t + 1 sends back
    gradients = [torch.zeros_like(w) for w in weights]
    at_inputs = torch.empty_like(trace.inputs)
    last = len(upstream) - 1
    for t in reversed(range(last + 1)):
        i, f, g, o = trace.gates[t]
        squashed = trace.cell[t + 1].tanh()
        hidden_delta = hidden_delta + upstream[t]
        gate = trace.gates[t if slip == "gate of the step itself" else min(t + 1, last), 1]
        cell_delta = hidden_delta * o * (1 - squashed**2) + gate * cell_delta
        delta = torch.cat(
            [
                cell_delta * g * i * (1 - i),
                cell_delta * trace.cell[t] * f * (1 - f),
                cell_delta * i * (1 - g**2),
                hidden_delta * squashed * o * (1 - o),
            ],
            dim=1,
        )  # (batch, 4 * size)
        state = trace.hidden[t + 1 if slip == "state of the step itself" else t]
        if t == last or slip != "last step alone":
            shares = (delta.t() @ trace.inputs[t], delta.t() @ state, delta.sum(0), delta.sum(0))
            for total, share in zip(gradients, shares, strict=True):
                total += share
        at_inputs[t] = delta @ input_weight
        hidden_delta = delta @ back
    return gradients, at_inputs


def gradients(lstm: nn.LSTM, inputs: Tensor, upstream: Tensor, slip: str = "") -> list[Tensor]:
    """Gradients of all weights of `lstm`, in the order of its parameters, from zero states."""
    weights = [[parameter.detach() for parameter in layer] for layer in lstm.all_weights]
    zeros = inputs.new_zeros(inputs.shape[1], lstm.hidden_size)
    traces: list[Trace] = []
    for layer in weights:
        traces.append(forward(traces[-1].hidden[1:] if traces else inputs, (zeros, zeros), layer))
    found: list[Tensor] = []
    for trace, layer in zip(reversed(traces), reversed(weights), strict=True):
        own, upstream = backward(trace, upstream, layer, slip)
        found = own + found
    return found


# -- one small network, by hand and by autograd ------------------------------------------------------------------------


def network(layers: int = LAYERS) -> nn.LSTM:
    return seeded(nn.LSTM, layers)


def seeded(cell: Callable[[int, int, int], Cell], layers: int) -> Cell:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return cell(SIZE, SIZE, layers)


def words(length: int = WINDOW) -> Tensor:
    """Inputs, (length, batch, size)."""
    return torch.randn(length, BATCH, SIZE, generator=torch.Generator().manual_seed(SEED))


@cache
def by_autograd(fused: bool) -> Tensor:
    """All gradients of torch's LSTM, as one vector: unrolled in double precision, or by oneDNN's kernel in single."""
    lstm, inputs, upstream = network(), words(), _upstream().float()
    if not fused:
        lstm, inputs, upstream = lstm.double(), inputs.double(), _upstream()
    with onednn(fused):
        return joined(torch.autograd.grad((lstm(inputs)[0] * upstream).sum(), list(lstm.parameters()))).double()


@cache
def by_hand(slip: str = "") -> Tensor:
    """The same by the recursion, in double precision."""
    return joined(gradients(network().double(), words().double(), _upstream(), slip))


def misfit(slip: str = "", fused: bool = False) -> float:
    """Largest difference between the two, relative to the largest entry."""
    exact = by_autograd(fused)
    return float((by_hand(slip) - exact).abs().max() / exact.abs().max())


def _upstream() -> Tensor:
    """What the loss, a fixed weighted sum of the outputs, sends into every output."""
    generator = torch.Generator().manual_seed(SEED + 1)
    return torch.randn(WINDOW, BATCH, SIZE, generator=generator, dtype=torch.double)
