"""Facts in each other's places are found by the words around them, and what stands rightly passes."""

from pathlib import Path

import pytest

from writeup.text.places import PRINTED, Places
from writeup.text.written import Written


def found(text, **reads):
    return [*Places(Written("Q", Path("Q.md.j2"), text), reads).exchanged()]


def swapped(text):
    """The first two facts in each other's places."""
    one, other, *_ = PRINTED.finditer(text)
    return text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :]


RIGHT = [
    "The LSTM ends at << whole_LSTM >> and the GRU at << whole_GRU >>.",
    "It took << few_seconds >> with few images, << many_seconds >> with many.",
    "Means are over << seeds >> seeds of << epochs >> epochs each.",
    "The decoder takes << decoder_LSTM >> of the step, the loss << loss_LSTM >>.",
    "The slowest run took << slow_run >>.\n\nOf the quick runs, none took longer than << quick_run >>.",
    "Clearing by `zero_grad` took << zero_grad >>, the freeing of memory << freeing >>.",
    "With $p = << p_strong >>$ the loss is << strong_loss >>.",
    '<% call figure("a") %>Left: << few_batch >> in few.\nRight: << many_batch >> in many.<% endcall %>',
]


@pytest.mark.parametrize("text", RIGHT)
def test_facts_beside_their_names_pass(text):
    assert found(text) == []


@pytest.mark.parametrize("text", RIGHT)
def test_the_same_facts_exchanged_are_refused(text):
    assert len(found(swapped(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "It has << depth >> of them, weighed by << weight >>.",  # no word of either name
        "<< gain.ci >> of the losses, << loss >> of the gains.",  # one with its interval, one alone
        "After << images >> of the losses.\n\nAnd << losses >>, $images$.",  # formulas
        "The << small_set >> images and the << reduced >> images, of << images >>.",  # a word behind several
        "The loss << loss >>.\n\nOf the loss << gain >> is left.",
    ],
)
def test_what_words_cannot_tell_passes(text):
    assert found(text) == []


SAID = '<% call say("{}") %>It ends at << {} >>.<% endcall %>'


def test_the_predicate_of_a_statement_tells_which_fact_it_wants():
    right = SAID.format("fast", "speed") + "\n\n" + SAID.format("low", "depth") + "\n"
    reads = {"fast": ["speed"], "low": ["depth"]}
    assert found(right, **reads) == []
    assert len(found(swapped(right), **reads)) == 1


def test_a_predicate_that_reads_more_than_its_sentence_prints_is_no_slip():
    text = SAID.format("fast", "share") + "\n\nIt has << depth >>.\n"
    assert found(text, fast=["depth"]) == []


def test_a_slip_names_its_line_both_facts_and_the_other_line():
    (slip,) = found("Text.\n\nIn << epochs >> seeds.\n\nIn << seeds >> epochs.\n")
    assert str(slip).startswith("Q.md.j2:3: epochs seems to stand in the place of seeds (printed in line 5)")
    assert (slip.word, slip.sentence) == ("seeds", "In << epochs >> seeds.")
