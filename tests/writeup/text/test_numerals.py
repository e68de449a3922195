"""The grammar of printed numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writeup.text.numerals import rounds, spelled, unscripted, worth

SPACE, THIN = "\u2009", "\u202f"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 5,050.", ["5050"]),
        ("$n = 5{,}050$", ["5050"]),
        (f"1{SPACE}234 and 1{THIN}234 and 1\\,234", ["1234", "1234", "1234"]),
        ("from −0.50 to 1.5e-3", ["-0.50", "1.5e-3"]),
        ("12.5% or 12.5\\%", ["12.5%", "12.5%"]),
        ("Dropout2d and bf16 and conv_1", ["2", "16", "1"]),
        ("(64, 111, 111)", ["64", "111", "111"]),
        ("111-1 and (n)-1 and x-1", ["111", "1", "1", "1"]),
        ("version 3.11.7, also 3\\.11\\.7", ["3.11.7", "3.11.7"]),
        ("1, 2 and 3.", ["1", "2", "3"]),
        ("$35 \\times 10^{-3}$ or 35 × 10⁻³", ["35e-3", "35e-3"]),
        ("$x^{-1}$", ["-1"]),
        ("1,2345", ["1", "2345"]),
    ],
)
def test_numbers_are_read_as_what_they_are(text, found):
    assert spelled(text) == found


@given(st.integers(-(10**15), 10**15))
def test_separators_of_thousands_change_nothing(number):
    plain = f"{number:,d}"
    forms = [plain, plain.replace(",", "{,}"), plain.replace(",", THIN), plain.replace(",", "\\,")]
    assert [spelled(form.replace("-", "−")) for form in forms] == [[str(number)]] * 4


@given(st.decimals(-1000, 1000, places=4), st.integers(-30, 30))
def test_an_exponent_is_read_in_every_spelling(mantissa, exponent):
    forms = [f"{mantissa}e{exponent}", f"${mantissa} \\times 10^{{{exponent}}}$", f"{mantissa} × 10^{{{exponent}}}"]
    found = [spelled(form) for form in forms]
    assert found[0] == found[1] == found[2]
    assert worth(found[0][0])[0] == mantissa.scaleb(exponent)


@given(st.floats(-1e6, 1e6), st.sampled_from([".0f", ".3f", "+.2f", ",.1f", ".1%", ".2e", ".4g"]))
def test_what_a_format_prints_is_a_rounding_of_the_value(value, form):
    assert rounds(spelled(format(value, form)), value)


@given(st.floats(-1e3, 1e3), st.sampled_from([1, -1]))
def test_one_unit_more_in_the_last_place_is_none(value, sign):
    off = Decimal(format(value, ".3f")) + sign * Decimal("0.001")
    true = abs(off - Decimal(value)) <= Decimal("0.0005")  # only where the value lies in the middle of the two
    assert rounds([str(off)], value) == true


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (["12.5%"], 12.5),
        (["12.5"], 0.125),
        (["5"], -5),
        (["1", "2"], [1, 3]),
        (["1"], [1, 2]),
        ([], 3),
        (["1.2.3"], 1.2),
    ],
)
def test_what_is_no_rounding(printed, value):
    assert not rounds(printed, value)


def test_raised_and_lowered_characters_are_put_on_the_line():
    assert unscripted("2⁻³, xₜ₋₁ and h₀") == "2-3, xt-1 and h0"


def test_the_words_of_a_claim_have_nothing_to_round():
    assert rounds(["2"], "nn.Dropout2d")
