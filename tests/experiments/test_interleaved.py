"""Timing in turns: every setting of the study once a round, and a probe that another machine can repeat."""

import pytest

from experiments.step_time import interleaved
from tests.places import ROOT

QUICK = interleaved.plan("quick", {})[0]


@pytest.fixture(scope="module")
def record():
    saved = {}

    def keep(_root, **fields):
        saved.update(fields)
        return saved

    patch = pytest.MonkeyPatch()
    patch.setattr(interleaved, "save", keep)
    yield interleaved.run(QUICK, ROOT, lambda _fraction, _text: None)
    patch.undo()


def test_every_setting_is_timed_once_a_round(record):
    assert {len(values) for values in record["curves"]["seconds"].values()} == {QUICK.rounds}


def test_both_cells_are_timed_at_the_same_settings(record):
    keys = set(record["curves"]["seconds"])
    assert {name.replace("LSTM", "GRU") for name in keys if "LSTM" in name} == {name for name in keys if "GRU" in name}


def test_no_two_settings_share_a_key():
    timed = interleaved.timed_settings(QUICK)
    assert len({interleaved.key(one) for one in timed}) == len(timed)


def test_the_probe_repeats_itself(record):
    assert interleaved.probe(QUICK) == record["probe"]


def test_the_probe_depends_on_the_cell(record):
    assert record["probe"]["LSTM"] != record["probe"]["GRU"]


def test_progress_rises_from_zero_and_stays_below_one(monkeypatch):
    fractions = []
    monkeypatch.setattr(interleaved, "save", lambda _root, **_fields: None)
    interleaved.run(QUICK, ROOT, lambda fraction, _text: fractions.append(fraction))
    assert fractions[0] == 0
    assert fractions == sorted(fractions)
    assert fractions[-1] < 1
