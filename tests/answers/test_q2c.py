"""2c: training with and without `repackage_hidden`, how it works, and the gradient that is wrong without a word."""

import pytest
import torch

from answers.bptt import failing, graph
from answers.bptt.detaching import detaching_claims, parts, state
from answers.bptt.steps import by_data, first_error, in_place, train
from experiments.language_model.model import CELLS, repackage_hidden
from writeup.errors import CheckFailed


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# -- without it


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("fused", [True, False])
def test_the_second_batch_fails(cell, fused):
    with graph.onednn(fused):
        batch, message = first_error(cell=cell)
    assert batch == 2
    assert message.startswith("Trying to backward through the graph a second time")


@pytest.mark.parametrize("cell", CELLS)
def test_with_it_no_batch_fails(cell):
    assert first_error(repackaged=True, cell=cell) == (0, "no error")


def test_a_change_through_data_goes_unnoticed():
    assert first_error(retain=True, update=by_data) == (0, "no error")


def test_a_change_in_place_is_noticed():
    assert "modified by an inplace operation" in first_error(retain=True, update=in_place)[1]


def test_the_retained_graph_grows_by_the_same_number_each_batch():
    nodes = [batch.nodes for batch in train(4, retain=True, measured=True)]
    assert nodes[3] - nodes[2] == nodes[2] - nodes[1] == nodes[1] - nodes[0] > 0


def test_the_repackaged_graph_does_not_grow():
    assert len({batch.nodes for batch in train(3, repackaged=True, measured=True)}) == 1


def test_the_engine_runs_all_that_was_retained():
    assert all(batch.ran == batch.nodes for batch in train(3, retain=True, measured=True))


def test_saved_bytes_grow_and_both_counts_agree():
    batches = list(train(3, retain=True, weighed=True))
    assert batches[2].bytes_walked > batches[1].bytes_walked
    assert batches[2].bytes_walked - batches[1].bytes_walked == batches[2].bytes_boxed - batches[1].bytes_boxed


# -- the silent error


def test_the_true_gradient_is_that_of_differences():
    torch.testing.assert_close(failing.true_gradient(), failing.gradient_by_differences(), rtol=1e-5, atol=1e-8)


def test_the_silent_gradient_is_not():
    assert failing.error_of_silence(failing.true_gradient()) > 0.01


def test_without_a_change_of_weights_nothing_is_wrong(monkeypatch):
    """The error comes from the update, not from the way in which the silent gradient is taken."""
    failing.silent_gradient.cache_clear()
    failing.true_gradient.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(failing, "weights_after", failing.weights_before)
        assert failing.error_of_silence(failing.true_gradient()) < 1e-12
    failing.silent_gradient.cache_clear()
    failing.true_gradient.cache_clear()


# -- how it works


@pytest.mark.parametrize("cell", CELLS)
def test_values_and_memory_stay(cell):
    for old, new in zip(parts(state(cell)), parts(repackage_hidden(state(cell))), strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize("cell", CELLS)
def test_the_history_goes(cell):
    assert graph.nodes(*parts(state(cell))) != []
    assert graph.nodes(*parts(repackage_hidden(state(cell)))) == []


@pytest.mark.parametrize("claim", detaching_claims(), ids=lambda claim: claim.id)
def test_a_claim_about_detaching_holds_and_its_controls_do_not(claim):
    claim.check(claim.value)
    for control in claim.controls:
        with pytest.raises(CheckFailed):
            claim.check(control.value)
