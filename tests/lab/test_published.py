"""The published numbers were copied right: the log gives every perplexity a second time, as a loss."""

import math

from lab import published


def test_every_perplexity_fits_its_loss():
    for loss, perplexity in published.LOG:
        assert round(math.log(perplexity), 2) == loss


def test_the_rate_is_never_cut_as_by_the_rule_of_the_example():
    """As the docstring says: every epoch brought a new lowest loss."""
    assert published.perplexities() == sorted(published.perplexities(), reverse=True)
