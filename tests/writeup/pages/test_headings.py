"""Rows, columns, cells and curves bear their own names, and not each other's."""

import pytest

from writeup.claims import Ref, Table
from writeup.figures import Panels, Plot, Series
from writeup.pages.headings import exchanged_curves, exchanged_in, two_colours

LABELS = ("2 layers, 200 units", "1 layer", "3 layers", "400 units")
KEYS = ("baseline", "layers1", "layers3", "hidden400")


def table(labels=LABELS, header=("setting", "loss LSTM", "GRU"), keys=KEYS):
    rows = [[label, Ref(f"{key}_LSTM"), Ref(f"{key}_GRU")] for label, key in zip(labels, keys, strict=True)]
    return Table(header, ["a group", *rows], "lrr")


def test_a_table_whose_headings_name_its_facts_passes():
    assert [*exchanged_in(table())] == []


@pytest.mark.parametrize(("i", "j"), [(0, 1), (0, 3), (1, 2), (2, 3)])
def test_two_rows_with_each_others_headings_are_refused(i, j):
    labels = [*LABELS]
    labels[i], labels[j] = labels[j], labels[i]
    assert f"the rows {labels[i]!r} and {labels[j]!r}" in " ".join(exchanged_in(table(labels)))


def test_two_columns_with_each_others_headings_are_refused():
    (told,) = exchanged_in(table(header=("setting", "loss GRU", "LSTM")))
    assert told.startswith("the columns 'loss GRU' and 'LSTM'")


@pytest.mark.parametrize(("one", "other"), [((1, 1), (1, 2)), ((2, 1), (3, 1)), ((1, 2), (4, 1))])
def test_two_cells_that_are_exchanged_are_refused(one, other):
    made = table()
    rows = [row if isinstance(row, str) else [*row] for row in made.rows]
    (i, j), (k, m) = one, other
    rows[i][j], rows[k][m] = rows[k][m], rows[i][j]
    assert any("cells" in told for told in exchanged_in(Table(made.header, rows, made.align)))


def test_headings_of_program_text_pass():
    rows = [["`torch.autograd.backward`", Ref("line_tensor")], ["`_engine_run`", Ref("line_autograd")]]
    assert [*exchanged_in(Table(["call", "line"], rows, "lr"))] == []


VALUES = {"small_LSTM": 1.2345678, "small_GRU": [1.3456789, 1.2, 1.4], "rate": 20.0}


def plot(one="LSTM", other="GRU", colours=("lstm", "gru"), first=1.2345678):
    series = [
        Series(one, [10.0, 20.0], [first, 2.0], colour=colours[0]),
        Series(other, [10.0, 20.0], [first + 0.1111111, 2.5], colour=colours[1]),
        Series("", [15.0], [1.0], colour="ink"),
    ]
    return Plot(series, "rate", "loss")


def test_curves_that_pass_facts_of_their_names_pass():
    assert [*exchanged_curves(plot(), VALUES)] == []
    assert [*exchanged_curves(Panels([plot(), plot()]), VALUES)] == []


def test_curves_with_each_others_labels_are_refused_by_the_facts_they_pass():
    (told,) = exchanged_curves(Panels([plot(), plot("GRU", "LSTM")]), VALUES)
    assert told.startswith("the curves 'GRU' and 'LSTM'")


def test_a_round_number_is_no_fact():
    assert [*exchanged_curves(plot("GRU", "LSTM", first=1.5), VALUES)] == []


def test_a_label_in_another_labels_colour_is_refused():
    assert [*two_colours([plot(), plot()])] == []
    assert "'GRU' is drawn in gru and in lstm, the colour of 'LSTM'" in " ".join(
        two_colours([plot(), plot("GRU", "LSTM")])
    )


def test_a_label_may_have_a_colour_of_no_other():
    assert [*two_colours([plot(), plot(colours=("sky", "gru"))])] == []
