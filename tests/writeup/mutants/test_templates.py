"""Faults in what is read: each is one exchange and no more."""

from writeup.mutants.templates import exchanged, swapped


def test_two_facts_change_places_and_nothing_else_does():
    text = "From << low >> to << high >>, << gain.ci >>.\n"
    assert list(exchanged(text)) == [("low and high", "From << high >> to << low >>, << gain.ci >>.\n")]


def test_two_rows_exchange_their_headings():
    assert list(swapped([["a", "1"], "a group", ["b", "2"]])) == [("a and b", [["b", "1"], "a group", ["a", "2"]])]
