"""The recursion by hand against autograd, also for the inputs and for other numbers of layers."""

import pytest
import torch
from torch import nn

from lab.bptt import delta_recursion
from lab.bptt.delta_recursion import THROUGH_CELL, THROUGH_HIDDEN, WEIGHTS


@pytest.mark.parametrize("layers", [1, 3])
def test_the_recursion_by_hand_gives_autograds_gradient(layers):
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4, layers).double()
    inputs, upstream = torch.randn(6, 2, 3).double(), torch.randn(6, 2, 4).double()
    expected = torch.autograd.grad((lstm(inputs)[0] * upstream).sum(), list(lstm.parameters()))
    for by_hand, gradient in zip(delta_recursion.gradients(lstm, inputs, upstream), expected, strict=True):
        torch.testing.assert_close(by_hand, gradient, rtol=1e-12, atol=1e-14)


def test_the_recursion_by_hand_gives_the_inputs_gradient():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4).double()
    inputs, upstream = torch.randn(6, 2, 3).double().requires_grad_(), torch.randn(6, 2, 4).double()
    (expected,) = torch.autograd.grad((lstm(inputs)[0] * upstream).sum(), inputs)
    zeros = torch.zeros(2, 4).double()
    weights = [weight.detach() for weight in lstm.all_weights[0]]
    trace = delta_recursion.forward(inputs.detach(), (zeros, zeros), weights)
    torch.testing.assert_close(delta_recursion.backward(trace, upstream, weights)[1], expected)


@pytest.mark.parametrize("slip", [slip for part in (THROUGH_HIDDEN, THROUGH_CELL, WEIGHTS) for slip in part.values()])
def test_every_slip_is_far_from_autograd(slip):
    assert (delta_recursion.misfit(slip) > 0.01) == bool(slip)


def test_a_slip_between_steps_does_not_show_in_a_window_of_one_word():
    lstm = delta_recursion.network().double()
    word, upstream = delta_recursion.words(1).double(), torch.ones(1, 2, 3).double()
    right, wrong = (delta_recursion.gradients(lstm, word, upstream, s) for s in ("", "gate of the step itself"))
    assert all(torch.equal(a, b) for a, b in zip(right, wrong, strict=True))
