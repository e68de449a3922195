"""Training with and without `repackage_hidden`, and the gradient that is wrong without an error."""

import pytest
import torch

from experiments.language_model.model import CELLS
from lab.bptt import autograd_graph, history


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("fused", [True, False])
def test_the_second_batch_fails(cell, fused):
    with autograd_graph.onednn(fused):
        batch, message = history.first_error(cell=cell)
    assert batch == 2
    assert message.startswith("Trying to backward through the graph a second time")


@pytest.mark.parametrize("cell", CELLS)
def test_with_it_no_batch_fails(cell):
    assert history.first_error(repackaged=True, cell=cell) == (0, "")


def test_a_change_through_data_goes_unnoticed():
    assert history.first_error(retain=True, update=history.by_data) == (0, "")


def test_a_change_in_place_is_noticed():
    assert "modified by an inplace operation" in history.first_error(retain=True, update=history.in_place)[1]


def test_what_a_retained_batch_leaves_does_not_depend_on_the_vocabulary():
    """The decoder's part of the graph goes with the loss; the recurrent layers' part stays."""
    left = set()
    for vocabulary in (60, 90):
        batches = list(history.train(3, retain=True, weighed=True, vocabulary=vocabulary))
        left.add(batches[2].walked - batches[1].walked)
        assert batches[2].boxed - batches[1].boxed == batches[2].walked - batches[1].walked > 0
    assert len(left) == 1


def test_repackaged_batches_leave_nothing():
    batches = list(history.train(3, repackaged=True, weighed=True))
    assert batches[2].walked == batches[1].walked


def test_the_true_gradient_is_that_of_differences():
    torch.testing.assert_close(history.true_gradient(), history.gradient_by_differences(), rtol=1e-5, atol=1e-8)


def test_without_a_change_of_weights_nothing_is_wrong(monkeypatch):
    """The error comes from the update, not from the way in which the silent gradient is taken."""
    history.silent_gradient.cache_clear()
    history.true_gradient.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(history, "weights_after", history.weights_before)
        assert history.error_of_silence(history.true_gradient()) < 1e-12
    history.silent_gradient.cache_clear()
    history.true_gradient.cache_clear()
    assert history.error_of_silence(history.true_gradient()) > 0.01
