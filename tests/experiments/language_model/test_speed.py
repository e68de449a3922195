"""Speed is measured on the settings that the study compares, and what is timed computes the same on both paths."""

from dataclasses import asdict, replace

import pytest

from experiments.language_model import speed, timer
from experiments.language_model.run import ROOT
from experiments.language_model.speed import ALL_SOURCES, SpeedSettings, plan, replay, run
from experiments.language_model.study import VARIATIONS
from experiments.language_model.train import Settings

(QUICK,) = plan("quick", {})
TINY = Settings(corpus="generated", embedding_size=8, hidden_size=8)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The quick record, measured in this process."""
    root = tmp_path_factory.mktemp("project")
    for source in ALL_SOURCES:  # a record takes fingerprints of the sources below its root
        (root / source).parent.mkdir(parents=True, exist_ok=True)
        (root / source).write_bytes((ROOT / source).read_bytes())

    def here(settings, warm_up, steps, threads):
        asked = {"settings": asdict(settings), "warm_up": warm_up, "steps": steps, "threads": threads}
        return timer._work(asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(speed, "measured", here)
        return run(QUICK, root, lambda *_: None)


def test_with_variations_every_setting_of_the_study_is_measured_for_both_cells():
    labels = SpeedSettings(variations=True).labelled()
    assert {
        f"{cell} {name}={value}" for cell in ("LSTM", "GRU") for change in VARIATIONS for name, value in change.items()
    } <= set(labels)


def test_a_label_tells_what_its_setting_changes():
    labels = SpeedSettings(variations=True).labelled()
    assert labels["GRU bptt=70"] == replace(labels["GRU"], bptt=70)


def test_a_record_has_one_time_for_every_measured_step(record):
    lengths = {len(curves[name]) for curves in record.curves.values() for name in ("stock", "fast", "products")}
    assert lengths == {QUICK.steps * QUICK.rounds}


def test_the_replay_repeats_the_probe(record):
    assert replay(record) == record.probe


def test_both_paths_start_from_the_same_loss(record):
    for cell in ("LSTM", "GRU"):
        assert record.probe[f"{cell} fast"][0] == pytest.approx(record.probe[f"{cell} stock"][0], abs=2e-3)


def test_a_fresh_process_measures_time_and_memory():
    found = timer.measured(replace(TINY, path="fast"), warm_up=1, steps=2, threads=1)
    assert {name: len(values) for name, values in found.items()} == {
        "fast": 2,
        "fast_processor": 2,
        "fast_bytes": 1,
        "products": 2,
    }
    assert found["fast_bytes"][0] > 50 * 2**20, "an interpreter with torch takes that much at the least"
