"""What the experiments measure, held against other ways of computing it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from experiments.regularisation import (
    gradient_noise,
    overfitting,
    side_by_side,
    small_batches,
    throughput,
)
from experiments.regularisation.digits import split


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


def test_saved_bytes_of_one_product_are_its_input():
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, bias=False))
    images, labels = torch.rand(5, 1, 8, 8), torch.zeros(5, 1, dtype=torch.int64)
    more = torch.rand(9, 1, 8, 8), torch.zeros(9, 1, dtype=torch.int64)
    grown = throughput.saved_bytes(network, *more) - throughput.saved_bytes(network, images, labels)
    # four more images: 64 pixels, 10 log-probabilities (float32) and one label (int64) each
    assert grown == 4 * (64 * 4 + 10 * 4 + 8)


def test_batches_of_two_lose_all_but_the_sign_in_connected_layers():
    settings = replace(small_batches.Settings(), seeds=(0,))
    network = small_batches.build(settings, "batch", 1)
    side_by_side.seed_weights(network, settings.seeds)
    made = network[:2](1000 * split((0,), 2, 1).train_images).abs()
    assert made[made > 1e-3].min().item() == pytest.approx(1.0, abs=1e-3)


def test_mislabelled_images_are_as_many_as_asked_for_and_only_in_training():
    asked = overfitting.MISLABELLED
    true, given = (overfitting.digits(settings, 3) for settings in (replace(asked, mislabelled=0), asked))
    assert int((true.train[1] != given.train[1]).sum()) == asked.mislabelled
    assert torch.equal(true.validation[1], given.validation[1])
    assert torch.equal(true.test[1], given.test[1])


def test_no_image_serves_two_purposes():
    """Every image of the data set is drawn once: the three parts together are the whole."""
    drawn = overfitting.digits(overfitting.MANY, 3)
    together = torch.cat([images for images, _ in (drawn.train, drawn.validation, drawn.test)])
    everything = overfitting.split((0,), 1796, 1)
    whole = torch.cat([everything.train_images, everything.test_images]).flatten(1)
    assert sorted(together.tolist()) == sorted(whole.tolist())


def test_arms_start_from_the_same_weights():
    torch.manual_seed(5)
    plain = overfitting.make_network(8, 0.0).state_dict()
    torch.manual_seed(5)
    dropping = overfitting.make_network(8, 0.5).state_dict()
    assert all(torch.equal(weight, dropping[name]) for name, weight in plain.items())


def test_without_dropout_the_average_of_thinned_networks_is_the_network():
    settings = replace(overfitting.QUICK, probabilities=(0.0,))
    network, made = overfitting.train(settings, 0, 0.0, 0.03)
    found = overfitting.averaged(settings, 0, network)
    assert found["agreement"] == 1.0
    assert found["distance"] < 1e-6
    assert found["averaged_accuracy"] == made["test_accuracy"]
