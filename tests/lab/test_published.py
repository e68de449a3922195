"""The published numbers were copied right: the log gives every perplexity a second time, as a loss."""

import math

import pytest

from experiments.language_model.train import ANNEALING
from lab import published


@pytest.mark.parametrize("cell", published.LOGS)
def test_every_perplexity_fits_its_loss(cell):
    for loss, perplexity in published.LOGS[cell]:
        assert round(math.log(perplexity), 2) == loss


def test_both_logs_cut_the_rate_where_the_rule_of_the_example_does():
    """As the docstring says: the log of the GRU goes on at 5 in epoch 5 and at 1.25 in epoch 6."""

    def rates(losses):
        rate, best = published.RATE, math.inf
        for loss in losses:
            yield rate
            rate = rate if loss < best else rate / ANNEALING
            best = min(best, loss)

    assert list(rates(published.perplexities("LSTM"))) == [20.0] * 6
    assert list(rates(published.perplexities("GRU"))) == [20.0, 20.0, 20.0, 20.0, 5.0, 1.25]
