"""Facts and statements, from their line to what verification says of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.copies import made_up
from writeup.assignment import load_assignment
from writeup.errors import CheckFailed, WriteupError
from writeup.facts import Facts, by
from writeup.trust.question import verify_question

HEAD = """
from writeup.facts import Facts, by, gap, when

def answer(records):
    a = Facts("Q")
"""


pytestmark = pytest.mark.usefixtures("another_course")


@pytest.fixture
def verified(tmp_path, monkeypatch):
    """Verifies an answer with the given lines and template."""

    def verify(*lines, template=""):
        answer = "\n    ".join([HEAD.strip(), *lines, "return a.answer()"]) + "\n"
        root = made_up(tmp_path, answer, template, id="Q")
        monkeypatch.syspath_prepend(str(root))
        return verify_question(load_assignment(root).question[0], root)

    return verify


def said(verified):
    return [str(problem) for problem in verified.problems]


def test_a_fact_knows_its_line_its_sentence_and_its_level(verified):
    found = verified('a("sum", 3, by("counting", lambda: 3))', template="The sum is << sum >>.\n")
    (row,) = found.rows
    assert (row.source, row.text, row.level) == ("answers/one.py:5", "The sum is {sum}.", "executed")
    assert said(found) == []


def test_the_neighbours_in_the_last_digit_are_controls(verified):
    (row,) = verified('a("share", 0.25, by("again", lambda: 0.25), form="{:.0%}")').rows
    assert [(c.printed, c.rejected) for c in row.controls] == [("24%", True), ("26%", True)]


@pytest.mark.parametrize("form", ["{:.2f} s", "{:~3} s"])
def test_more_digits_than_the_check_can_tell_stop_the_build(verified, form):
    found = verified(f'a("seconds", 1.234, by("measured again", lambda: 1.24, within=0.05), form="{form}")')
    assert "prints more digits than its check can tell apart: 1.23" in said(found)[0]


def test_fewer_digits_pass(verified):
    assert said(verified('a("seconds", 1.234, by("again", lambda: 1.24, within=0.05), form="{:.1f} s")')) == []


def test_words_need_a_wrong_value(verified):
    found = verified('a("winner", "GRU", by("again", lambda: "GRU"))')
    assert "no wrong value given" in said(found)[0]


def test_a_control_that_survives_is_named(verified):
    found = verified('a("sum", 3.0, by("coarse", lambda: 3.0, within=2.0), {4.0: "carry"}, "{:.0f}")')
    assert any("a control survives" in problem for problem in said(found))


STATED = 'a.say("grows", lambda gain: gain.positive, {"gain": 0.0})'
GAIN = 'a.mean("gain", [1.0, 1.2, 0.9, 1.1], "{:.1f} points")'


def test_a_statement_holds_and_its_control_fails(verified):
    found = verified(GAIN, STATED, template='<% call say("grows") %>It grows by << gain >>.<% endcall %>\n')
    (row,) = found.statements
    assert said(found) == []
    assert (row.holds, row.text, row.claims) == (True, "It grows by {gain}.", ["Q.gain"])
    assert [control.rejected for control in row.controls] == [True]


def test_reversed_data_stop_the_build_with_sentence_place_and_facts(verified):
    template = 'First.\n\n<% call say("grows") %>It grows by << gain >>.<% endcall %>\n'
    found = verified(GAIN.replace("1.0", "-1.0"), STATED, template=template)
    (problem,) = said(found)
    assert problem.startswith("Q.grows: the statement does not hold: 'It grows by {gain}.'")
    assert "templates/answers/Q.md.j2:3" in problem
    assert "gain = 0.6 (-1.1 to 2.2)" in problem


def test_a_statement_that_cannot_fail_is_refused(verified):
    found = verified(GAIN, 'a.say("grows", lambda gain: True, {"gain": 0.0})')
    assert "a control survives" in said(found)[0]


@pytest.mark.parametrize("given", ["", ', {"loss": 1}'])
def test_a_statement_needs_a_control_and_facts_that_exist(verified, given):
    found = verified(GAIN, f'a.say("grows", lambda {"gain" if not given else "loss"}: True{given})')
    assert "no control" in said(found)[0] or "does not state" in said(found)[0]


TWO = 'a("low", 1, by("a", lambda: 1)); a("high", 9, by("b", lambda: 9))'


@pytest.mark.parametrize(
    ("predicate", "wrong", "told"),
    [
        ("lambda low, high: low < high", '{"low": 10}', "no control moves high alone"),
        ("lambda low, high: low < high", '{"low": 10, "high": 3}, {"high": 0}', "no control moves low alone"),
        ("lambda low: low < 5 and low > 0", '{"low": 7}', "no control breaks its condition 'low > 0' alone"),
        ("lambda low: 0 < low < 5", '{"low": -1}', "no control breaks its condition 'low < 5' alone"),
        ("lambda low: low < 5 and low < 7", '{"low": 8}', "no control breaks its condition 'low < 5' alone"),
        ("lambda low: low < 5 and len(told) == 4", '{"low": 8}', "no control breaks its condition 'len(told) == 4'"),
        ("lambda low, high: low < 5 or high < 5", '{"low": 8}, {"high": 4, "low": 8}', "a control survives"),
    ],
)
def test_every_fact_and_condition_of_a_statement_is_shown_to_matter(verified, predicate, wrong, told):
    found = verified(TWO, 'told = "that which no control can move"[:4]', f'a.say("grows", {predicate}, {wrong})')
    assert any(told in problem for problem in said(found))


@pytest.mark.parametrize(
    ("predicate", "wrong"),
    [
        ("lambda low, high: 0 < low < high", '{"low": -1}, {"low": 10}, {"high": 0}'),
        ("lambda low, high: all(x > 0 for x in (low, high))", '{"low": -1}, {"high": -1}'),
        ("positive", '{"low": 0}'),
    ],
)
def test_a_statement_whose_controls_say_all_passes(verified, predicate, wrong):
    defined = "def positive(low):\n        return low > 0"
    assert said(verified(TWO, defined, f'a.say("grows", {predicate}, {wrong})')) == []


@pytest.mark.parametrize(
    ("value", "wrong"),
    [(3, "'4'"), (3, "True"), (True, "0"), ("GRU", "1"), ((1, 2), "1")],
)
def test_a_control_of_another_kind_is_refused(verified, value, wrong):
    found = verified(f'a("n", {value!r}, by("again", lambda: {value!r}), {{{wrong}: "slip"}})')
    assert "it would be rejected for that" in said(found)[0]


def test_a_control_with_what_the_statement_does_not_read_is_refused(verified):
    (problem,) = said(verified(GAIN, STATED.replace('"gain":', '"gian":')))
    assert problem == (
        "Q.grows: has a control with gian, which its predicate does not take; it takes gain (answers/one.py:6)"
    )


def stated(value, route=None, wrong=None, form=""):
    """The claim that a fact makes."""
    a = Facts("Q")
    a("x", value, route or by("counting", lambda: value), wrong, form)
    return a.claims[0]


def test_a_form_is_a_format_and_a_unit():
    with pytest.raises(WriteupError, match="it is a format and a unit"):
        stated(1.0, form=".1f")
    with pytest.raises(WriteupError, match=r"Q\.x: form '.1f'; it is a format and a unit"):
        Facts("Q").mean("x", [1.0, 2.0, 3.0], ".1f")


def test_a_format_that_does_not_fit_the_value_is_refused():
    with pytest.raises(WriteupError, match=r"fact Q.x: 1 cannot print as \{:.1q\}: Unknown format code"):
        stated(1, form="{:.1q}")


def test_a_control_that_prints_like_the_value_is_refused():
    with pytest.raises(WriteupError, match="prints like the value"):
        stated(1.234, wrong={1.2341: "a slip"}, form="{:.2f}")


@pytest.mark.parametrize(
    ("value", "said"), [(math.nan, "finite"), (math.inf, "finite"), (object(), "a value of type object received")]
)
def test_a_value_that_no_document_can_state_is_refused(value, said):
    with pytest.raises(WriteupError, match=said):
        stated(value)


@pytest.mark.parametrize("second", ["a('x', 2, by('counting', lambda: 2))", "a.say('x', lambda x: x > 0, {'x': 0})"])
def test_an_answer_refuses_two_of_one_name(verified, second):
    (problem,) = said(verified("a('x', 1, by('counting', lambda: 1))", second))
    assert problem == (
        "Q: Q.x is made twice (answers/one.py:5 and answers/one.py:6); every name stands once in a question "
        "(answers/one.py:7)"
    )


def test_the_second_route_runs_once_however_many_candidates_are_tried():
    calls = []
    check = stated(1, by("counting the calls", lambda: len(calls.append(0) or calls))).check
    assert [check(1).computed, check(1).computed] == [1, 1]


@given(st.floats(-1e6, 1e6), st.floats(0.001, 10), st.floats(-20, 20))
def test_numbers_agree_exactly_within_the_tolerance(computed, tolerance, offset):
    check = by("again", lambda: computed, within=tolerance)(())
    candidate = computed + offset
    if abs(candidate - computed) <= tolerance:
        assert check(candidate).computed == computed
    else:
        with pytest.raises(CheckFailed):
            check(candidate)


@pytest.mark.parametrize(("computed", "candidate"), [(1, True), ("1", 1), ((1, 2), (1, 2, 3)), ((1, 2), 3)])
def test_values_of_different_kinds_do_not_agree(computed, candidate):
    with pytest.raises((CheckFailed, TypeError)):
        by("again", lambda: computed)(())(candidate)


@pytest.mark.parametrize("weights", [(2, -2), (1, 1), (1, -0.5)])
def test_a_change_is_one_mean_less_another(weights):
    with pytest.raises(WriteupError, match="weights of a change sum to 1 and -1"):
        Facts("Q").change("gain", [[1.0, 1.1], [2.0, 2.2]], weights, "{:.0f} %")
