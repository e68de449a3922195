"""An LSTM layer with its derivative by hand, so that its matrix products may take operands of less precision.

The fused layer of PyTorch (`torch.lstm`) multiplies in the type of its state, which has to stay float32. Here the
products with the inputs of all steps are one matrix product, and so are the gradients of the weights, at the end.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class LSTMLayer(torch.autograd.Function):
    r"""PyTorch's LSTM equations, step by step, for inputs (length, batch, features) and initial states (batch, size).

    .. math::
        (i, f, o) = \sigma(W x + b + V h + d) \quad g = \tanh(W_g x + b_g + V_g h + d_g) \\
        c' = f \odot c + i \odot g \quad h' = o \odot \tanh(c')

    Source: documentation of `torch.nn.LSTM`; the rows of its weights are in the order i, f, g, o. The matrix products
    take operands of `dtype` and sum in float32; all else keeps the inputs' type. Returns the states of all steps,
    (length, batch, size), and the last cell state, through which no gradient comes back.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        state: Tensor,
        cell: Tensor,
        input_weight: Tensor,
        weight: Tensor,
        input_bias: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        length, batch, size = len(inputs), *state.shape
        flat, input_weight, weight = inputs.flatten(0, 1).to(dtype), input_weight.to(dtype), weight.to(dtype)
        gates = (flat @ input_weight.t() + (input_bias + bias)).view(length, batch, 4, size)  # i, f, g, o
        states = inputs.new_empty(length + 1, batch, size)
        cells = inputs.new_empty(length + 1, batch, size)
        squashed = inputs.new_empty(length, batch, size)  # tanh of the cells
        states[0], cells[0] = state, cell
        transposed = weight.t()
        for step in range(length):
            gates[step] += (states[step].to(dtype) @ transposed).view(batch, 4, size)
            gates[step, :, :2].sigmoid_()
            gates[step, :, 2].tanh_()
            gates[step, :, 3].sigmoid_()
            take, keep, candidate, show = gates[step].unbind(1)
            torch.mul(keep, cells[step], out=cells[step + 1]).addcmul_(take, candidate)
            torch.tanh(cells[step + 1], out=squashed[step])
            torch.mul(show, squashed[step], out=states[step + 1])
        ctx.save_for_backward(flat, states, gates, cells, squashed, input_weight, weight)
        last = cells[-1].clone()
        ctx.mark_non_differentiable(last)
        return states[1:].clone(), last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        flat, states, gates, cells, squashed, input_weight, weight = ctx.saved_tensors
        length, batch, size = gradient.shape
        dtype = flat.dtype
        take, keep, candidate, show = gates.unbind(2)
        # Everything that does not depend on the gradient flowing back is computed for all steps at once.
        to_cell = show * (1 - squashed.square())
        from_cell = torch.stack(  # of i, f, g
            [
                candidate * take * (1 - take),
                cells[:-1] * keep * (1 - keep),
                take * (1 - candidate.square()),
            ],
            dim=2,
        )
        to_show = squashed * show * (1 - show)
        at_gates = gradient.new_empty(length, batch, 4, size)  # gradients of the four pre-activations
        at_state = at_cell = torch.zeros_like(gradient[0])
        for step in reversed(range(length)):
            at_state = at_state + gradient[step]
            at_cell = torch.addcmul(at_cell, at_state, to_cell[step])
            torch.mul(at_cell[:, None], from_cell[step], out=at_gates[step, :, :3])
            torch.mul(at_state, to_show[step], out=at_gates[step, :, 3])
            at_state = (at_gates[step].flatten(1).to(dtype) @ weight).to(gradient.dtype)
            at_cell = at_cell * keep[step]
        operand = at_gates.flatten(2).flatten(0, 1).to(dtype)
        at_bias = at_gates.sum((0, 1)).flatten()
        return (
            (operand @ input_weight).to(gradient.dtype).unflatten(0, (length, batch)),
            at_state,
            at_cell,
            (operand.t() @ flat).to(gradient.dtype),
            (operand.t() @ states[:-1].flatten(0, 1).to(dtype)).to(gradient.dtype),
            at_bias,
            at_bias,
            None,
        )
