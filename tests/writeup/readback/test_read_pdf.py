"""The pages of a PDF against the TeX that they were made from."""

import pytest

from writeup.pages.pdf import compile as compile_tex
from writeup.pages.pdf import find_engine
from writeup.readback.pdf import Piece, difference, on_the_line, pieces_of_tex, read_pages, set_numbers

TEX = r"""\pdfsuppressptexinfo=-1 \pdftrailerid{} \pdfinfoomitdate=1
\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}\usepackage{fancyhdr,lastpage,tikz}
\pagestyle{fancy}\fancyhf{}\fancyfoot[C]{\thepage\ of \pageref*{LastPage}}
\newenvironment{writeupfigure}{\begin{figure}[t]\centering}{\end{figure}}
\begin{document}
The sum is 5,050, which is $10^{-3} \cdot 5{,}050 \cdot 10^3$ and $x_1^2 + h_{t-1}$, or $-0.5$ and 12.5\%.

\begin{writeupfigure}
\begin{tikzpicture}\draw (0,0) -- (2,1) node[right] {17}; \node at (1,2) {$10^{2}$};\end{tikzpicture}

Figure 1.1.2. It rises from 3 to 17.
\end{writeupfigure}
At the end there are 41,701 of them.
\end{document}
"""


@pytest.fixture(scope="module")
def pages():
    found, problems = read_pages(compile_tex(TEX, engine=find_engine()))
    assert problems == []
    return found


def test_the_pages_go_on_as_the_tex_does(pages):
    """Scripts, separators of thousands, signs, percentages, and a float at the head of the page."""
    assert difference(*pieces_of_tex(TEX), pages) == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("41,701", "41,702", "page 1: after '1 1 -0.5 12.5%' it prints 41701; its source has 41702 (the text)"),
        ("is 5,050", "is 505", "prints 5050; its source has 505 (the text)"),
        ("or $-0.5$", "or $0.5$", "prints -0.5; its source has 0.5 (the text)"),
        ("12.5", "1.25", "prints 12.5%; its source has 1.25% (the text)"),
        ("3 to 17", "3 to 18", "prints 17; its source has 18 (float 1)"),
        (" of them", " of them 9", "prints nothing; its source has 9 (the text)"),
        ("or $-0.5$ and 12.5\\%", "or 12.5\\% and $-0.5$", "prints -0.5; its source has 12.5% (the text)"),
    ],
    ids=["digit", "length", "sign", "point", "in a float", "lost", "swapped"],
)
def test_a_page_that_prints_something_else_is_found(pages, old, new, message):
    assert old in TEX
    assert message in difference(*pieces_of_tex(TEX.replace(old, new)), pages)


SIGNS = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\begin{document}
So $\frac{p}{n} -3$ and $\frac{1}{2} -5x + 2 -6$, where
\[\frac{1}{2} -7x - 4 = x_2 -8.\]
\end{document}
"""


@pytest.fixture(scope="module")
def signed():
    return read_pages(compile_tex(SIGNS, engine=find_engine()))[0]


def test_a_sign_behind_an_operand_may_be_the_number_s_own(signed):
    """A formula sets `x -3` and `x - 3` alike."""
    assert pieces_of_tex(SIGNS)[0].numbers.count("-3") == 1
    assert difference(*pieces_of_tex(SIGNS), signed) == ""
    assert difference(*pieces_of_tex(SIGNS.replace("-3", "- 3")), signed) == ""


def test_another_sign_behind_an_operand_is_found(signed):
    told = difference(*pieces_of_tex(SIGNS.replace("-3", "+3")), signed)
    assert told == "page 1: after '' it prints 3; its source has +3 (the text)"


def test_a_float_may_stand_anywhere_as_a_whole():
    main, float_ = Piece("the text", ["1", "2", "3"]), Piece("float 1", ["7", "8"])
    assert difference(main, [float_], [Piece("page 1", ["1", "7", "8"]), Piece("page 2", ["2", "3"])]) == ""
    assert difference(main, [float_], [Piece("page 1", ["1", "7", "2", "8", "3"])]) != ""


def test_where_text_and_float_begin_alike_both_ways_are_tried():
    main, float_ = Piece("the text", ["1", "2", "1", "9"]), Piece("float 1", ["1", "2"])
    assert difference(main, [float_], [Piece("page 1", ["1", "2", "1", "1", "2", "9"])]) == ""


def test_a_page_with_the_number_of_another_is_found():
    _, problems = read_pages(compile_tex(TEX.replace(r"\thepage", "7"), engine=find_engine()))
    assert problems == ["page 1 is marked '7 of 1', not 1 or '1 of 1'"]


def test_scripts_stand_on_the_line_the_upper_one_first():
    assert on_the_line(r"$x_{12}^{-3} + 5{,}050$ and word\_1") == "x-312 + 5,050 and word_1"


def test_a_sign_after_a_variable_is_an_operator():
    assert set_numbers("δT +1 = H −1 but from −1") == ["1", "1", "-1"]
