import pytest

from writeup.errors import WriteupError
from writeup.text.labels import label_width, math_parts, plain_label, tex_label


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        (r"$35 \times 20$ tokens", "35 × 20 tokens"),
        (r"norm $\le 0.25$", "norm ≤ 0.25"),
        (r"$2^{-3}$, $x_{t-1}$, $h_0$", "2⁻³, xₜ₋₁, h₀"),
        (r"$\frac{1}{B}$", "1/B"),
        (r"$\theta \leftarrow \theta - \eta\,g$", "θ ← θ - η g"),
        (r"$x^{2q}$ and $y^q$", "x^(2q) and y^q"),
        (r"$\mathrm{Var}[g]$", "Var[g]"),
        (r"repackage_hidden & 50 %", "repackage_hidden & 50 %"),
    ],
)
def test_math_turns_into_unicode(label, plain):
    assert plain_label(label) == plain


def test_a_command_without_a_plain_form_is_refused():
    with pytest.raises(WriteupError, match=r"\\\\varpropto.*has no plain form"):
        plain_label(r"$a \varpropto b$")


def test_a_lone_dollar_sign_is_refused():
    with pytest.raises(WriteupError, match="without its partner"):
        math_parts("costs 5$")


def test_tex_escapes_text_and_keeps_math():
    assert tex_label("50 % of $x_1$\nmodel_a") == r"50 \% of $x_1$\\model\_a"


def test_width_is_that_of_the_longest_line():
    assert label_width("a\nlonger line\nb") == label_width("longer line") > label_width("longer")


def test_width_counts_what_is_seen_of_math():
    assert label_width(r"$\theta_{10}$") == label_width("t10")
