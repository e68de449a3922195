"""Claims refuse what could not be verified; checks by `agrees` compare as they should."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writeup.claims import Answer, Control, agrees, claim
from writeup.errors import CheckFailed, WriteupError


def four(value=4, controls=(5,), **options):
    return claim("1.1.x", value, "a number", agrees(lambda: 4, "counting"), controls, **options)


def test_a_claim_without_a_control_is_refused():
    with pytest.raises(WriteupError, match="no control"):
        four(controls=[])


def test_a_control_that_prints_like_the_value_is_refused():
    with pytest.raises(WriteupError, match="prints like the value"):
        claim("1.1.x", 1.234, "a number", agrees(lambda: 1.234, "x"), [1.2341], form=".2f")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(WriteupError, match="finite"):
        four(value)


def test_a_value_that_json_cannot_hold_is_refused():
    with pytest.raises(WriteupError, match="object"):
        four(object())


def test_a_claim_must_stand_in_the_answer_to_its_question():
    with pytest.raises(WriteupError, match="must start with"):
        Answer("2a", [four()])


def test_an_answer_refuses_two_claims_of_one_id():
    with pytest.raises(WriteupError, match="twice"):
        Answer("1.1", [four(), four()])


def test_the_form_applies_to_each_item_of_a_tuple():
    made = claim("1.1.x", (0.5, 1.25), "an interval", agrees(lambda: (0.5, 1.25), "x"), [(0.4, 1.25)], form=".1f")
    assert made.printed() == "(0.5, 1.2)"


def test_bare_controls_are_wrapped():
    assert four().controls == (Control(5),)


def test_the_second_route_runs_once_however_many_candidates_are_tried():
    calls = []
    check = agrees(lambda: len(calls.append(0) or calls), "counting the calls")
    assert [check(1).computed, check(1).computed] == [1, 1]


@given(st.floats(-1e6, 1e6), st.floats(0.001, 10), st.floats(-20, 20))
def test_numbers_agree_exactly_within_the_tolerance(computed, tolerance, offset):
    check = agrees(lambda: computed, "x", tolerance=tolerance)
    candidate = computed + offset
    if abs(candidate - computed) <= tolerance:
        assert check(candidate).computed == computed
    else:
        with pytest.raises(CheckFailed):
            check(candidate)


@pytest.mark.parametrize(("computed", "candidate"), [(1, True), ("1", 1), ((1, 2), (1, 2, 3)), ((1, 2), 3)])
def test_values_of_different_kinds_do_not_agree(computed, candidate):
    with pytest.raises((CheckFailed, TypeError)):
        agrees(lambda: computed, "x")(candidate)


def test_a_failed_check_tells_expected_and_got():
    with pytest.raises(CheckFailed, match="counting: expected 4, got 5"):
        agrees(lambda: 4, "counting")(5)
