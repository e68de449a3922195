"""A record forged and sealed again: whether training again finds it otherwise."""

from tests.places import ROOT
from writeup.records.store import Records


def contradicted(answer, experiment, settings, forge):
    """Whether a rerun of `answer` finds the record otherwise after `forge` has changed its curves."""
    path = f"{experiment.KIND}/{settings.name}"
    records = Records(ROOT)
    record = records[path]
    curves = record.model_copy(deep=True).curves
    forge(curves)
    records._loaded[path] = record.model_copy(update={"curves": curves})
    return any(abs(r.train(r.drawn) - r.values[r.drawn]) > r.within for r in answer(records).reruns if r.record == path)


def added(arms, measure, points):
    for arm in arms:
        arm[measure] = [value and value + points for value in arm[measure]]


def scaled(arms, measure, factor):
    for arm in arms:
        arm[measure] = [value and value * factor for value in arm[measure]]
