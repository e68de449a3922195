"""The replay of a probe from both sides: slips are rejected, other devices are accepted."""

import copy

import pytest

from experiments.language_model import train
from experiments.language_model.run import corpus_of, probe
from experiments.language_model.tolerance import DEVICES, SLIPS, SMALL, difference
from experiments.regularisation import overfitting
from experiments.regularisation.saving import restore
from tests.places import ROOT
from writeup.errors import CheckFailed
from writeup.experiments import rehearsal
from writeup.records.replay import REPLAY_TOLERANCE, largest_difference
from writeup.records.store import Records


@pytest.fixture(scope="module")
def recorded():
    return probe(SMALL, corpus_of(SMALL.corpus))


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_is_rejected(recorded, slip):
    assert difference(slip, SMALL, recorded) > REPLAY_TOLERANCE


@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # oneDNN's switch says so where there is no Intel GPU
@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_another_device_is_accepted(recorded, device):
    assert difference(device, SMALL, recorded) <= REPLAY_TOLERANCE


def last_weights(weights):
    """For `copy.deepcopy` in the training: the best weights are kept by reference, so the last ones remain."""
    return weights


@pytest.mark.parametrize(
    ("target", "name", "new"),
    [
        pytest.param(copy, "deepcopy", last_weights, id="the last weights for the best"),
        pytest.param(train, "batchify", lambda text, size: text[:400].view(size, -1).t(), id="part of the texts"),
    ],
)
def test_what_the_probe_does_not_reach_the_rehearsal_rejects(recorded, monkeypatch, target, name, new):
    """The probe is the same with these slips: they are in the course of a run, not in its steps."""
    kept = rehearsal.kept_rehearsal("language_model", ROOT)
    monkeypatch.setattr(target, name, new)
    assert probe(SMALL, corpus_of(SMALL.corpus)) == recorded
    repeated = rehearsal.rehearse("language_model", ROOT)
    with pytest.raises(CheckFailed, match="replayed"):
        largest_difference(kept["outcome"], repeated["outcome"], "rehearsal")


@pytest.mark.parametrize(
    "change", [{"hidden": 127}, {"momentum": 0.89}, {"mislabelled": 1}, {"batch_size": 24}, {"seeds": (1, 0)}], ids=str
)
def test_slips_of_a_small_network_are_rejected(change):
    record = Records(ROOT)[f"overfitting/{overfitting.FEW.name}"]
    settings = restore(overfitting.Settings, record.model_copy(update={"settings": record.settings | change}))
    with pytest.raises(CheckFailed, match="replayed"):
        largest_difference(record.probe, overfitting.probe(settings), "overfitting")
