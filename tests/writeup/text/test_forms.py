"""How values print."""

import pytest

from writeup.text.forms import last_unit, shown


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (5712.0, "~2", "5,700"),
        (101.3, "~1", "100"),
        (0.01234, "~2", "0.012"),
        (-0.0004, ".2f", "0.00"),
        (-0.0004, "+~2", "-0.00040"),
        (0.8349, ".0%", "83%"),
        (0.0312, "~1%", "3%"),
        (12345, ",d", "12,345"),
        ((1.25, 2.0), ".1f", "(1.2, 2.0)"),
        ("GRU", "", "GRU"),
    ],
)
def test_a_value_prints_by_its_form(value, spec, text):
    assert shown(value, spec) == text


@pytest.mark.parametrize(
    ("value", "spec", "unit"),
    [
        (1.5, ".1f", 0.1),
        (0.83, ".0%", 0.01),
        (5712.0, "~2", 100.0),
        (7, ",d", 1.0),
        (1.3e-5, ".1e", 1e-6),
        (0.5, "", 0.1),
    ],
)
def test_one_unit_of_the_last_printed_digit(value, spec, unit):
    assert last_unit(value, spec) == (None if unit is None else pytest.approx(unit))
