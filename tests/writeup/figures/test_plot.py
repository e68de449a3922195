import pytest

from writeup.errors import WriteupError
from writeup.figures.plot import LOOKS, PanelsDescription, PlotDescription, Series


def plot(*series, **options):
    return PlotDescription(series, "x", "y", **options)


def test_error_bars_and_bands_stay_in_view():
    _, y_axis = plot(Series("a", [0, 1], [5, 5], lower=[1, 4], upper=[6, 9], style="band")).axes()
    assert y_axis.low <= 1 < 9 <= y_axis.high


def test_bars_of_a_group_stand_side_by_side_around_their_position():
    a, b = Series("a", [0, 1], [1, 1], style="bar"), Series("b", [0, 1], [2, 2], style="bar")
    drawn = plot(a, b)
    assert drawn.shift(a) == -drawn.shift(b) == -drawn.bar_width / 2


def test_groups_of_bars_do_not_touch():
    series = [Series(name, [0, 2, 4], [1, 1, 1], style="bar") for name in "abc"]
    assert 3 * plot(*series).bar_width < 2


def test_all_bars_lie_within_the_axis():
    drawn = plot(Series("a", [0, 1], [1, 2], style="bar"))
    x_axis, y_axis = drawn.axes()
    assert x_axis.low <= -drawn.bar_width / 2 < 1 + drawn.bar_width / 2 <= x_axis.high
    assert y_axis.low == 0


def test_points_are_those_given():
    assert plot(Series("a", [0, 1], [2, 3])).points() == {"a": [(0.0, 2.0), (1.0, 3.0)]}


def test_given_ticks_and_labels_are_used():
    drawn = plot(Series("a", [1, 2], [1, 2]), x_ticks=[1, 2], x_tick_labels=["one", "two"])
    assert drawn.ticks()["x"] == [(1.0, "one"), (2.0, "two")]


def test_a_label_has_the_same_look_in_every_panel():
    panels = PanelsDescription([plot(Series("a", [0], [0]), Series("b", [0], [0])), plot(Series("b", [0], [0]))])
    assert panels.looks() == {"a": LOOKS[0], "b": LOOKS[1]}


def test_the_shared_legend_shows_each_label_once():
    panels = PanelsDescription([plot(Series("a", [0], [0]), Series("b", [0], [0])), plot(Series("b", [0], [0]))])
    assert [series.label for series in panels.shared_legend()] == ["a", "b"]


def test_a_legend_inside_a_plot_is_not_repeated_below():
    assert PanelsDescription([plot(Series("a", [0], [0]), legend="north east")]).shared_legend() == []


def test_looks_differ_without_colour():
    assert len({(look.dashes, look.tikz_mark) for look in LOOKS}) == len({look.dashes for look in LOOKS}) == len(LOOKS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Series("a", [1, 2], [1]), r"columns of lengths \[1, 2\]"),
        (lambda: Series("a", [], []), r"columns of lengths \[0\]"),
        (lambda: Series("a", [1], [1], lower=[0]), "come together"),
        (lambda: Series("a", [1], [1], style="band"), "a band needs both"),
        (lambda: plot(), "at least one"),
        (lambda: plot(Series("a", [1], [1]), Series("a", [1], [1])), "its own label"),
        (lambda: plot(Series("a", [1], [0]), y_scale="log"), "y axis received 0.*positive"),
        (lambda: PanelsDescription([plot(*(Series(str(i), [1], [1]) for i in range(8)))]), "at most 7 series"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(WriteupError, match=message):
        make()
