"""Paired differences: the interval and the verdict, held against known cases."""

import pytest

from answers.regularisation.paired import (
    effect_claims,
    interval,
    mean_claim,
    retrained_claim,
    sign_flip_probability,
)
from writeup.claims import Control
from writeup.errors import CheckFailed

FIRST = [0.11, 0.25, 0.18, 0.32, 0.21, 0.27, 0.15, 0.30]
SHIFTED = [value + 0.05 + 0.01 * (-1) ** k for k, value in enumerate(FIRST)]
SHUFFLED = [value + 0.002 + 0.05 * (-1) ** k for k, value in enumerate(FIRST)]


def test_the_interval_is_students():
    # mean 2.5, standard error sqrt(5/3)/2, quantile t(0.975; 3) = 3.18245 from a printed table
    assert interval([1.0, 2.0, 3.0, 4.0]) == pytest.approx(
        (2.5 - 3.18245 * 0.645497, 2.5 + 3.18245 * 0.645497), abs=1e-4
    )


def test_a_one_sided_effect_has_the_exact_probability_of_its_signs():
    # all eight signs alike: 2 of the 2^8 sign patterns are as far out
    assert sign_flip_probability([1.0] * 8) == pytest.approx(2 / 2**8, abs=0.002)


def test_a_mean_of_zero_is_never_significant():
    assert sign_flip_probability([1.0, -1.0, 2.0, -2.0]) == 1.0


def by_id(claims):
    return {made.id.removeprefix("q.x"): made for made in claims}


def test_a_clear_effect_gets_its_word():
    made = by_id(effect_claims("q.x", FIRST, SHIFTED, "t", [], ("lower", "higher"), form="+.3f"))
    assert made["_verdict"].value == "higher"
    assert made[""].printed() == "+0.050"


def test_no_effect_is_said_to_be_none():
    made = by_id(effect_claims("q.x", FIRST, SHUFFLED, "t", [], ("lower", "higher"), form="+.3f"))
    assert made["_verdict"].value == "indistinguishable"


@pytest.mark.parametrize("second", [SHIFTED, SHUFFLED])
def test_every_control_of_an_effect_is_rejected(second):
    for made in effect_claims("q.x", FIRST, second, "t", ["kind/name"], ("lower", "higher"), form="+.6f"):
        assert made.check(made.value).records == ("kind/name",)
        for control in made.controls:
            with pytest.raises(CheckFailed):
                made.check(control.value)


def test_a_mean_of_other_values_is_rejected():
    made = mean_claim("q.m", FIRST, "t", [], Control(0.3))
    with pytest.raises(CheckFailed):
        made.check(sum(FIRST) / (len(FIRST) - 1))


def test_a_recorded_result_that_training_does_not_repeat_is_rejected():
    made = retrained_claim("q.again", FIRST, lambda: FIRST[0] + 0.02, "t", [], tolerance=0.01)
    with pytest.raises(CheckFailed):
        made.check(made.value)
