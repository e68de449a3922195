"""Faults in what is read: each is one exchange and no more."""

from writeup.claims import Ref
from writeup.figures import Panels, Plot, Series
from writeup.mutants.templates import cells_swapped, exchanged, relabelled, swapped


def test_two_facts_change_places_and_nothing_else_does():
    text = "From << low >> to << high >>, << gain.ci >>.\n"
    assert list(exchanged(text)) == [("low and high", "From << high >> to << low >>, << gain.ci >>.\n")]


def test_two_rows_exchange_their_headings():
    assert list(swapped([["a", "1"], "a group", ["b", "2"]])) == [("a and b", [["b", "1"], "a group", ["a", "2"]])]


def test_two_facts_of_a_table_exchange_their_cells():
    rows = [["a", Ref("x")], "a group", ["b", Ref("y")]]
    assert list(cells_swapped(rows)) == [("x and y", [["a", Ref("y")], "a group", ["b", Ref("x")]])]


def test_two_labels_of_a_panel_are_exchanged_in_that_panel_alone():
    plot = Plot([Series("a", [1], [1]), Series("b", [1], [2])], "x", "y")
    ((what, figure), (other, _)) = relabelled(Panels([plot, plot]))
    assert (what, other) == ("a and b of panel 1", "a and b of panel 2")
    assert [[series.label for series in drawn.series] for drawn in figure.plots] == [["b", "a"], ["a", "b"]]
