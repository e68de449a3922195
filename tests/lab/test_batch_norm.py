"""Batch norm by hand: its values, its gradient, what it forgets."""

import pytest
import torch

from lab import batch_norm

EXACT = 1e-12


def test_every_channel_has_mean_zero_and_nearly_variance_one():
    made = batch_norm.normalise(3 * batch_norm.normal(*batch_norm.SHAPE) + 2)
    assert made.mean((0, 2, 3)).abs().max() < EXACT
    assert torch.allclose(made.var((0, 2, 3), correction=0), torch.ones(3, dtype=torch.float64), atol=0.01)


@pytest.mark.parametrize("variance", [1.0, 4.0])
def test_epsilon_stands_under_the_root(variance):
    assert float(batch_norm.inside(torch.tensor(variance))) ** 2 == pytest.approx(variance + batch_norm.EPS)


def test_the_gradient_of_a_shift_and_of_a_stretch_vanishes():
    """Neither changes the output at epsilon = 0: the gradient is orthogonal to both."""
    x = batch_norm.normal(*batch_norm.SHAPE).requires_grad_()
    made = batch_norm.normalise(x, root=batch_norm.plain) * batch_norm.normal(*batch_norm.SHAPE, seed=1)
    (gradient,) = torch.autograd.grad(made.sum(), x)
    assert gradient.sum((0, 2, 3)).abs().max() < EXACT
    assert (gradient * x).sum((0, 2, 3)).abs().max() < EXACT


def test_two_numbers_become_their_sign():
    pairs = 1000 * batch_norm.normal(2, 50, 1, 1)
    made = batch_norm.normalise(pairs)
    assert torch.allclose(made, torch.sign(pairs - pairs.mean(0)), atol=1e-4)
