"""Reading numbers back out of finished text."""

import pytest

from writeup.readback import expected, numbers, sections, text_of_tex, unmatched


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is 5,050.", ["5050"]),
        ("$n = 5{,}050$", ["5050"]),
        ("from −0.50 to 1.5e-3", ["-0.50", "1.5e-3"]),
        ("12.5% or 12.5\\%", ["12.5%", "12.5%"]),
        ("Dropout2d and bf16 and conv_1", []),
        ("(64, 111, 111)", ["64", "111", "111"]),
        ("111-1", ["111", "1"]),
        ("(111 - 1) * 2", ["111", "1", "2"]),
        ("version 3.11.7", []),
        ("1, 2 and 3", ["1", "2", "3"]),
    ],
)
def test_numbers_are_read_as_what_they_are(text, found):
    assert numbers(text) == found


MARKDOWN = '<a id="answer-A.1"></a>\n\nIt is 7.\n\n<a id="answer-A.2"></a>\nNone.\n## Appendix\n9\n'


def test_sections_end_where_the_next_answer_or_part_begins():
    assert {key: numbers(text) for key, text in sections(MARKDOWN).items()} == {"A.1": ["7"], "A.2": []}


def test_a_document_that_prints_its_claims_has_nothing_unmatched():
    assert unmatched("md", MARKDOWN, {"A.1": expected(["7"], []), "A.2": expected([], [])}) == []


def test_a_number_that_no_claim_holds_is_found():
    problems = unmatched("md", MARKDOWN, {"A.1": expected(["8"], []), "A.2": expected([], [])})
    assert problems == [
        "A.1: the .md prints 7, which no claim of it holds",
        "A.1: 8 was printed and is not in the .md",
    ]


def test_another_precision_is_another_number():
    assert unmatched("md", MARKDOWN.replace("7", "7.0"), {"A.1": expected(["7"], []), "A.2": expected([], [])}) != []


def test_layout_of_tex_is_not_text():
    tex = (
        "\\begin{tikzpicture}\\draw (0,0) -- (3,4);\\end{tikzpicture}"
        "\\begin{longtable}[]{@{}p{(\\linewidth - 6\\tabcolsep) * \\real{0.1642}}@{}}\n"
        "5{,}050 \\hyperref[ref-gauss1801]{Gauss} kernel\\_size=\\allowbreak{}14"
    )
    assert numbers(text_of_tex(tex)) == ["5050", "14"]
