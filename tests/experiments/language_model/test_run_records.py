"""The record of a run is consistent, and its probe tells code that made it from code that did not."""

import math
from dataclasses import replace

import pytest

from experiments.language_model import data, run, train
from experiments.language_model.run import corpus_of, probe, replay
from experiments.language_model.train import Settings

TINY = Settings(corpus="generated", embedding_size=32, hidden_size=32, epochs=2, path="fast", learning_rate=40.0)
TOLERANCE = 2e-3


def difference(one, other):
    """The largest difference between two probes."""
    return max(
        abs(a - b)
        for key in ("losses", "learning_rates")
        for a, b in zip([*one[key], one["valid_loss"]], [*other[key], other["valid_loss"]], strict=True)
    )


@pytest.fixture
def record(project):
    return run.run(TINY, project, lambda *_: None)


def test_perplexity_is_the_exponential_of_the_loss(record):
    for split in ("valid", "test"):
        assert record.metrics[f"{split}_perplexity"] == pytest.approx(math.exp(record.metrics[f"{split}_loss"]))


def test_the_final_validation_loss_is_the_best_of_the_curve_when_both_see_the_whole_text(record):
    assert record.metrics["valid_loss"] == pytest.approx(min(record.curves["valid_loss"]), abs=1e-5)
    assert record.curves["valid_loss"][int(record.metrics["best_epoch"]) - 1] == min(record.curves["valid_loss"])


def test_tokens_and_steps_follow_from_the_text(record):
    rows = 4000 // 20
    assert record.curves["tokens"] == [(rows - 1) * 20] * 2
    assert record.metrics["steps"] == 2 * math.ceil((rows - 1) / 35)


def test_parameters_by_part_add_up(record):
    words, size = 60, 32
    recurrent = 2 * 4 * (2 * size * size + 2 * size)
    parts = [record.metrics[f"{part}_parameters"] for part in ("encoder", "recurrent", "decoder")]
    assert parts == [words * size, recurrent, words * size + words]
    assert record.metrics["parameters"] == sum(parts)


def test_a_tied_matrix_counts_once(project):
    tied = run.run(replace(TINY, tied=True, epochs=1), project, lambda *_: None)
    assert tied.metrics["parameters"] == tied.metrics["recurrent_parameters"] + 60 * 32 + 60


def test_the_replay_of_the_same_code_is_exact(record):
    assert replay(record) == record.probe


def test_the_probe_anneals_once(record):
    before, after = record.probe["learning_rates"]
    assert (before, after) == (pytest.approx(4.0), pytest.approx(1.0))


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 10.0},
        {"seed": 2},
        {"dropout": 0.3},
        {"clip": 0.1},
        {"bptt": 34},
        {"cell": "GRU"},
        {"layers": 1},
    ],
    ids=str,
)
def test_other_settings_fail_the_replay(record, change):
    assert difference(probe(replace(TINY, **change), corpus_of("generated")), record.probe) > TOLERANCE


def test_a_batcher_off_by_one_fails_the_replay(record, monkeypatch):
    monkeypatch.setattr(run, "batchify", lambda text, size: data.batchify(text[1:], size))
    assert difference(replay(record), record.probe) > TOLERANCE


def test_targets_off_by_one_fail_the_replay(record, monkeypatch):
    def same_word(columns, bptt):
        return ((inputs, inputs.flatten()) for inputs, _ in data.windows(columns, bptt))

    monkeypatch.setattr(run, "windows", same_word)
    assert difference(replay(record), record.probe) > TOLERANCE


def test_a_broken_annealing_rule_fails_the_replay(record, monkeypatch):
    monkeypatch.setattr(train, "ANNEALING", 2.0)
    assert difference(replay(record), record.probe) > TOLERANCE


def test_a_state_that_does_not_run_through_fails_the_replay(record, monkeypatch):
    class Forgetful(train.FastPath):
        def step(self, inputs, targets, _, learning_rate):
            return super().step(inputs, targets, self.model.initial_hidden(inputs.shape[1]), learning_rate)

    monkeypatch.setattr(train, "FastPath", Forgetful)
    assert difference(replay(record), record.probe) > TOLERANCE


def test_the_stock_path_passes_the_replay_of_the_fast_one(record):
    """Another route through the same mathematics stays within the tolerance, as another machine would."""
    assert difference(probe(replace(TINY, path="stock"), corpus_of("generated")), record.probe) < TOLERANCE
