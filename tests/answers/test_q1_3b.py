"""1.3b: forged and sealed records are found by training again."""

from datetime import date

from answers.q1_3b import answer
from experiments.regularisation import learning_rates, small_batches
from tests.places import ROOT
from writeup.records.store import Records


def contradicted(kind, settings, forge):
    """Whether a rerun finds the record otherwise after `forge` has changed its curves."""
    path = f"{kind}/{settings.name}"
    records = Records(ROOT)
    record = records[path]
    curves = record.model_copy(deep=True).curves
    forge(curves)
    records._loaded[path] = record.model_copy(update={"curves": curves})
    return any(abs(r.train(r.drawn) - r.values[r.drawn]) > r.within for r in answer(records).reruns if r.record == path)


def scale(arms, measure, factor):
    for arm in arms:
        arm[measure] = [value and value * factor for value in arm[measure]]


def test_fifty_points_more_with_batches_of_two_are_found():
    def forge(curves):
        for arm in curves["batch-2"]:
            arm["test_accuracy"] = [accuracy + 0.5 for accuracy in arm["test_accuracy"]]

    assert contradicted(small_batches.KIND, small_batches.Settings(), forge)


def test_a_hundredth_of_the_plain_networks_loss_is_found():
    assert contradicted(
        learning_rates.KIND, learning_rates.Settings(), lambda curves: scale(curves["none"], "train_loss", 0.01)
    )


def test_the_seed_that_is_trained_again_is_drawn_by_the_date_of_the_record():
    records = Records(ROOT)
    record = records[f"{learning_rates.KIND}/{learning_rates.Settings().name}"]
    drawn = date.fromisoformat(record.date).toordinal() % len(record.seeds)
    assert {r.drawn for r in answer(records).reruns if r.record == record.path} == {drawn}
