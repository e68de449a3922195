"""Gradients cut and uncut, on a small model; the experiments' quick runs and their replays."""

import pytest
import torch
from torch.nn import functional

from experiments.bptt import growth, truncation
from experiments.bptt.gradients import at_features, by_distance, recurrent_gradient
from experiments.language_model.model import RNNModel
from writeup.audit import largest_difference


@pytest.fixture
def model():
    torch.manual_seed(0)
    return RNNModel("LSTM", 11, 4, 5, 2, dropout=0.0).double()


@pytest.fixture
def text():
    words = torch.randint(11, (9, 3), generator=torch.Generator().manual_seed(0))
    return words[:-1], words[1:]


def test_the_gradient_by_distance_is_a_columns_own(model, text):
    """A column alone gives the norms that it gives among others."""
    inputs, targets = text
    together = by_distance(model, inputs, targets, model.initial_hidden(3))
    alone = by_distance(model, inputs[:, :1], targets[:, :1], model.initial_hidden(1))
    torch.testing.assert_close(together[:, :1], alone)


def test_distance_zero_is_the_last_word(model, text):
    inputs, targets = text
    embedded = model.encoder(inputs).detach().requires_grad_()
    loss = functional.cross_entropy(model.decoder(model.rnn(embedded)[0][-1]), targets[-1], reduction="sum")
    (gradient,) = torch.autograd.grad(loss, embedded)
    found = by_distance(model, inputs, targets, model.initial_hidden(3))
    torch.testing.assert_close(found[0], gradient[-1].norm(dim=1))


def test_uncut_it_is_the_gradient_of_the_mean_loss(model, text):
    inputs, targets = text
    hidden = model.initial_hidden(3)
    loss = functional.nll_loss(model(inputs, hidden)[0], targets.flatten())
    expected = torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(model.rnn.parameters()))])
    upstream = at_features(model, inputs, targets, hidden, rows=3)
    torch.testing.assert_close(recurrent_gradient(model, inputs, upstream, hidden, bptt=8), expected)


def test_cut_it_is_another(model, text):
    inputs, targets = text
    hidden = model.initial_hidden(3)
    upstream = at_features(model, inputs, targets, hidden, rows=3)
    uncut, cut = (recurrent_gradient(model, inputs, upstream, hidden, bptt) for bptt in (8, 4))
    assert (uncut - cut).norm() > 1e-6 * uncut.norm()


@pytest.mark.parametrize("experiment", [truncation, growth])
def test_a_quick_run_can_be_replayed(experiment, project):
    record = experiment.run(experiment.plan("quick", {})[0], project, lambda *_: None)
    assert largest_difference(record.probe, experiment.replay(record), record.path) < 1e-4


def test_zeroed_and_carried_states_agree_on_the_first_window():
    """In the first window both start from zeros."""
    settings = truncation.plan("quick", {})[0]
    torch.manual_seed(0)
    model = RNNModel("LSTM", 60, 16, 16, 2, dropout=0.0)
    columns = torch.randint(60, (settings.bptt + 1, settings.columns))
    one = [truncation.losses(settings, model, columns, carried) for carried in (True, False)]
    assert one[0] == one[1]
