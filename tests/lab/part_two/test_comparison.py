"""The from-scratch modules against torch.nn, and the comparison against modules that are wrong on purpose."""

import math

import pytest
import torch
from torch import nn

from lab.part_two import comparison, convolution, loss, recurrent, regularisation, slips

ROUNDING = 1e-12


@pytest.mark.parametrize("compare", comparison.COMPARISONS, ids=lambda compare: compare.__name__)
@pytest.mark.parametrize("seed", [0, 7])
def test_values_and_gradients_equal_those_of_torch(compare, seed):
    for name, (forward, gradient) in compare(seed).items():
        assert forward <= ROUNDING, name
        assert gradient <= ROUNDING, name


def wrong_bias(x, weight, bias):
    return convolution.conv2d(x, weight, 0 * bias)


@pytest.mark.parametrize("wrong", [slips.flipped_kernel, wrong_bias])
def test_comparison_sees_a_wrong_convolution(wrong):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 6, dtype=torch.double, requires_grad=True)
    conv = nn.Conv2d(3, 2, 3, dtype=torch.double)
    leaves = [x, *conv.parameters()]
    assert comparison.compare(lambda: wrong(x, *conv.parameters()), lambda: conv(x), leaves, seed=0).forward > 1e-3


@pytest.mark.parametrize("seed", [0, 5])
def test_what_a_slip_leaves_is_what_it_leaves_in_torch(seed):
    left = {name: pair.forward for name, pair in slips.all_slips(seed).items()}
    assert left == pytest.approx(slips.left_in_torch(seed), rel=1e-6)


def test_what_is_no_number_is_no_agreement():
    x = torch.tensor([-1.0, 2.0], dtype=torch.double, requires_grad=True)
    spoilt = comparison.compare(lambda: x + 0 * torch.where(x > 0, x.sqrt(), 0), lambda: 1 * x, [x], seed=0)
    assert spoilt.forward == 0
    assert math.isnan(spoilt.gradient)  # at -1, where the root that is not taken has no slope


def test_sides_leave_a_remainder():
    """Else nothing would notice that they are rounded up."""
    x, conv, _, pool = comparison.convolution_inputs(0)
    for size in x.shape[2:]:
        assert (size + 2 * conv.padding[0] - conv.dilation[0] * (conv.kernel_size[0] - 1) - 1) % conv.stride[0]
        assert (size + 2 * pool.padding - pool.kernel_size) % pool.stride


def gates_swapped(weights):
    """The first and second gate exchanged: of the LSTM input and forget gate, of the GRU reset and update gate."""
    count = weights[1].shape[0] // weights[1].shape[1]
    exchanged = []
    for tensor in weights:
        first, second, *rest = tensor.chunk(count)
        exchanged.append(torch.cat([second, first, *rest]))
    return recurrent.weights_of(exchanged)


@pytest.mark.parametrize(
    ("kind", "cell", "carried"), [(nn.LSTM, recurrent.lstm_cell, 2), (nn.GRU, recurrent.gru_cell, 1)]
)
def test_swapped_gates_are_seen(kind, cell, carried):
    torch.manual_seed(0)
    stack = kind(3, 5, dtype=torch.double)
    x = torch.randn(4, 2, 3, dtype=torch.double, requires_grad=True)
    layers = [gates_swapped(weights) for weights in recurrent.layers_of(stack)]
    found = comparison.compare(lambda: recurrent.unroll(cell, x, layers, carried)[0], lambda: stack(x)[0], [x], seed=0)
    assert min(found) > 1e-3


def test_comparison_sees_a_gradient_that_is_cut():
    x = torch.randn(4, 5, dtype=torch.double, requires_grad=True)
    difference = comparison.compare(lambda: x * x.detach(), lambda: x * x, [x], seed=0)
    assert difference.forward == 0
    assert difference.gradient > 1e-3


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_convolution_is_the_adjoint_of_the_convolution(stride):
    """<conv(x), y> = <x, transposed(y)> with the same weight and no bias."""
    torch.manual_seed(stride)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.double)
    x = torch.randn(1, 3, 7, 7, dtype=torch.double)
    forward = convolution.conv2d(x, weight, weight.new_zeros(4), stride=stride)
    y = torch.randn_like(forward)
    back = convolution.conv_transpose2d(y, weight, weight.new_zeros(3), stride=stride, output_padding=(7 - 3) % stride)
    assert float((forward * y).sum()) == pytest.approx(float((x * back).sum()), rel=1e-12)


def test_dropout_leaves_evaluation_alone():
    x = torch.randn(3, 4, 5, 5)
    assert regularisation.dropout(x, 0.5, training=False) is x
    assert regularisation.dropout2d(x, 0.5, training=False) is x


def test_channel_dropout_keeps_or_drops_whole_maps():
    torch.manual_seed(0)
    kept = regularisation.dropout2d(torch.ones(8, 16, 3, 3), 0.5, training=True)
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(kept, kept[:, :, :1, :1].expand_as(kept))


def test_batch_norm_keeps_the_running_statistics_of_torch():
    torch.manual_seed(0)
    theirs = nn.BatchNorm2d(3, dtype=torch.double)
    ours = regularisation.BatchNorm2d(theirs.weight, theirs.bias)
    for _ in range(5):
        x = 2 + 3 * torch.randn(4, 3, 2, 2, dtype=torch.double)
        ours(x, training=True)
        theirs(x)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean, rtol=0, atol=ROUNDING)
    torch.testing.assert_close(ours.running_var, theirs.running_var, rtol=0, atol=ROUNDING)


def test_gru_with_a_closed_update_gate_keeps_its_state():
    weights = (torch.zeros(6, 3), torch.zeros(6, 2), torch.tensor([0.0, 0, 40, 40, 0, 0]), torch.zeros(6))
    state = torch.tensor([[0.3, -0.7]])
    torch.testing.assert_close(recurrent.gru_cell(torch.ones(1, 3), (state,), weights), (state,))


def test_gradient_of_cross_entropy_by_hand():
    logits = torch.randn(5, 4, dtype=torch.double, requires_grad=True)
    target = torch.tensor([0, 3, 1, 1, 2])
    (expected,) = torch.autograd.grad(nn.functional.cross_entropy(logits, target), logits)
    torch.testing.assert_close(loss.cross_entropy_gradient(logits.detach(), target), expected, rtol=0, atol=ROUNDING)
