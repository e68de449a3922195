"""1.3b: forged and sealed records are found by training again."""

from datetime import date

import pytest

from answers.q1_3b import answer
from experiments.regularisation import learning_rates, small_batches
from tests.answers.forged import added, contradicted, scaled
from tests.places import ROOT
from writeup.records.store import Records


def test_fifty_points_more_with_batches_of_two_are_found():
    assert contradicted(
        answer, small_batches, small_batches.Settings(), lambda curves: added(curves["batch-2"], "test_accuracy", 0.5)
    )


def test_a_hundredth_of_the_plain_networks_loss_is_found():
    sweep = learning_rates.Settings()
    assert contradicted(answer, learning_rates, sweep, lambda curves: scaled(curves["none"], "train_loss", 0.01))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_ten_points_less_of_either_arm_of_the_sweep_are_found(norm):
    sweep = learning_rates.Settings()
    assert contradicted(answer, learning_rates, sweep, lambda curves: added(curves[norm], "test_accuracy", -0.1))


def test_the_seed_that_is_trained_again_is_drawn_by_the_date_of_the_record():
    records = Records(ROOT)
    record = records[f"{learning_rates.KIND}/{learning_rates.Settings().name}"]
    drawn = date.fromisoformat(record.date).toordinal() % len(record.seeds)
    assert {r.drawn for r in answer(records).reruns if r.record == record.path} == {drawn}
