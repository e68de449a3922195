"""What the experiments measure, held against other ways of computing it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from experiments.regularisation import (
    dropout,
    ensemble,
    gradient_noise,
    landscape,
    side_by_side,
    small_batches,
    throughput,
)
from experiments.regularisation.digits import split
from experiments.regularisation.normalised import make_network


def test_sample_gradients_average_to_the_gradient_of_the_whole_set():
    settings = gradient_noise.QUICK
    gradients = gradient_noise.sample_gradients(settings, seed=1)
    network = gradient_noise.networks.make_network(1, settings.channels)
    side_by_side.seed_weights(network, [1])
    data = split([1], settings.images, 10)  # the same order of images
    loss = side_by_side.losses(network, data.train_images, data.train_labels).sum()
    full = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])
    assert torch.allclose(gradients.mean(0), full, atol=1e-5)


@pytest.mark.parametrize("replacement", [True, False])
def test_a_drawn_batch_has_its_size(replacement):
    torch.manual_seed(0)
    counts = gradient_noise._draw(replace(gradient_noise.QUICK, images=20), 15, replacement)
    assert counts.sum(1).unique().tolist() == [15]
    assert bool(counts.max() > 1) == replacement


def test_without_dropout_the_ensemble_is_the_network():
    settings = replace(ensemble.QUICK, p=0.0)
    network = ensemble.make_network(2, settings.hidden, 0.0)
    side_by_side.seed_weights(network, settings.seeds)
    data = split(settings.seeds, 10, 30)
    with torch.no_grad():
        geometric, single = ensemble.enumerate_masks(network, data.test_images, data.test_labels, settings)
        plain = side_by_side.logits(network, data.test_images).softmax(-1)
    assert torch.allclose(geometric, plain, atol=1e-5)
    assert torch.allclose(single, (plain.argmax(-1) == data.test_labels).float().mean(0), atol=1e-6)


def test_the_enumerated_ensemble_is_what_many_random_masks_average_to():
    settings = replace(ensemble.QUICK, p=0.4)
    network = ensemble.make_network(2, settings.hidden, settings.p)
    side_by_side.seed_weights(network, settings.seeds)
    data = split(settings.seeds, 10, 3)
    with torch.no_grad():
        geometric, _ = ensemble.enumerate_masks(network.eval(), data.test_images, data.test_labels, settings)
        torch.manual_seed(0)
        many = data.test_images.repeat(8000, 1, 1, 1)
        sampled = side_by_side.logits(network.train(), many).log_softmax(-1).unflatten(0, (8000, 3)).mean(0).softmax(-1)
    assert torch.allclose(geometric, sampled, atol=0.01)


def test_saved_bytes_of_one_product_are_its_input():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, bias=False))
    images, labels = torch.rand(5, 1, 8, 8), torch.zeros(5, 1, dtype=torch.int64)
    more = torch.rand(9, 1, 8, 8), torch.zeros(9, 1, dtype=torch.int64)
    grown = throughput.saved_bytes(network, *more) - throughput.saved_bytes(network, images, labels)
    # four more images: 64 pixels, 10 log-probabilities (float32) and one label (int64) each
    assert grown == 4 * (64 * 4 + 10 * 4 + 8)


def test_a_walk_along_the_gradient_leaves_the_network_as_it_was():
    settings = landscape.QUICK
    network = make_network(2, "batch", settings.channels, settings.depth)
    side_by_side.seed_weights(network, settings.seeds)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    data = split(settings.seeds, 50, 20)
    landscape.walk(network, data.train_images, data.train_labels, settings)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_on_a_quadratic_the_smoothness_is_the_curvature(monkeypatch):
    """Loss a w^2 / 2 has gradient a w, which changes by a per unit of length."""
    curvature = torch.tensor([3.0, 0.5])
    network = nn.Sequential(nn.Conv2d(2, 2, 1, groups=2, bias=False))

    def quadratic(network, _images, _labels):
        return curvature * network[0].weight.flatten().square() / 2

    monkeypatch.setattr(side_by_side, "losses", quadratic)
    settings = replace(landscape.QUICK, stretches=(0.5, 1.0))
    walked = landscape.walk(network, torch.empty(0), torch.empty(0), settings)
    assert walked["smoothness"].tolist() == pytest.approx(curvature.tolist(), rel=1e-4)
    assert walked["gradient_change"].tolist() == pytest.approx((curvature * settings.learning_rate).tolist(), rel=1e-4)


def test_moving_noise_keeps_in_evaluation_what_it_gives_on_average_in_training():
    torch.manual_seed(0)
    noise, ones = landscape.MovingNoise(), torch.ones(50, 4000, 2, 2)
    assert noise.train()(ones).mean().item() == pytest.approx(noise.eval()(ones).mean().item(), abs=0.02)


def test_equal_maps_are_redundant_and_smooth_maps_are_correlated():
    """A network whose maps are all the same blurred input: correlations must be high; with one map silenced nothing is
    lost."""
    data = split((0,), 20, 200)
    network = dropout.make_network(1, 2, "channel", 0.5)
    with torch.no_grad():
        for layer in (network[0], network[2]):
            layer.weight.fill_(1.0)
            layer.bias.zero_()
    described = dropout.describe_features(network, data, models=1)
    assert described["channel_correlation"].item() == pytest.approx(1.0, abs=1e-4)
    assert described["neighbour_correlation"].item() > 0.5
    _, accuracy = side_by_side.evaluate(network, data.test_images, data.test_labels)
    assert described["half_removed_accuracy"].item() <= accuracy.item() + 0.3


def test_batches_of_two_lose_all_but_the_sign_in_connected_layers():
    settings = replace(small_batches.CONNECTED, seeds=(0,))
    network = small_batches.build(settings, "batch", 1)
    side_by_side.seed_weights(network, settings.seeds)
    made = network[:2](1000 * split((0,), 2, 1).train_images).abs()
    assert made[made > 1e-3].min().item() == pytest.approx(1.0, abs=1e-3)
