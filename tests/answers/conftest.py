"""Made-up records of the language-model study, in the form of true ones, for questions 2d, 2e and 2f."""

import math
import random
from dataclasses import asdict, replace
from functools import cache

import pytest

from answers.study.run_claims import count_parameters
from experiments.language_model import reduced as plan_of_study
from experiments.language_model.data import count_windows
from experiments.language_model.download import SHA256
from experiments.step_time import interleaved
from writeup.errors import CheckFailed
from writeup.records.store import Records, save

# Nats; the GRU is better by less than tuning is worth, so rates decide.
EFFECTS = {"GRU": -0.08, "RNN_TANH": 0.3, "RNN_RELU": 0.35}
BEST_RATE = {"LSTM": 20.0, "GRU": 10.0}


def made_up_loss(settings):
    """Validation loss of a made-up world: a rate too high or too low costs, wide models help, tying helps."""
    octaves = abs(math.log2(settings.learning_rate / BEST_RATE.get(settings.cell, 5.0)))
    noise = random.Random(settings.name).gauss(0, 0.01)
    return (
        6.2
        + EFFECTS.get(settings.cell, 0.0)
        + 0.15 * octaves
        - 0.1 * math.log2(settings.hidden_size / 200)
        + 0.05 * (settings.layers - 2)
        - (0.12 if settings.tied else 0)
        + noise
    )


def save_run(root, settings, loss=None):
    """A record as `experiments.language_model.run` would save it, with made-up losses."""
    loss = made_up_loss(settings) if loss is None else loss
    wobble = random.Random(settings.name + "text").gauss(0, 0.01)
    rows = (settings.train_tokens or 2_088_628) // settings.batch_size
    curve = [round(loss - 0.05 + wobble + 0.1 * (settings.epochs - 1 - epoch), 6) for epoch in range(settings.epochs)]
    parameters = count_parameters(settings)
    word_weights = 33_278 * settings.embedding_size
    decoder = 33_278 * (settings.hidden_size + 1)
    test = loss - 0.08 + wobble / 5
    return save(
        root,
        kind=plan_of_study.KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.seed],
        metrics={
            "valid_loss": loss,
            "test_loss": test,
            "valid_perplexity": math.exp(loss),
            "test_perplexity": math.exp(test),
            "best_epoch": settings.epochs,
            "diverged": 0.0,
            "steps": settings.epochs * count_windows(range(rows), settings.bptt),
            "parameters": parameters,
            "encoder_parameters": word_weights,
            "decoder_parameters": decoder,
            "recurrent_parameters": parameters
            - (word_weights if settings.tied else word_weights + decoder - 33_278)
            - 33_278,
        },
        curves={
            "train_loss": [value - 0.2 for value in curve],
            "valid_loss": curve,
            "learning_rate": [settings.learning_rate] * settings.epochs,
            "seconds": [10.0] * settings.epochs,
            "tokens": [(rows - 1) * settings.batch_size] * settings.epochs,
        },
        timing={
            "train_seconds": 10.0 * settings.epochs,
            "final_evaluation_seconds": 5.0,
            "total_seconds": 10.0 * settings.epochs + 6.0,
        },
        probe={
            "losses": [10.4 + settings.seed / 1e6 - step * wobble / 1e3 for step in range(20)],
            "learning_rates": [settings.learning_rate / 10, settings.learning_rate / 40],
        },
        sources=[],
        data=SHA256,
        device="CPU (made up)",
    )


def save_study(root, count=None, preset="cpu"):
    """Finish the plan's first `count` runs (all without it), as the runner would: asking again after each."""
    finished = {}
    while True:
        missing = [s for s in plan_of_study.plan(preset, finished) if s.name not in finished]
        if not missing or (count is not None and len(finished) >= count):
            return
        finished[missing[0].name] = save_run(root, missing[0])


def save_step_times(root):
    """Seven rounds in which the GRU takes about a tenth more than the LSTM."""
    settings = interleaved.StepTimeSettings()
    generator = random.Random(1)
    timed = interleaved.timed_settings(settings)
    seconds = {
        interleaved.key(one): [
            one.bptt / 35 * one.hidden_size / 200 * (1.1 if one.cell == "GRU" else 1.0) * generator.uniform(0.97, 1.03)
            for _round in range(settings.rounds)
        ]
        for one in timed
    }
    save(
        root,
        kind=interleaved.KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[1111],
        metrics={},
        curves={"seconds": seconds, "tokens": {interleaved.key(one): one.batch_size * one.bptt for one in timed}},
        timing={},
        probe={},
        sources=[],
    )


@pytest.fixture(scope="session")
def whole_study(tmp_path_factory):
    """The records of a finished reduced study and of the timing."""
    root = tmp_path_factory.mktemp("whole")
    save_study(root)
    save_step_times(root)
    return Records(root)


@pytest.fixture(scope="session")
def full_study(tmp_path_factory):
    """The records of a finished study on all of the text, beside those of the reduced one."""
    root = tmp_path_factory.mktemp("full")
    save_study(root)
    save_study(root, preset="full")
    return Records(root)


@pytest.fixture(scope="session")
def study_of(tmp_path_factory):
    """A function: the records of a reduced study of which `count` runs are finished, without any timing."""

    @cache
    def root_of(count):
        root = tmp_path_factory.mktemp(f"part{count}")
        save_study(root, count)
        return root

    return lambda count: Records(root_of(count))


@pytest.fixture
def changed_run(tmp_path):
    """A function: a finished study in which the run with `changes` from the base has another final loss."""

    def make(loss, **changes):
        save_study(tmp_path)
        save_run(tmp_path, replace(plan_of_study.PRESETS["cpu"], **changes), loss)
        return Records(tmp_path)

    return make


@pytest.fixture(scope="session")
def faults():
    """A function: what is wrong with an answer's claims, as `writeup check` finds: refused values, survivors."""

    def find(answer):
        found = []
        for made in answer.claims:
            try:
                made.check(made.value)
            except CheckFailed as error:
                found.append(f"{made.id} refused: {error}")
            for control in made.controls:
                try:
                    made.check(control.value)
                    found.append(f"{made.id} survives: {control.value!r}")
                except CheckFailed:
                    pass
        return found

    return find
