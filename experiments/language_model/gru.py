"""A GRU layer with one autograd node instead of some five hundred: the recurrence and its derivative by hand.

PyTorch has no fused GRU for training on the CPU, so `nn.GRU` records every step of the recurrence. Here the products
with the inputs of all steps are one matrix product, and so are the gradients of the weights, at the end.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class GRULayer(torch.autograd.Function):
    r"""PyTorch's GRU equations, step by step, for inputs (length, batch, features) and an initial state (batch, size).

    .. math::
        r = \sigma(W_{ir} x + b_{ir} + W_{hr} h + b_{hr}) \quad
        z = \sigma(W_{iz} x + b_{iz} + W_{hz} h + b_{hz}) \\
        n = \tanh(W_{in} x + b_{in} + r \odot (W_{hn} h + b_{hn})) \quad
        h' = (1 - z) \odot n + z \odot h

    Source: documentation of `torch.nn.GRU`. The matrix products take operands of `dtype` and sum in float32; all else
    keeps the inputs' type. Returns the states of all steps, (length, batch, size).
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        state: Tensor,
        input_weight: Tensor,
        weight: Tensor,
        input_bias: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
    ) -> Tensor:
        length, batch, size = len(inputs), *state.shape
        flat, input_weight, weight = inputs.flatten(0, 1).to(dtype), input_weight.to(dtype), weight.to(dtype)
        from_input = (flat @ input_weight.t() + input_bias).view(length, batch, 3 * size)
        states = inputs.new_empty(length + 1, batch, size)
        gates = inputs.new_empty(length, batch, 2 * size)  # reset, update
        candidates = inputs.new_empty(length, batch, size)
        from_state = inputs.new_empty(length, batch, 3 * size)
        states[0] = state
        transposed = weight.t()
        for step in range(length):
            torch.add(states[step].to(dtype) @ transposed, bias, out=from_state[step])
            torch.add(from_input[step, :, : 2 * size], from_state[step, :, : 2 * size], out=gates[step]).sigmoid_()
            reset, update = gates[step].chunk(2, dim=1)
            candidate = candidates[step]
            torch.addcmul(
                from_input[step, :, 2 * size :], reset, from_state[step, :, 2 * size :], out=candidate
            ).tanh_()
            torch.lerp(candidate, states[step], update, out=states[step + 1])
        ctx.save_for_backward(flat, states, gates, candidates, from_state, input_weight, weight)
        return states[1:].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        flat, states, gates, candidates, from_state, input_weight, weight = ctx.saved_tensors
        length, batch, size = gradient.shape
        dtype = flat.dtype
        reset, update = gates.chunk(2, dim=2)
        # Everything that does not depend on the gradient flowing back is computed for all steps at once.
        to_candidate = (1 - update) * (1 - candidates.square())
        to_update = (states[:-1] - candidates) * update * (1 - update)
        to_reset = from_state[:, :, 2 * size :] * reset * (1 - reset)
        at_state = gradient.new_empty(length, batch, 3 * size)  # gradients of the three pre-activations
        at_candidate = gradient.new_empty(length, batch, size)  # that of the last one on the side of the input
        flowing = torch.zeros_like(gradient[0])
        for step in reversed(range(length)):
            flowing = flowing + gradient[step]
            torch.mul(flowing, to_candidate[step], out=at_candidate[step])
            torch.mul(at_candidate[step], to_reset[step], out=at_state[step, :, :size])
            torch.mul(flowing, to_update[step], out=at_state[step, :, size : 2 * size])
            torch.mul(at_candidate[step], reset[step], out=at_state[step, :, 2 * size :])
            flowing = flowing * update[step] + at_state[step].to(dtype) @ weight
        at_input = torch.cat([at_state[:, :, : 2 * size], at_candidate], dim=2).flatten(0, 1)
        at_state = at_state.flatten(0, 1)
        input_operand, state_operand = at_input.to(dtype), at_state.to(dtype)
        return (
            (input_operand @ input_weight).to(gradient.dtype).unflatten(0, (length, batch)),
            flowing,
            (input_operand.t() @ flat).to(gradient.dtype),
            (state_operand.t() @ states[:-1].flatten(0, 1).to(dtype)).to(gradient.dtype),
            at_input.sum(0),
            at_state.sum(0),
            None,
        )
