"""Models trained side by side are the models that would have been trained alone."""

import pytest
import torch
from torch import nn

from experiments.regularisation import side_by_side
from experiments.regularisation.digits import split
from experiments.regularisation.normalised import NORMS, make_network

SEEDS = (3, 8)


def trained(seeds, norm, learning_rate=0.1):
    network = make_network(len(seeds), norm, channels=4, depth=3)
    data = split(seeds, 60, 20)
    with side_by_side.repeatable(0):
        side_by_side.seed_weights(network, seeds)
        history = side_by_side.fit(network, data, learning_rate=learning_rate, batch_size=20, epochs=2, seed=0)
        return history, side_by_side.evaluate(network, data.test_images, data.test_labels)


@pytest.mark.parametrize("norm", NORMS)
def test_training_together_equals_training_alone(norm):
    together, (loss, _) = trained(SEEDS, norm)
    for model, seed in enumerate(SEEDS):
        alone, (lone_loss, _) = trained((seed,), norm)
        assert [step[model] for step in together] == pytest.approx([step[0] for step in alone], abs=1e-5)
        assert loss[model] == pytest.approx(lone_loss.item(), abs=1e-4)


def test_a_model_that_diverges_leaves_its_neighbour_alone():
    network = make_network(2, "batch", channels=4, depth=2)
    data = split(SEEDS, 40, 20)
    side_by_side.seed_weights(network, SEEDS)
    with torch.no_grad():
        network.get_submodule("convolution0").weight[:4] = float("nan")  # all channels of the first model
    history = side_by_side.fit(network, data, learning_rate=0.1, batch_size=20, epochs=1, seed=0)
    assert all(first != first and second < 10 for first, second in history)


def test_layer_norm_of_a_model_is_torchs_layer_norm():
    x = torch.randn(5, 2 * 6, 4, 4, generator=torch.Generator().manual_seed(0))
    normed = NORMS["layer"](2, 6)(x)
    expected = nn.functional.layer_norm(x[:, 6:], (6, 4, 4))
    assert torch.allclose(normed[:, 6:], expected, atol=1e-5)


def test_weights_have_the_variance_of_he_initialisation():
    layer = side_by_side.convolution(1, 64, 64)
    side_by_side.seed_weights(layer, [0])
    assert layer.weight.var().item() == pytest.approx(2 / (64 * 9), rel=0.03)


def test_losses_are_means_over_the_examples_of_each_model():
    network = make_network(2, "none", channels=2, depth=1)
    side_by_side.seed_weights(network, SEEDS)
    data = split(SEEDS, 30, 10)
    scores = side_by_side.logits(network, data.train_images)
    by_hand = [-scores[:, m].log_softmax(1)[range(30), data.train_labels[:, m]].mean().item() for m in range(2)]
    made = side_by_side.losses(network, data.train_images, data.train_labels).tolist()
    assert made == pytest.approx(by_hand, rel=1e-5)


def test_an_epoch_visits_every_example_once():
    batches = list(side_by_side.batches(23, 5, torch.Generator().manual_seed(0)))
    assert [len(batch) for batch in batches] == [5, 5, 5, 5, 3]
    assert sorted(torch.cat(batches).tolist()) == list(range(23))


def test_evaluation_puts_the_mode_back():
    network = make_network(1, "batch", channels=2, depth=1).train()
    data = split([0], 20, 10)
    side_by_side.evaluate(network, data.test_images, data.test_labels)
    assert network.training


def test_repeatable_seeds_the_global_generator_and_restores_it():
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with side_by_side.repeatable(7):
            draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_not_finite_is_stored_as_none():
    assert side_by_side.rounded(torch.tensor([[0.123456, float("nan")], [float("inf"), 2.0]]), 3) == [
        [0.123, None],
        [None, 2.0],
    ]
