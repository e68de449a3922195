"""Intervals: against scipy, by coverage, by what their check refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from writeup import estimators
from writeup.errors import WriteupError
from writeup.estimators import Estimate

values = st.lists(st.floats(-1e3, 1e3, allow_nan=False, width=32), min_size=3, max_size=12).filter(
    lambda x: np.std(x) > 1e-2
)


@given(values)
def test_the_interval_is_that_of_scipy(x):
    made, theirs = estimators.student(x), stats.ttest_1samp(x, 0.0).confidence_interval(estimators.LEVEL)
    assert made.ends == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)


@settings(deadline=None)  # the quantile is simulated once for each number of seeds
@given(values)
def test_the_second_route_accepts_the_interval_and_refuses_its_slips(x):
    assert estimators.misfit(x, estimators.student(x)) == ""
    for slip in estimators.slips(x).values():
        assert estimators.misfit(x, slip)


@given(values, st.floats(0.1, 10), st.floats(-100, 100))
def test_an_interval_moves_and_stretches_with_its_values(x, factor, shift):
    made, other = estimators.student(x), estimators.student([factor * value + shift for value in x])
    expected = tuple(factor * part + shift for part in made.parts())
    assert other.parts() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("count", [2, 3, 10, 20])
def test_the_interval_covers_as_often_as_it_says(count):
    """At the numbers of seeds that are used."""
    draws = np.random.default_rng(1).normal(5, 2, size=(4000, count))
    covered = [made.low < 5 < made.high for made in map(estimators.student, draws.tolist())]
    assert np.mean(covered) == pytest.approx(estimators.LEVEL, abs=4 * math.sqrt(0.95 * 0.05 / 4000))


def test_one_seed_has_no_interval():
    with pytest.raises(WriteupError, match="at least two seeds, got 1"):
        estimators.student([1.0])


def test_a_ratio_is_the_exponential_of_the_mean_logarithm():
    made = estimators.exponential(estimators.student(estimators.log_ratios([2.0, 8.0], [1.0, 1.0])))
    assert made.value == pytest.approx(4.0)


GROUPS = ([1.0, 2.0, 4.0], [3.0, 3.5, 5.0, 9.0])


def test_a_pooled_interval_and_probability_of_two_groups_are_those_of_scipy():
    theirs = stats.ttest_ind(*GROUPS)
    made, ends = estimators.pooled(GROUPS, (1, -1)), theirs.confidence_interval(estimators.LEVEL)
    assert made.ends == pytest.approx((ends.low, ends.high))
    assert estimators.pooled_probability(GROUPS, (1, -1)) == pytest.approx(theirs.pvalue)


def test_a_group_of_no_weight_lends_its_degrees_of_freedom():
    single = ([1.0], [2.0])
    with pytest.raises(WriteupError, match="at least two seeds"):
        estimators.pooled(single, (1, -1))
    assert estimators.pooled((*single, [5.0, 6.0]), (1, -1, 0)).value == -1.0


@settings(deadline=None)
@given(st.lists(values, min_size=2, max_size=4))
def test_least_squares_accepts_the_pooled_interval_and_refuses_its_slips(groups):
    weights = [1.0, *[-1 / (len(groups) - 1)] * (len(groups) - 1)]
    assert estimators.pooled_misfit(groups, weights, estimators.pooled(groups, weights)) == ""
    slips = estimators.pooled_slips(groups, weights)
    assert "division by all values, not by degrees of freedom" in slips
    assert all(estimators.pooled_misfit(groups, weights, slip) for slip in slips.values())


def test_a_pooled_interval_covers_as_often_as_it_says():
    """With seven groups of two, as many seeds as a setting has."""
    draws = np.random.default_rng(2).normal(5, 2, size=(2000, 7, 2)).tolist()
    weights = (1, -1, 0, 0, 0, 0, 0)
    covered = [made.low < 0 < made.high for made in (estimators.pooled(groups, weights) for groups in draws)]
    assert np.mean(covered) == pytest.approx(estimators.LEVEL, abs=4 * math.sqrt(0.95 * 0.05 / 2000))


def test_holm_stops_at_the_first_finding_that_does_not_stand():
    assert estimators.holm({"a": 0.01, "b": 0.03, "c": 0.04}) == {"a"}


def test_moving_an_estimate_keeps_its_width():
    assert Estimate(1.0, 0.5, 1.5).moved_to(0.0) == Estimate(0.0, -0.5, 0.5)


def test_per_cent_and_logarithms_are_inverse():
    given = Estimate(0.1, -0.2, 0.3)
    assert estimators.logarithms(estimators.percent(given)).parts() == pytest.approx(given.parts())
