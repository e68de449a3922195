"""Training as a whole: annealing, the best weights, seeds, interruption."""

import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from experiments.language_model import train
from experiments.language_model.data import Corpus, batchify
from experiments.language_model.run import checkpoint, run
from experiments.language_model.train import CPU, Progress, Settings, evaluate, fit

TINY = Settings(corpus="generated", embedding_size=8, hidden_size=8, epochs=4, path="fast", learning_rate=5.0)
CORPUS = Corpus.generated()


def ignore(fraction, text):
    """No display."""


def test_the_rate_stays_while_validation_improves():
    progress = Progress(20.0)
    progress.close_epoch(3.0, 2.0)
    progress.close_epoch(3.0, 1.9)
    assert progress.learning_rate == 20.0


@pytest.mark.parametrize("loss", [2.0, 2.1], ids=["equal", "worse"])
def test_the_rate_is_quartered_after_an_epoch_without_improvement(loss):
    progress = Progress(20.0)
    progress.close_epoch(3.0, 2.0)
    assert not progress.close_epoch(3.0, loss)
    assert progress.learning_rate == 5.0


def test_the_best_loss_survives_a_worse_epoch():
    progress = Progress(20.0)
    for loss in (2.0, 3.0, 2.5):
        progress.close_epoch(3.0, loss)
    assert (progress.best_loss, progress.learning_rate) == (2.0, 1.25)


def test_the_weights_that_remain_are_those_of_the_best_epoch():
    path, progress = fit(replace(TINY, learning_rate=80.0, epochs=2), CORPUS, ignore)
    valid = batchify(CORPUS.valid, TINY.evaluation_batch_size)
    curve = progress.curves["valid_loss"]
    assert min(curve) < curve[-1], "the case is chosen so that the last epoch is not the best"
    assert evaluate(path, valid, TINY.bptt) == pytest.approx(min(curve), abs=1e-6)


def test_the_same_seed_repeats_a_run_and_another_does_not():
    first, again, other = (fit(replace(TINY, seed=seed), CORPUS, ignore)[1].curves["train_loss"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_training_teaches_the_model_something():
    _, progress = fit(replace(TINY, cell="GRU", epochs=8, learning_rate=10.0), CORPUS, ignore)
    assert progress.best_loss < math.log(60) - 0.5, "a model that knew nothing would stay at log 60"


def test_bfloat16_products_change_the_validation_loss_by_less_than_seeds_do():
    """Two epochs on the stock path with three seeds; the fast path must stay well inside their spread."""
    stock = [fit(replace(TINY, path="stock", epochs=2, seed=seed), CORPUS, ignore)[1].best_loss for seed in (1, 2, 3)]
    fast = fit(replace(TINY, precision="bfloat16", epochs=2, seed=1), CORPUS, ignore)[1].best_loss
    assert abs(fast - stock[0]) < 0.5 * (max(stock) - min(stock))


def test_evaluation_weighs_windows_by_their_length():
    path, _ = fit(replace(TINY, epochs=1), CORPUS, ignore)
    columns = batchify(CORPUS.valid, 10)
    one_window = path.loss(columns[:-1], columns[1:].flatten(), path.model.initial_hidden(10))[0].item()
    assert evaluate(path, columns, 35) == pytest.approx(one_window, abs=1e-5)


def test_a_loss_that_is_not_finite_ends_the_run(monkeypatch):
    losses = iter([3.0, math.nan])
    monkeypatch.setattr(train, "train_epoch", lambda *_: next(losses))
    _, progress = fit(TINY, CORPUS, ignore)
    assert progress.curves["train_loss"] == [3.0]


def test_an_interrupted_run_goes_on_to_the_same_result(tmp_path):
    def interrupt(fraction, _):
        if fraction >= 0.5:
            raise KeyboardInterrupt

    whole_path, whole = fit(TINY, CORPUS, ignore)
    with pytest.raises(KeyboardInterrupt):
        fit(TINY, CORPUS, interrupt, tmp_path / "state.pt")
    with pytest.raises(KeyboardInterrupt):
        fit(TINY, CORPUS, interrupt, tmp_path / "state.pt")
    path, progress = fit(TINY, CORPUS, ignore, tmp_path / "state.pt")
    assert progress.curves["valid_loss"] == whole.curves["valid_loss"]
    for one, other in zip(path.model.parameters(), whole_path.model.parameters(), strict=True):
        assert torch.equal(one, other)


PROGRAM = """
import sys, torch
from pathlib import Path
from experiments.language_model.run import run
from experiments.language_model.train import Settings
torch.set_num_threads(1)
settings = Settings(corpus="generated", embedding_size=8, hidden_size=8, epochs=40, path="fast", learning_rate=5.0)
run(settings, Path(sys.argv[1]), lambda fraction, text: print(text, flush=True))
"""


def test_killed_again_and_again_a_run_still_gives_the_record_of_an_uninterrupted_one(project):
    """SIGKILL, which nothing can catch, after a few epochs of three attempts; the fourth is left alone."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM, str(project)]
    for attempt in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            for _ in range(attempt + 1):
                process.stdout.readline()
            time.sleep(0.01 * attempt)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    last = subprocess.run(command, capture_output=True, env=environment, text=True, check=True)
    assert len(last.stdout.splitlines()) <= 40 - 3, "every attempt went on from where the one before it was"
    settings = replace(TINY, epochs=40)
    (path,) = (project / "experiments/results/language_model").glob("*.json")
    killed = path.read_text()
    path.unlink()
    whole = run(settings, project, ignore)
    again = type(whole).model_validate_json(killed)
    assert again.metrics == whole.metrics
    assert again.probe == whole.probe
    for name in ("train_loss", "valid_loss", "learning_rate", "tokens"):
        assert again.curves[name] == whole.curves[name]


def test_a_longer_run_goes_on_from_the_checkpoint_of_a_shorter_one(project):
    """To the last digit as if it had been one run; and the shorter one, asked for again, starts afresh."""
    longer, shorter = replace(TINY, epochs=3), replace(TINY, epochs=1)
    whole = run(longer, project, ignore)
    for path in (project.parent / "cache").rglob("*.pt"):
        path.unlink()
    first = run(shorter, project, ignore)
    told = []
    assert run(longer, project, lambda done, _: told.append(done)).metrics == whole.metrics
    assert told == pytest.approx([2 / 3, 1]), "the first epoch was not trained again"
    assert run(shorter, project, ignore).metrics == first.metrics


def test_other_code_does_not_take_up_a_checkpoint(monkeypatch):
    before = checkpoint(TINY, CPU)
    monkeypatch.setattr("experiments.language_model.run.source_fingerprints", lambda *_: {"train.py": "changed"})
    assert checkpoint(TINY, CPU) != before
