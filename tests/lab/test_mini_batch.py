"""The small set of which every batch is run."""

from math import comb

import pytest
import torch

from lab import mini_batch


@pytest.mark.parametrize("size", [1, 3, 8])
def test_all_sets_of_a_size_are_run(size):
    batches = list(mini_batch.all_batches(size))
    assert len(set(batches)) == len(batches) == comb(mini_batch.IMAGES, size)


def test_a_batch_gradient_is_the_mean_of_its_examples_gradients():
    together = mini_batch.batch_gradient((1, 4, 6))
    apart = torch.stack([mini_batch.batch_gradient((i,)) for i in (1, 4, 6)]).mean(0)
    assert torch.allclose(together, apart, atol=1e-12)


def test_the_batch_of_all_has_no_variance():
    assert mini_batch.variance_over_batches(mini_batch.IMAGES, replacement=False) < 1e-25
