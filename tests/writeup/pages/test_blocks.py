"""Captions, labels and widths of blocks."""

import pytest

from writeup.errors import WriteupError
from writeup.pages.blocks import caption, picture, pipe_table, question_label, sorting_key, spanning_heads
from writeup.text.marks import mark, unmarked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It falls. Dots are measured.", "**Figure\u00a05. It falls.** Dots are measured."),
        (
            "It falls by 1.5 points, e.g. at once. $p$ is small.",
            "**Figure\u00a05. It falls by 1.5 points, e.g. at once.** $p$ is small.",
        ),
        ("It falls.\n", "**Figure\u00a05. It falls.**"),
    ],
)
def test_the_first_sentence_of_a_caption_is_its_finding(text, expected):
    assert caption("figure", "5", text) == expected


def test_a_marked_value_at_the_end_of_a_sentence_does_not_hide_it():
    made = caption("table", "1", f"It is {mark('7.', 'claim:a')} {mark('Seven', 'claim:b')} it is.")
    assert unmarked(made) == "**Table\u00a01. It is 7.** Seven it is."


def test_a_finding_that_is_bold_already_is_refused():
    with pytest.raises(WriteupError, match="leave the \\*\\* out"):
        caption("figure", "1", "It **falls**. So.")


def test_a_pictures_words_are_its_finding_without_markup_and_citations():
    made = caption("figure", "1", f'It "falls" by ${mark("1.5", "claim:a")}$ [@tompson2015]. Dots are measured.')
    assert picture("f/a.svg", made) == '<img src="f/a.svg" width="720" alt="It &quot;falls&quot; by 1.5.">'


@pytest.mark.parametrize(("length", "wide"), [(70, False), (90, True)])
def test_a_table_with_long_rows_is_wide(length, wide):
    assert pipe_table(["a"], [["x" * length]], "l")[1] is wide


def test_columns_whose_headers_begin_alike_stand_under_one_head():
    heads, below = spanning_heads(["setting", "time: LSTM", "time: GRU", "loss", "50 %: GRU"])
    spans = [("1", ""), ("2", "time"), ("1", ""), ("1", r"50 \%")]
    assert heads == " & ".join(rf"\multicolumn{{{width}}}{{c}}{{{text}}}" for width, text in spans) + r" \\ "
    assert below == ["setting", "LSTM", "GRU", "loss", "GRU"]
    assert spanning_heads(["a", "b"]) == ("", ["a", "b"])


@pytest.mark.parametrize(("id", "label"), [("2c", "2(c)"), ("1.2a", "1.2(a)"), ("1.1", "1.1"), ("A.1", "A.1")])
def test_a_question_is_called_as_in_the_assignment(id, label):
    assert question_label(id) == label


@pytest.mark.parametrize(
    ("reference", "key"),
    [("J.-B. Say, A. B. Other. X.", "say"), ("B. van Merrienboer. Y.", "van"), ("PyTorch. Z.", "pyt")],
)
def test_references_are_sorted_by_last_name(reference, key):
    assert sorting_key(reference).startswith(key)
