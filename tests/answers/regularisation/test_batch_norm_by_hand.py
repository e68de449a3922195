"""Batch norm by hand against torch's layers, and its small identities."""

import pytest
import torch
from torch import nn

from answers.regularisation import batch_norm


def test_normalised_channels_have_mean_zero_and_biased_variance_one():
    made = batch_norm.normalise(5 * batch_norm.normal(*batch_norm.SHAPE) + 2, eps=0.0)
    assert made.mean((0, 2, 3)).abs().max().item() < 1e-12
    assert made.var((0, 2, 3), correction=0).tolist() == pytest.approx([1.0] * 3)


def test_by_hand_equals_torch_in_float32_to_a_millionth():
    module, _ = batch_norm.trained_module()
    x = batch_norm.normal(*batch_norm.SHAPE, seed=20)
    by_hand = batch_norm.by_hand(x, module)
    assert torch.allclose(module.float().train()(x.float()).double(), by_hand, atol=1e-6)


def test_the_symbolic_derivation_fails_without_the_projection():
    assert batch_norm.backward_by_symbols()
    assert batch_norm.backward_gap("projection") > 0.01


def test_the_gradient_through_batch_norm_passes_gradcheck():
    x = batch_norm.normal(4, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(batch_norm.normalise, (x,))


def test_a_bias_matters_without_batch_norm():
    assert batch_norm.bias_gradient(nn.BatchNorm2d(3)) < 1e-12 < 1 < batch_norm.bias_gradient(nn.Identity())
