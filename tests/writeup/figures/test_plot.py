import math

import pytest

from writeup.errors import WriteupError
from writeup.figures import Plot
from writeup.figures.layout import apart
from writeup.figures.pieces import pieces
from writeup.figures.plot import PanelsDescription, PlotDescription, Reference, Series


def plot(*series, **options):
    return PlotDescription(series, "x", "y", **options)


def shapes(drawn, number=0):
    return [(piece.kind, piece.points) for piece in pieces(drawn, drawn.series[number])]


def test_intervals_stay_in_view():
    _, y_axis = plot(Series("a", [0, 1], [5, 5], lower=[1, 4], upper=[6, 9], style="both")).axes()
    assert y_axis.low <= 1 < 9 <= y_axis.high


def test_given_ticks_and_labels_are_used():
    drawn = plot(Series("a", [1, 2], [1, 2]), x_ticks=[1, 2], x_tick_labels=["one", "two"])
    assert drawn.ticks()["x"] == [(1.0, "one"), (2.0, "two")]


def test_a_diverged_run_is_an_open_mark_at_the_rim():
    drawn = plot(Series("a", [1, 2, 3], [5, math.inf, 20], style="both"), y_limits=(0, 10))
    assert shapes(drawn) == [("line", [(1, 5)]), ("marks", [(1, 5)]), ("rim", [(2, 10), (3, 10)])]


def test_a_line_breaks_where_it_has_no_finite_value():
    drawn = plot(Series("a", [1, 2, 3, 4], [5, 6, math.inf, 7]), y_limits=(0, 10))
    assert shapes(drawn) == [("line", [(1, 5), (2, 6)]), ("line", [(4, 7)])]


def test_a_dumbbell_joins_an_open_mark_and_a_full_one_in_its_row():
    drawn = plot(Series("a", [9], [1], [7], [9], "dumbbell"), y_categories=("first", "second"))
    assert shapes(drawn) == [("join", [(7, 1), (9, 1)]), ("open", [(7, 1)]), ("marks", [(9, 1)])]
    assert drawn.axes()[1].place(0) == 0.75  # the first row on top


def test_panels_of_a_row_share_their_y_axis():
    low, high, other = (plot(Series("a", [0, 1], [y, y + 1])) for y in (0, 5, 50))
    axes = [p.axes()[1] for p in PanelsDescription([low, high, other], columns=2, share_y=True).plots]
    assert (axes[0].low, axes[0].high) == (axes[1].low, axes[1].high) != (axes[2].low, axes[2].high)
    assert axes[0].low < 0 < 6 < axes[0].high


def test_panels_are_as_wide_as_the_text_together():
    panels = PanelsDescription([plot(Series("a", [0], [0]))] * 4, columns=2, width=10, gap=1)
    assert [p.width for p in panels.plots] == [4.5] * 4


def test_a_label_without_a_colour_of_its_own_has_the_same_in_every_panel():
    panels = PanelsDescription([plot(Series("a", [0], [0]), Series("b", [0], [0])), plot(Series("b", [0], [0]))])
    assert panels.colours() == {"a": "lstm", "b": "gru"}


def test_the_shared_legend_shows_each_label_once():
    panels = PanelsDescription([plot(Series(a, [0], [0]), Series("b", [0], [0]), legend="below") for a in "ab"])
    assert [series.label for series in panels.shared_legend()] == ["a", "b"]


def test_labels_are_moved_apart_as_little_as_possible():
    assert apart([0, 0.1, 5], [1, 1, 1]) == pytest.approx([-0.45, 0.55, 5])


def test_labels_far_enough_apart_stay():
    assert apart([0, 1, 2], [1, 1, 1]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Series("a", [1, 2], [1]), r"columns of lengths \[1, 2\]"),
        (lambda: Series("a", [], []), r"columns of lengths \[0\]"),
        (lambda: Series("a", [1], [1], lower=[0]), "come together"),
        (lambda: Series("a", [1], [1], style="dumbbell"), "a dumbbell needs both"),
        (lambda: Series("a", [1], [math.nan]), "not a number"),
        (lambda: Series("a", [1], [1], colour="blue"), "'blue'; there are lstm, gru"),
        (lambda: plot(), "at least one"),
        (lambda: plot(Series("a", [1], [1]), height=-5.0), "11.8 by -5 cm; both are positive"),
        (lambda: plot(Series("a", [1], [0]), y_scale="log"), "y axis received 0.*positive"),
        (lambda: plot(Series("a", [1], [math.inf])), "y axis received inf"),
        (lambda: plot(Series("a", [2], [0]), x_categories=("one", "two")), "2 x categories"),
        (lambda: PanelsDescription([plot(*(Series(str(i), [1], [1]) for i in range(9)))]).colours(), "name colours"),
        (lambda: PanelsDescription([]), "at least one"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(WriteupError, match=message):
        make()


def test_a_reference_line_beyond_the_limits_is_refused():
    with pytest.raises(WriteupError, match="reference line at 20 is beyond"):
        Plot([Series("a", [1], [1])], "x", "y", y_limits=(0, 2), references=[Reference(20)]).svg()


@pytest.mark.parametrize("at", [(0.1, 8.8), (0.1, -1)])
def test_a_label_beside_another_curve_or_outside_is_refused(at):
    drawn = [Series("low", [0, 1], [2, 1], label_at=at), Series("high", [0, 1], [8, 9], label_at=(0.1, 8))]
    with pytest.raises(WriteupError, match=r"'low' stands beside '.*', or outside: move it"):
        Plot(drawn, "x", "y", y_limits=(0, 10)).svg()
