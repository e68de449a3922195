"""Forgeries of committed records, each caught by the law that it breaks; and those that no law can catch."""

import copy
import math
from dataclasses import replace

import pytest

from experiments.language_model.study import CPU, KIND
from experiments.language_model.train import ANNEALING, Settings
from lab import laws
from lab.study import Studies
from tests.places import ROOT
from writeup.errors import CheckFailed, WriteupError
from writeup.records.store import Record, Records, write

TUNED = replace(CPU.base, cell="GRU", learning_rate=10.0)  # of the study, so that there is a run with another seed
SHORTER = replace(TUNED, epochs=2)  # the run that tuned the rate


@pytest.fixture(scope="module")
def records():
    return Records(ROOT)


@pytest.fixture(scope="module")
def honest(records):
    return records[f"language_model/{TUNED.name}"]


@pytest.fixture(scope="module")
def others(records):
    return [record for record in records.of_kind(KIND) if record.name != TUNED.name]


def forged(record, forgery):
    """A copy of the record after `forgery(fields)` has changed its fields."""
    fields = copy.deepcopy(record.model_dump())
    forgery(fields)
    return Record.model_validate(fields)


def set_loss(split, change):
    def forge(fields):
        fields["metrics"][f"{split}_loss"] += change
        fields["metrics"][f"{split}_perplexity"] = math.exp(fields["metrics"][f"{split}_loss"])

    return forge


def set_item(part, name, change):
    def forge(fields):
        fields[part][name] = change(fields[part][name])

    return forge


FORGERIES = {
    "perplexity lowered": (set_item("metrics", "valid_perplexity", lambda value: value * 0.99), "valid perplexity"),
    "test perplexity lowered": (set_item("metrics", "test_perplexity", lambda value: value * 0.99), "test perplexity"),
    "loss and perplexity lowered": (set_loss("valid", -1e-5), "the best of its curve"),
    "curve improved in its last epoch": (
        set_item("curves", "valid_loss", lambda curve: [*curve[:-1], curve[-1] - 1e-5]),
        "the best of its curve",
    ),
    "curve turned round": (set_item("curves", "valid_loss", sorted), "best epoch"),
    "one epoch cut off": (set_item("curves", "train_loss", lambda curve: curve[:-1]), "epochs in all of its curves"),
    "epochs cut off everywhere": (
        lambda fields: fields.update(curves={name: values[:4] for name, values in fields["curves"].items()}),
        "the best of its curve",
    ),
    "rates of a run that was annealed": (
        set_item("curves", "learning_rate", lambda rates: [*rates[:-1], rates[-1] / 4]),
        "by the annealing rule",
    ),
    "called diverged": (set_item("metrics", "diverged", lambda _: 1.0), "diverged, from"),
    "an epoch that took no time": (set_item("curves", "seconds", lambda found: [*found[:-1], 0.0]), "seconds of every"),
    "a faster training": (set_item("timing", "train_seconds", lambda value: value / 2), "training time"),
    "tokens of a part": (set_item("curves", "tokens", lambda found: [208_860] * len(found)), "tokens of"),
    "fewer steps": (set_item("metrics", "steps", lambda value: value - 1), "steps, from"),
    "parameters of an LSTM": (set_item("metrics", "recurrent_parameters", lambda n: n / 3 * 4), "recurrent parameters"),
    "total of a tied model": (set_item("metrics", "parameters", lambda n: n - 6_655_600), "parameters"),
    "another text": (set_item("data", "train.txt", lambda digest: digest[::-1]), "sha256"),
    "settings of a larger model": (set_item("settings", "hidden_size", lambda _: 400), "settings"),
    "probe after a model that had learned": (
        set_item("probe", "losses", lambda losses: [loss - 1 for loss in losses]),
        "first loss of its probe",
    ),
}


@pytest.mark.parametrize(("forgery", "law"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_breaks_a_law(honest, forgery, law):
    with pytest.raises(CheckFailed, match=law):
        laws.obey(TUNED, forged(honest, forgery))


def test_every_committed_run_obeys(records):
    runs = records.of_kind(KIND)
    assert runs
    for record in runs:
        laws.obey(Settings(**record.settings), record)


def test_a_probe_copied_from_a_run_at_another_rate_is_caught_in_the_record_itself(records, honest):
    other = records[f"language_model/{replace(TUNED, epochs=2, learning_rate=20.0).name}"]
    with pytest.raises(CheckFailed, match="learning rate of its probe"):
        laws.obey(TUNED, forged(honest, lambda fields: fields.update(probe=other.probe)))


def test_a_probe_copied_from_another_seed_is_caught_beside_its_owner(records, tmp_path):
    first, second = (records[f"language_model/{replace(TUNED, seed=seed).name}"] for seed in (1111, 1112))
    for record in (first, forged(second, lambda fields: fields.update(probe=first.probe))):
        write(record, tmp_path)
    with pytest.raises(WriteupError, match=r"seed1112-\w+ has the probe of .*seed1111"):
        Studies.read(Records(tmp_path))


@pytest.mark.parametrize("split", ["test", "valid"])
def test_a_loss_moved_with_its_perplexity_is_caught_beside_the_other_runs(others, honest, split):
    with pytest.raises(CheckFailed, match=f"{honest.name}: test loss above validation"):
        laws.obey_together([*others, forged(honest, set_loss(split, -0.15))])


def improve(fields):
    """The whole course of a run, in keeping with every law that the record alone must obey."""
    for split in ("valid", "test"):
        set_loss(split, -0.3)(fields)
    for curve in ("train_loss", "valid_loss"):
        fields["curves"][curve] = [loss - 0.3 for loss in fields["curves"][curve]]


def test_a_course_that_was_moved_is_caught_beside_the_shorter_run_of_its_settings(others, honest):
    improved = forged(honest, improve)
    laws.obey(TUNED, improved)
    with pytest.raises(CheckFailed, match=f"{SHORTER.name}: train_loss, as in the longer run {honest.name}"):
        laws.obey_together([*others, improved])


def test_without_a_shorter_run_it_obeys_every_law(others, honest):
    """The limit that the docstrings state: only a run made anew tells this record from a true one."""
    laws.obey_together([*(record for record in others if record.name != SHORTER.name), forged(honest, improve)])


def test_the_laws_state_the_rule_that_the_training_follows():
    assert laws.ANNEALING == ANNEALING
