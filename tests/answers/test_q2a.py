"""2a: the chart's numbers are the facts', and the bars of either cell are whole."""

import pytest

from answers import q2a
from lab.shares import CELLS
from tests.places import ROOT
from writeup.records.store import Records


@pytest.fixture(scope="module")
def answer():
    return q2a.answer(Records(ROOT))


@pytest.mark.parametrize("cell", CELLS)
def test_the_parts_of_a_bar_add_up_to_a_step(answer, cell):
    values = {claim.id.removeprefix("2a."): claim.value for claim in answer.claims}
    assert sum(values[name].value for name in q2a.BAR[cell]) == pytest.approx(1)


def test_the_chart_prints_every_share_and_names_the_code(answer):
    words = " ".join(line.text for line in answer.figures["flow"].words)
    for claim in answer.claims:
        name = claim.id.removeprefix("2a.")
        if name in q2a.BOXES or any(name in bar for bar in q2a.BAR.values()):
            assert claim.printed().replace("%", " %") in words, name
    for name in ("get_batch", "zero_grad", "repackage_hidden", "init_hidden", "batchify", "test_data", "lr /= 4.0"):
        assert name in words
