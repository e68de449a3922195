"""Scripts are put on the line."""

from writeup.text.labels import unscripted


def test_raised_and_lowered_characters_are_put_on_the_line():
    assert unscripted("2⁻³, xₜ₋₁ and h₀") == "2-3, xt-1 and h0"
