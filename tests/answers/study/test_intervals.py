"""Differences against the spread over seeds: against scipy's own t test, and the two routes against each other."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from answers.study.intervals import (
    Spread,
    difference,
    pooled_spread,
    probability_below,
    sign,
    sign_by_probability,
)

FIRST, SECOND = [5.1, 5.3, 5.2], [5.6, 5.5, 5.9]
LOSSES = st.lists(st.floats(4, 8), min_size=1, max_size=4)


def test_the_pooled_spread_of_equally_large_groups_is_the_root_of_their_mean_variance():
    expected = math.sqrt((np.var(FIRST, ddof=1) + np.var(SECOND, ddof=1)) / 2)
    assert pooled_spread([FIRST, SECOND]).deviation == pytest.approx(expected)


def test_single_values_add_nothing_to_the_spread():
    assert pooled_spread([FIRST, SECOND, [9.0]]) == pooled_spread([FIRST, SECOND])


def test_there_is_no_spread_without_a_repeated_setting():
    assert pooled_spread([[1.0], [2.0]]) is None


def test_the_interval_is_that_of_the_pooled_t_test():
    found = difference(FIRST, SECOND, pooled_spread([FIRST, SECOND]))
    expected = stats.ttest_ind(FIRST, SECOND).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("offset", [-0.5, 0.0, 0.2])
def test_the_posterior_probability_is_students_distribution(offset):
    spread = pooled_spread([FIRST, SECOND])
    scale = spread.deviation * math.sqrt(2 / 3)
    expected = stats.t.cdf((offset - np.mean(FIRST) + np.mean(SECOND)) / scale, 4)
    assert probability_below(FIRST, SECOND, spread, offset) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("first", "expected"), [([5.0], -1), ([6.0], 1), ([5.51], 0)])
def test_a_sign_is_given_only_beyond_the_spread(first, expected):
    assert sign(first, [5.5], Spread(0.05, 4)) == expected


def test_without_a_spread_every_sign_is_open():
    assert sign([1.0], [9.0], None) == sign_by_probability([1.0], [9.0], None) == 0


def test_swapping_the_groups_turns_the_sign():
    spread = Spread(0.05, 4)
    assert sign(FIRST, SECOND, spread) == -sign(SECOND, FIRST, spread) != 0


@settings(max_examples=40, deadline=None)
@example([8.0], [4.0, 8.0], 0.078125, 11)  # a probability of the size of the quadrature's own error
@given(LOSSES, LOSSES, st.floats(0.001, 1), st.integers(2, 30))
def test_both_routes_agree(first, second, deviation, freedom):
    spread = Spread(deviation, freedom)
    edge = abs(probability_below(first, second, spread) - 0.5)
    if abs(edge - 0.475) > 1e-6:  # on the very edge of the interval rounding decides
        assert sign(first, second, spread) == sign_by_probability(first, second, spread)
