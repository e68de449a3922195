"""Dropout's small exact cases, held against sums written out by hand."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from answers.regularisation import dropout_masks as masks


def test_two_units_have_four_masks_with_probabilities_that_add_up_to_one():
    p = Fraction(1, 4)
    assert dict(masks.masks(2, p)) == {
        (0, 0): Fraction(1, 16),
        (0, 1): Fraction(3, 16),
        (1, 0): Fraction(3, 16),
        (1, 1): Fraction(9, 16),
    }


def test_the_window_of_one_place_is_one_unit():
    assert masks.window_noise(1, Fraction(1, 2), whole_map=False) == masks.window_noise(
        1, Fraction(1, 2), whole_map=True
    )


def test_a_dropped_map_of_ones_has_the_variance_of_one_unit():
    assert masks.window_noise(3, Fraction(3, 4), whole_map=True) == 3


def test_the_optimum_under_dropout_has_no_gradient():
    """At the weights found, moving any weight either way raises the expected error."""
    x, y = masks.regression_data()
    p = 0.4
    w = masks.dropout_solution(p)

    def expected_error(weights):  # E|y - Xb w|^2 = |y - X w|^2 + p/(1-p) sum (x w)^2, by independence of the masks
        return ((y - x @ weights) ** 2).sum() + p / (1 - p) * ((x * weights) ** 2).sum()

    for direction in np.eye(len(w)):
        assert expected_error(w) < min(expected_error(w + 1e-3 * direction), expected_error(w - 1e-3 * direction))


def test_without_dropout_the_regression_is_least_squares():
    x, y = masks.regression_data()
    assert masks.dropout_solution(1e-12) == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0], abs=1e-6)


def test_a_ramp_is_fully_correlated_and_noise_is_not():
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 1, 200, 200, generator=generator, dtype=torch.float64)
    ramp = torch.linspace(0, 1, 200, dtype=torch.float64).expand(1, 1, 200, 200).cumsum(2)
    # 3 x 3 filters share six of their nine pixels with their neighbour's, so even noise is correlated a little
    assert masks.neighbour_correlation(ramp) > 0.95 > 0.5 > masks.neighbour_correlation(noise)
