"""Dropout on cases small enough to run every mask, and its picture."""

from fractions import Fraction

import pytest
import torch
from torch import nn

from lab.regularisation import dropout, thinned


@pytest.mark.parametrize("p", [Fraction(1, 5), Fraction(1, 2)])
def test_probabilities_of_all_masks_add_up_to_one(p):
    assert sum(chance for _, chance in dropout.masks(5, p)) == 1


def test_the_expectation_is_what_samples_of_torchs_dropout_average_to():
    torch.manual_seed(0)
    activations = torch.tensor(dropout.ACTIVATIONS, dtype=torch.float64)
    sampled = nn.Dropout(0.25)(activations.expand(100_000, -1)).mean(0)
    p = Fraction(1, 4)
    assert sampled.tolist() == pytest.approx([float(x) for x in dropout.expectation(p, 1 / (1 - p))], abs=0.05)


def test_both_kinds_of_dropout_are_drawn_with_half_of_the_elements_silent(monkeypatch):
    drawn = []
    monkeypatch.setattr(thinned, "cells", lambda _d, _at, rows, _size: drawn.append(rows))
    thinned.picture()
    silent = [sum(row.count(thinned.OFF) for row in rows) for rows in drawn]
    whole, single, each = silent[: thinned.MAPS], silent[thinned.MAPS :], thinned.SIDE**2
    assert sum(whole) == sum(single) == thinned.MAPS * each / 2
    assert sorted(set(whole)) == [0, each]
    assert all(0 < count < each for count in single)
