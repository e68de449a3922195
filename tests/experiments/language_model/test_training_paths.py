"""The fast path computes what the stock path computes."""

import copy
from dataclasses import replace
from statistics import stdev

import pytest
import torch
from torch import nn
from torch.nn import functional

from experiments.language_model.cross_entropy import BLOCK_ROWS, CHUNK_ROWS, LinearCrossEntropy
from experiments.language_model.data import Corpus
from experiments.language_model.gru import GRULayer
from experiments.language_model.lstm import LSTMLayer
from experiments.language_model.train import Settings, build, fit

WORDS = 300
MANY_WORDS = 2348
CELLS = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")


def settings(path, precision="float32", **changes):
    sizes = {"embedding_size": 24, "hidden_size": 24, "bptt": 7, "batch_size": 5}
    return Settings(path=path, precision=precision, **(sizes | changes))


def stepped(run_settings, steps=1, learning_rate=1.0):
    """Losses of a few steps and all parameters after them; the windows are longer than one chunk of rows."""
    generator = torch.Generator().manual_seed(3)
    path = build(run_settings, WORDS, generator)
    tokens = torch.randint(WORDS, (steps, 120, 6), generator=torch.Generator().manual_seed(4))
    tokens[:, :, 0] = 11  # a word that repeats within a window
    hidden = path.model.initial_hidden(6)
    losses = []
    for window in tokens:
        loss, hidden = path.step(window, window.roll(-1, 0).flatten(), hidden, learning_rate)
        losses.append(loss.item())
    return losses, dict(path.model.named_parameters()), path


@pytest.mark.parametrize("clip", [0.25, 1e-4, 1e4], ids=["clip", "always clipped", "never clipped"])
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_changes_every_parameter_alike(cell, tied, clip):
    """In float32 the same gradient, clipped by the same norm: parameters agree to 1e-6 of what a step moves them."""
    rate = 0.5 / clip if clip < 1 else 0.5
    _, expected, _ = stepped(settings("stock", cell=cell, tied=tied, clip=clip), learning_rate=rate)
    _, found, _ = stepped(settings("fast", cell=cell, tied=tied, clip=clip), learning_rate=rate)
    for name, parameter in expected.items():
        torch.testing.assert_close(
            found[name], parameter, rtol=0, atol=2e-6, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize("cell", CELLS)
def test_losses_agree_over_steps_dropout_masks_included(cell):
    expected, _, _ = stepped(settings("stock", cell=cell, layers=3), steps=4)
    found, _, _ = stepped(settings("fast", cell=cell, layers=3), steps=4)
    assert found == pytest.approx(expected, abs=1e-5)


def test_without_the_same_dropout_masks_losses_would_not_agree():
    expected, _, _ = stepped(settings("stock", dropout=0.2), steps=4)
    found, _, _ = stepped(settings("fast", dropout=0.0), steps=4)
    assert found != pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_bfloat16_products_change_a_gradient_by_less_than_a_hundredth(cell):
    """Rounding to 8 bits of each factor: a relative 2**-9, averaged down over a product's many terms."""
    _, start, _ = stepped(settings("stock", cell=cell), steps=0)
    _, expected, _ = stepped(settings("stock", cell=cell, clip=1e4))
    _, found, _ = stepped(settings("fast", "bfloat16", cell=cell, clip=1e4))
    for name in expected:
        moved = (expected[name] - start[name]).norm()
        assert (found[name] - expected[name]).norm() < 0.01 * moved, name


@pytest.mark.parametrize("cell", CELLS)
def test_evaluation_agrees_and_uses_no_dropout(cell):
    window = torch.randint(WORDS, (40, 6), generator=torch.Generator().manual_seed(5))
    losses = []
    for path in ("stock", "fast"):
        _, _, trained = stepped(settings(path, cell=cell, dropout=0.9), learning_rate=0.0)
        loss, _ = trained.loss(window, window.flatten(), trained.model.initial_hidden(6))
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_the_fused_loss_has_the_gradients_of_autograd():
    generator = torch.Generator().manual_seed(0)
    decoder = nn.Linear(12, MANY_WORDS)
    features = torch.randn(50, 12, generator=generator, requires_grad=True)
    targets = torch.randint(MANY_WORDS, (50,), generator=generator)
    fused = LinearCrossEntropy(copy.deepcopy(decoder), torch.float32, chunk_rows=16)
    loss, gradient = fused.gradients(features.detach(), targets)
    expected = functional.cross_entropy(decoder(features), targets)
    expected.backward()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, features.grad)
    torch.testing.assert_close(fused.weight_gradient, decoder.weight.grad)
    torch.testing.assert_close(fused.bias_gradient, decoder.bias.grad)


def test_the_fused_loss_never_holds_all_logits():
    fused = LinearCrossEntropy(nn.Linear(12, MANY_WORDS), torch.float32, chunk_rows=16)
    assert fused.logits.shape == (16, MANY_WORDS)
    assert fused.probabilities.shape == (BLOCK_ROWS, MANY_WORDS)


def test_these_tests_go_through_several_chunks_and_blocks():
    assert BLOCK_ROWS < CHUNK_ROWS < 120 * 6


def test_after_an_update_the_fused_loss_is_that_of_the_changed_weights():
    fused = LinearCrossEntropy(nn.Linear(12, MANY_WORDS), torch.float32)
    features, targets = torch.randn(50, 12, generator=torch.Generator().manual_seed(0)), torch.arange(50)
    before, _ = fused.gradients(features, targets)
    fused.update(torch.tensor(-1.0))
    expected = functional.cross_entropy(fused.decoder(features), targets)
    torch.testing.assert_close(fused.loss(features, targets), expected.detach())
    assert expected < before


def test_a_hopeless_answer_costs_much_but_not_infinity():
    decoder = nn.Linear(1, 2, bias=False)
    decoder.bias = nn.Parameter(torch.tensor([0.0, 500.0]))
    loss = LinearCrossEntropy(decoder, torch.float32).loss(torch.zeros(1, 1), torch.tensor([0]))
    assert loss.item() == pytest.approx(87.3, abs=0.1)


def doubles(cell):
    """A layer of torch and what it is applied to, in float64: inputs (6, 2, 3), states (2, 4)."""
    generator = torch.Generator().manual_seed(0)
    layer = getattr(nn, cell)(3, 4).double()
    shapes = [(6, 2, 3), *[(2, 4)] * (2 if cell == "LSTM" else 1)]
    drawn = [torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True) for shape in shapes]
    return layer, drawn, torch.randn(6, 2, 4, dtype=torch.float64, generator=generator)


def states_by_hand(cell, drawn, layer):
    if cell == "GRU":
        return GRULayer.apply(*drawn, *layer.parameters(), torch.float64), None
    return LSTMLayer.apply(*drawn, *layer.parameters(), torch.float64)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_layer_by_hand_has_the_values_and_gradients_of_torch(cell):
    layer, drawn, weight = doubles(cell)
    leaves = [*drawn, *layer.parameters()]
    states = [state[None] for state in drawn[1:]]
    expected = torch.autograd.grad((layer(drawn[0], states[0] if cell == "GRU" else states)[0] * weight).sum(), leaves)
    found = torch.autograd.grad((states_by_hand(cell, drawn, layer)[0] * weight).sum(), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_the_lstm_layer_hands_on_the_last_cell_state_of_torch():
    layer, drawn, _ = doubles("LSTM")
    _, (_, expected) = layer(drawn[0], [state[None] for state in drawn[1:]])
    torch.testing.assert_close(states_by_hand("LSTM", drawn, layer)[1], expected[0].detach())


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_layer_by_hand_makes_one_autograd_node(cell):
    layer, drawn, _ = doubles(cell)
    output, _ = states_by_hand(cell, drawn, layer)
    nodes = {type(node).__name__ for node, _ in output.grad_fn.next_functions if node is not None}
    assert nodes == {"AccumulateGrad"}


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_sizes_that_fill_no_vector_and_differ_agree_too(cell):
    """As 650 does: neither a power of two nor a multiple of a register's width."""
    changes = {"cell": cell, "embedding_size": 21, "hidden_size": 26}
    expected_losses, expected, _ = stepped(settings("stock", **changes), steps=3)
    losses, found, _ = stepped(settings("fast", **changes), steps=3)
    assert losses == pytest.approx(expected_losses, abs=1e-5)
    for name, parameter in expected.items():
        torch.testing.assert_close(found[name], parameter, rtol=0, atol=5e-6)


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_after_an_epoch_the_paths_differ_by_less_than_seeds_do(cell):
    """In bfloat16, at one seed, by less than a fifth of the deviation over seeds on PyTorch's modules."""
    losses = {"stock": [], "fast": []}
    for seed in (1, 2, 3, 4):
        run = Settings(cell, 16, 16, learning_rate=5.0, epochs=1, seed=seed, corpus="generated", precision="bfloat16")
        for path, found in losses.items():
            _, progress = fit(replace(run, path=path), Corpus.generated(), lambda *_: None)
            found += progress.curves["valid_loss"]
    moved = max(abs(stock - fast) for stock, fast in zip(*losses.values(), strict=True))
    assert moved < stdev(losses["stock"]) / 5
