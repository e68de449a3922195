"""Marks name the source of each piece of a text and leave no trace in it."""

import pytest

from writeup.text.marks import GLUED, TEMPLATE, Marked, mark, read, unmarked


def sourced_numbers(text):
    found = read(text)
    return found.numbers(0, found.text)


def test_a_marked_text_reads_as_before():
    assert read(f"It is {mark('7', 'claim:a')}.").text == "It is 7."
    assert unmarked(mark("7", "claim:a")) == "7"


def test_each_number_has_the_source_of_its_place():
    row = mark("row " + mark("3", "claim:c") + " of 4", "words")
    text = f"1 of {mark('7', 'claim:a')}, {mark('7', 'claim:b')} and {row}"
    assert sourced_numbers(text) == [
        ("1", TEMPLATE),
        ("7", "claim:a"),
        ("7", "claim:b"),
        ("3", "claim:c"),
        ("4", "words"),
    ]


@pytest.mark.parametrize("text", [f"1{mark('7', 'claim:a')}", f"{mark('1', 'claim:a')},{mark('234', 'claim:b')}"])
def test_a_number_of_two_sources_is_nobodys(text):
    assert [source for _, source in sourced_numbers(text)] == [GLUED]


def test_the_place_of_each_mark_is_kept():
    assert read(f"a {mark('LSTM', 'claim:a')} b").spans == [("claim:a", 2, 6)]


def test_marked_texts_compare_as_they_read():
    assert mark("7", "claim:a") == mark("7", "claim:b")
    assert mark("7", "claim:a") == "7"
    assert mark("7", "claim:a") != mark("8", "claim:a")
    assert len({mark("7", "claim:a"), Marked("7")}) == 1
