"""The study is read whole or not at all; its numbers are means of logarithms."""

import math
import shutil
from dataclasses import replace

import pytest

from experiments.language_model.model import RNNModel
from experiments.language_model.study import KIND, PRESETS
from experiments.language_model.train import Settings
from lab.study import CELLS, VARIATIONS, Run, Studies, count_parameters, perplexity
from tests.places import ROOT
from writeup.errors import WriteupError
from writeup.records.store import RESULTS, Records


@pytest.fixture(scope="module")
def studies():
    return Studies.read(Records(ROOT))


def test_a_missing_run_stops_the_study(tmp_path):
    """Whichever it is: fewer seeds must not change a headline in silence."""
    folder = RESULTS / KIND
    shutil.copytree(ROOT / folder, tmp_path / folder)
    seed = next((tmp_path / folder).glob("GRU*seed1112*.json"))
    seed.unlink()
    with pytest.raises(WriteupError, match=f"1 of .* planned runs are missing, the first is {seed.stem}"):
        Studies.read(Records(tmp_path))


def test_every_setting_has_runs_of_both_cells_at_the_tuned_rate(studies):
    for change in VARIATIONS.values():
        for cell in CELLS:
            rates = {run.settings.learning_rate for run in studies.short.seeds(cell=cell, **change)}
            assert rates == {studies.tuning.rates[cell]}


def test_the_tuned_rate_has_the_lowest_validation_loss_of_a_grid_that_both_cells_share(studies):
    for cell in CELLS:
        losses = {rate: runs[0].valid_loss for rate, runs in studies.tuning.grid(cell).items()}
        assert studies.tuning.rates[cell] == min(losses, key=losses.get)
        assert list(losses) == list(studies.tuning.grid("LSTM"))


def test_the_runs_of_a_part_train_equally_long_and_read_all_of_both_texts(studies):
    for part in (studies.tuning, studies.whole, studies.short):
        assert {len(run.curve) for run in part.runs} == {part.base.epochs}
        assert {(run.settings.train_tokens, run.settings.annealing_tokens) for run in part.runs} == {(None, None)}


def test_the_baselines_of_the_variations_are_the_first_epochs_of_the_whole_runs(studies):
    for cell in CELLS:
        begun, whole = (part.seeds(cell=cell) for part in (studies.short, studies.whole))
        in_both = {run.record.name for run in begun} & {run.record.name for run in whole}
        assert len(in_both) == PRESETS["cpu"].seeds
        assert (len(whole), len(begun)) == (PRESETS["cpu"].seeds + 1, PRESETS["cpu"].short_seeds)
    assert len({run.record.name for run in studies.runs}) == len(studies.runs)


def test_the_variations_are_compared_in_one_precision(studies):
    assert {run.settings.precision for run in studies.short.runs} == {"bfloat16"}
    for runs in studies.short.varied().values():
        assert len({run.settings.seed for run in runs}) == len(runs)


def test_runs_in_both_precisions_differ_in_nothing_else(studies):
    assert len(studies.in_both_precisions) == len(CELLS) * len(PRESETS["cpu"].float32)
    for run, other in studies.in_both_precisions:
        assert replace(other.settings, precision="bfloat16") == run.settings
        assert other.curve != run.curve


def test_the_first_epochs_of_a_run_are_a_run_of_so_many_epochs(studies):
    """The run that tuned the rate is the beginning of the one that went to the end."""
    rate = studies.tuning.rates["GRU"]
    short, long = studies.tuning.seeds(cell="GRU", learning_rate=rate)[0], studies.whole.seeds(cell="GRU")[0]
    begun = long.first(studies.tuning.base.epochs)
    assert begun.settings == short.settings
    assert begun.curve == short.curve
    assert begun.valid_loss == pytest.approx(short.valid_loss, abs=1e-6)
    assert begun.valid_loss > long.valid_loss


def test_a_perplexity_over_seeds_is_the_geometric_mean():
    assert perplexity([math.log(100), math.log(400)]) == pytest.approx(200)


@pytest.mark.parametrize("tied", [False, True])
def test_parameters_are_those_of_a_built_model(tied):
    settings = replace(Settings(), embedding_size=5, hidden_size=5, tied=tied)
    built = RNNModel("LSTM", 11, 5, 5, 2, 0.0, tied)
    assert count_parameters(settings, 11) == sum(parameter.numel() for parameter in built.parameters())


def test_the_rates_of_every_run_follow_from_its_losses(studies):
    """By the example's rule: an epoch that brings no new lowest validation loss divides the rate."""
    assert [run.annealed for run in studies.runs] == [run.annealed_by_losses for run in studies.runs]


@pytest.mark.parametrize(
    ("losses", "rates", "cut"), [((5.0, 4.0, 3.0), (8, 8, 8), False), ((5.0, 5.1, 4.0), (8, 8, 2), True)]
)
def test_a_rate_is_cut_where_an_epoch_before_the_last_brought_nothing(studies, losses, rates, cut):
    curves = {"valid_loss": list(losses), "learning_rate": list(rates)}
    record = studies.whole.example.record.model_copy(update={"curves": curves})
    run = Run(Settings(epochs=3), record)
    assert (run.annealed, run.annealed_by_losses) == (cut, cut)
    assert run.first(2).annealed_by_losses is False


def test_what_was_not_run_cannot_be_compared(studies):
    with pytest.raises(WriteupError, match=r"no runs of \('tied', 'GRU'\)"):
        studies.whole.contrast({("tied", "GRU"): 1.0, ("baseline", "GRU"): -1.0})
