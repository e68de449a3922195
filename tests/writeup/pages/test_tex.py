"""Program text and formulas on their way to TeX, and program text back."""

import re

import pytest

from writeup.pages.tex import COLUMN, to_tex
from writeup.readback.text import text_of_tex
from writeup.text.escape import breakable_words

CODE = """def f(x: int) -> str:
    return f"{x:>3}" if x[-1] == {1: 2}[0] else '100 %'  # a_b \\ ~ $5 & #7
"""


def test_program_text_is_highlighted_and_reads_back_as_it_was():
    tex = to_tex(f"Before.\n\n```python\n{CODE}```\n")
    assert r"\codekeyword{def}" in tex
    assert all(line in text_of_tex(tex) for line in CODE.splitlines())


@pytest.mark.parametrize(("length", "width"), [(COLUMN, "textwidth"), (COLUMN + 1, "fullwidth")])
def test_long_lines_take_the_margin(length, width):
    assert rf"\begin{{codeblock}}{{\{width}}}" in to_tex(f"```python\n{'x' * length}\n```\n")


@pytest.mark.parametrize(
    ("after", "expected"),
    [("where $a$ is it.", r"With \[ a \] where \(a\) is it."), ("Here it is.", "With \\[ a \\]\n\nHere it is.")],
)
def test_a_formula_belongs_to_the_paragraph_around_it(after, expected):
    tex = to_tex(f"One.\n\nWith\n\n```math\na\n```\n\n{after}\n")
    assert expected in re.sub(r"(?<!\n)\n(?!\n)", " ", tex)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("loss.backward", "loss.backward"),
        ("f(alpha, b)", r"f(\allowbreak{}alpha, b)"),
        (
            r"torch.nn.functional.linear\_cross\_entropy",
            r"torch.nn.\allowbreak{}functional.\allowbreak{}linear\_\allowbreak{}cross\_\allowbreak{}entropy",
        ),
    ],
)
def test_program_text_breaks_inside_no_name_but_a_very_long_one(name, broken):
    assert breakable_words(rf"\texttt{{{name}}}") == rf"\texttt{{{broken}}}"
