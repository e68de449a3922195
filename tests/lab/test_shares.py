"""Shares of a step from made-up seconds, and the model's arithmetic."""

from types import SimpleNamespace

import pytest

from experiments.language_model.clock import PARTS
from lab import shares
from lab.laws import VOCABULARY
from writeup.errors import CheckFailed

FORWARD = {"embedding": 1, "dropout": 2, "recurrent layers": 3, "decoder": 20, "log-softmax and loss": 8, "other": 1}
BACKWARD = {"embedding": 2, "dropout": 1, "recurrent layers": 6, "decoder": 40, "log-softmax and loss": 9, "other": 1}
OUTSIDE = {"batching": 1, "repackage_hidden": 1, "clip": 1, "update": 2, "other": 1}


def profile_record(whole=100):
    """Two steps of 100 units of time, the second twice as long."""
    curves = {
        "forward": FORWARD,
        "backward": BACKWARD,
        "step": OUTSIDE | {"forward": 35, "backward": 59, "whole": whole},
    }
    doubled = {phase: {name: [t, 2 * t] for name, t in times.items()} for phase, times in curves.items()}
    return SimpleNamespace(path="made up", curves=doubled)


def test_a_share_is_taken_step_by_step_and_all_add_up_to_one():
    seen = shares.profiled(profile_record())
    assert shares.of(seen, "decoder") == pytest.approx([0.6, 0.6])
    assert shares.of(seen, "recurrent forward") == pytest.approx([0.05, 0.05])  # dropout included
    assert shares.of(seen, "rest") == pytest.approx([0.03, 0.03])
    assert shares.of(seen, *seen) == pytest.approx([1, 1])


def test_a_step_that_is_not_the_sum_of_its_parts_is_refused():
    with pytest.raises(CheckFailed, match="step 0 from its parts"):
        shares.profiled(profile_record(whole=101))


def test_the_clock_leaves_nothing_over():
    record = SimpleNamespace(curves={"step": {part: [k + 1.0, 2.0] for k, part in enumerate(PARTS)}})
    seen = shares.clocked(record)
    assert shares.of(seen, *PARTS) == pytest.approx([1, 1])
    assert shares.of(seen, "zero_grad") == pytest.approx([2 / sum(range(1, 15)), 1 / 14])


def test_the_farthest_part_decides():
    one, other = {"a": [0.5, 0.5], "b": [0.5, 0.5]}, {"a": [0.4, 0.5], "b": [0.6, 0.8]}
    assert shares.farthest(one, other, "a", "b") == pytest.approx(0.2)
    assert shares.farthest(one, other, "a") == pytest.approx(0.05)


def test_validation_takes_its_windows_times_their_seconds():
    counts = {"train_windows": 90, "valid_windows": 20}
    assert shares.epoch([1.0, 1.0, 9.0], [0.5], counts) == pytest.approx(0.1)


@pytest.mark.parametrize("cell", shares.CELLS)
def test_the_formula_counts_the_decoders_operations_as_torch_does(cell):
    decoder, whole = shares.operations(cell)
    assert shares.decoder_operations(cell) == pytest.approx(decoder / whole, abs=5e-3)


def test_shapes_are_those_of_a_window():
    found = shares.shapes("LSTM")
    assert found["encoder"] == found["rnn"] == (35, 20, 200)
    assert found["state"] == (2, 20, 200)
    assert found["scores"] == (700, VOCABULARY)
