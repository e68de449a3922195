import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from writeup.errors import WriteupError
from writeup.figures.axes import fit_axis

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
positive = st.floats(1e-6, 1e6, allow_nan=False)


@given(st.lists(numbers, min_size=1, max_size=20))
def test_every_value_lies_on_a_linear_axis(values):
    axis = fit_axis(values, "linear")
    assert all(0 <= axis.place(value) <= 1 for value in values)


@given(st.lists(positive, min_size=1, max_size=20))
def test_every_value_lies_on_a_log_axis(values):
    axis = fit_axis(values, "log")
    assert all(-1e-9 <= axis.place(value) <= 1 + 1e-9 for value in values)


@given(st.lists(numbers, min_size=2, max_size=20), st.sampled_from(["linear", "log"]))
@example([999602.0, 999603.0], "log")
def test_a_tick_is_labelled_with_its_value(values, scale):
    values = [abs(value) + 1e-3 for value in values] if scale == "log" else values
    assume(max(values) - min(values) > 1e-2)
    axis = fit_axis(values, scale)
    spacing = min(b - a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False))
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        read = (
            label.strip("$")
            .replace(",", "")
            .replace(r" \times 10^", "e")
            .replace("10^", "1e")
            .replace("{", "")
            .replace("}", "")
        )
        assert float(read) == pytest.approx(tick, abs=0.01 * spacing)


@given(st.lists(numbers, min_size=2, max_size=20))
def test_an_axis_has_a_few_evenly_spaced_ticks_within_its_limits(values):
    axis = fit_axis(values, "linear")
    steps = [b - a for a, b in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert 2 <= len(axis.ticks) <= 8
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)
    assert all(-1e-6 <= axis.place(tick) <= 1 + 1e-6 for tick in axis.ticks)


@given(positive, positive, st.sampled_from(["linear", "log"]))
def test_no_tick_lies_beyond_the_limits(a, b, scale):
    assume(max(a, b) > 1.01 * min(a, b))
    axis = fit_axis([a, b], scale)
    assert all(axis.low * (1 - 1e-6) <= tick <= axis.high * (1 + 1e-6) for tick in axis.ticks)


def test_a_log_axis_over_many_decades_has_no_tick_below_its_limit():
    assert min(fit_axis([1e-19, 1.0], "log").ticks) >= 1e-20


def test_a_log_axis_places_equal_factors_at_equal_distances():
    axis = fit_axis([1, 100], "log", limits=(1, 100))
    assert [axis.place(v) for v in (1, 10, 100)] == pytest.approx([0, 0.5, 1])


def test_a_linear_axis_places_equal_steps_at_equal_distances():
    axis = fit_axis([0], "linear", limits=(-2, 2))
    assert [axis.place(v) for v in (-2, -1, 0, 2)] == [0, 0.25, 0.5, 1]


@given(st.sampled_from(["linear", "log"]), st.floats(0, 1))
def test_what_lies_at_a_place_has_that_place(scale, place):
    axis = fit_axis([1], scale, limits=(0.01, 1000))
    assert axis.place(axis.value(place)) == pytest.approx(place)


def test_thousands_are_separated_on_an_axis():
    assert fit_axis([1], "linear", ticks=[0, 33278], limits=(0, 40000)).labels == ("0", "33,278")


def test_powers_of_ten_are_written_as_such_where_digits_would_be_many():
    assert fit_axis([1e-6, 1e-3], "log", limits=(1e-6, 1e-3)).labels[0] == "$10^{-6}$"


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_log_axis_refuses_what_it_cannot_show(value):
    with pytest.raises(WriteupError, match=rf"bad axis received {value}.*positive"):
        fit_axis([1.0, value], "log", name="bad axis")


def test_labels_need_a_tick_each():
    with pytest.raises(WriteupError, match="1 tick labels for 2 ticks"):
        fit_axis([0, 1], "linear", ticks=[0, 1], labels=["a"])


def test_limits_come_in_order():
    with pytest.raises(WriteupError, match="limits 2 and 1"):
        fit_axis([1], "linear", limits=(2, 1))
