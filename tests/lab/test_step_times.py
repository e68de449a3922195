"""The settings weigh alike; an epoch has as many steps as windows."""

from types import SimpleNamespace

import pytest

from experiments.language_model.train import Settings
from lab.laws import TRAIN_TOKENS
from lab.step_times import StepTimes
from lab.study import VARIATIONS


@pytest.fixture
def timed():
    """Two rounds, the second on a machine half as fast; the GRU takes a tenth more, at one setting four tenths."""
    times = StepTimes(Settings(), SimpleNamespace(curves={"seconds": {}, "tokens": {}}))
    for variation in VARIATIONS:
        for cell, factor in (("LSTM", 1.0), ("GRU", 1.4 if variation == "layers3" else 1.1)):
            key = times._key(cell, variation, "fast")
            times.record.curves["seconds"][key] = [factor, 2 * factor]
            times.record.curves["tokens"][key] = 1400 if variation == "bptt70" else 700
    return times


def test_the_ratio_of_the_cells_is_the_geometric_mean_over_settings(timed):
    due = (1.1 ** (len(VARIATIONS) - 1) * 1.4) ** (1 / len(VARIATIONS))
    assert timed.gru_over_lstm("fast").tolist() == pytest.approx([due, due])


def test_an_epoch_takes_as_many_steps_as_the_text_has_windows(timed):
    windows = [-(-(TRAIN_TOKENS // 20 - 1) // bptt) for bptt in (35, 17, 70)]
    found = [timed.minutes("LSTM", key, "fast")[0] for key in ("baseline", "bptt17", "bptt70")]
    assert found == pytest.approx([count / 60 for count in windows])
