"""The study is read whole or not at all; its numbers are means of logarithms."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.language_model import reduced as plan_of_study
from experiments.language_model.model import RNNModel
from experiments.language_model.train import Settings
from lab.study import CELLS, VARIATIONS, Study, count_parameters, on_whole_text, perplexity
from writeup.errors import WriteupError
from writeup.records.store import RESULTS, Records

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study():
    return Study.read(Records(ROOT))


def test_a_missing_run_stops_the_study(tmp_path):
    """Whichever it is: fewer seeds must not change a headline in silence."""
    folder = RESULTS / plan_of_study.KIND
    shutil.copytree(ROOT / folder, tmp_path / folder)
    seed = next((tmp_path / folder).glob("GRU*seed1112*.json"))
    seed.unlink()
    with pytest.raises(WriteupError, match=f"1 of .* planned runs are missing, the first is {seed.stem}"):
        Study.read(Records(tmp_path))


def test_every_setting_has_runs_of_both_cells_at_the_tuned_rate(study):
    for change in VARIATIONS.values():
        for cell in CELLS:
            assert {run.settings.learning_rate for run in study.seeds(cell=cell, **change)} == {study.rates[cell]}


def test_the_tuned_rate_has_the_lowest_validation_loss_of_its_grid(study):
    for cell in CELLS:
        losses = {rate: runs[0].valid_loss for rate, runs in study.grid(cell).items()}
        assert study.rates[cell] == min(losses, key=losses.get)


def test_a_fresh_contrast_leaves_out_the_seed_for_which_the_rate_was_chosen(study):
    weights = {("bptt70", "LSTM"): 1.0, ("baseline", "LSTM"): -1.0}
    (groups, signs), (fresh, same) = study.contrast(weights), study.contrast(weights, fresh=True)
    assert signs == same
    index = signs.index(-1.0)
    assert fresh[index] == groups[index][1:]
    assert sum(map(len, groups)) - sum(map(len, fresh)) == len(CELLS)


def test_the_study_on_the_whole_text_holds_the_finished_runs_that_read_all_of_both_texts():
    tuning, whole = on_whole_text(Records(ROOT))
    for part in (tuning, whole):
        assert part.runs
        assert {run.settings.epochs for run in part.runs} == {part.base.epochs}
        assert {(run.settings.train_tokens, run.settings.annealing_tokens) for run in part.runs} == {(None, None)}
    for cell in CELLS:  # both tuned on one grid, whose best rate is the one that was trained to the end
        assert list(tuning.grid(cell)) == list(tuning.grid("LSTM"))
        assert set(whole.grid(cell)) == {tuning.rates[cell]}


def test_a_perplexity_over_seeds_is_the_geometric_mean():
    assert perplexity([math.log(100), math.log(400)]) == pytest.approx(200)


@pytest.mark.parametrize("tied", [False, True])
def test_parameters_are_those_of_a_built_model(tied):
    settings = replace(Settings(), embedding_size=5, hidden_size=5, tied=tied)
    built = RNNModel("LSTM", 11, 5, 5, 2, 0.0, tied)
    assert count_parameters(settings, 11) == sum(parameter.numel() for parameter in built.parameters())


def test_the_rates_of_every_run_follow_from_its_losses(study):
    """By the example's rule: an epoch that brings no new lowest validation loss divides the rate."""
    assert [run.annealed for run in study.runs] == [run.annealed_by_losses for run in study.runs]
    assert {run.annealed for run in study.runs} == {True, False}
