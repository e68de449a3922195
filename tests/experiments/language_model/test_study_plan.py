"""Which runs the study of the whole text asks for, given what is finished, and in which order."""

import inspect
from dataclasses import dataclass, replace

import pytest
import torch

from experiments.language_model import study
from experiments.language_model.data import count_windows
from experiments.language_model.study import (
    CELLS,
    EQUAL_HIDDEN_SIZE,
    EQUAL_UPDATES,
    PRESETS,
    SEEDS,
    VARIATIONS,
    finalists,
    plan,
    tuned_rates,
)
from experiments.language_model.train import Settings
from experiments.language_model.work import SIZES

CPU, FULL = PRESETS["cpu"], PRESETS["full"]
GRID = (2.5, 5.0, 10.0, 20.0, 40.0)
# Validation losses after the tuning epochs, by rate: the LSTM is best at 20, then 10; the GRU at 10, then 5.
INSIDE = {"LSTM": (5.2, 5.1, 5.0, 4.9, 5.4), "GRU": (5.1, 5.0, 4.9, 5.2, 6.0)}
# After the last epoch the second-best rate has overtaken the best.
FINAL = {("LSTM", 20.0): 4.8, ("LSTM", 10.0): 4.7, ("GRU", 10.0): 4.9, ("GRU", 5.0): 4.8}
TUNED = {cell: replace(CPU.base, cell=cell, learning_rate=rate) for cell, rate in {"LSTM": 20.0, "GRU": 10.0}.items()}
SHORT = {cell: replace(run, epochs=CPU.short_epochs) for cell, run in TUNED.items()}


@dataclass
class Finished:
    metrics: dict[str, float]


def records(losses, epochs, base=CPU.base):
    """Records as far as a plan reads them, from {(cell, rate): validation loss}; the test loss would mislead."""
    return {
        replace(base, cell=cell, learning_rate=rate, epochs=epochs).name: Finished(
            {"valid_loss": loss, "test_loss": -loss}
        )
        for (cell, rate), loss in losses.items()
    }


def tuning(losses=INSIDE, grid=GRID):
    by_rate = {(cell, rate): loss for cell in CELLS for rate, loss in zip(grid, losses[cell], strict=True)}
    return records(by_rate, CPU.tuning_epochs)


SETTLED = tuning() | records(FINAL, CPU.base.epochs)


def tuned(runs):
    """The baselines of both cells: what three seeds share."""
    last = [run for run in runs if run.seed == SEEDS[2]]
    return [replace(next(run for run in last if run.cell == cell), seed=SEEDS[0]) for cell in CELLS]


def all_of(preset):
    """The preset's runs when nothing is open: each plan is carried out, with losses that are best at a rate inside."""
    finished = {}
    while missing := [run for run in plan(preset, finished) if run.name not in finished]:
        finished |= {run.name: Finished({"valid_loss": abs(run.learning_rate - 7)}) for run in missing}
    return plan(preset, finished)


def test_the_grid_comes_first_the_same_for_both_cells_and_for_two_epochs():
    wanted = [(run.cell, run.learning_rate, run.epochs) for run in plan("cpu", {})]
    assert wanted == [(cell, rate, 2) for rate in GRID for cell in CELLS]


@pytest.mark.parametrize("known", [0, 1, 9])
def test_nothing_else_is_asked_for_while_the_grid_is_open(known):
    finished = dict(list(tuning().items())[:known])
    assert plan("cpu", finished) == plan("cpu", {})


@pytest.mark.parametrize(
    ("change", "added"),
    [({"LSTM": (5.4, 5.3, 5.2, 5.0, 4.9)}, 80.0), ({"GRU": (4.9, 5.0, 5.1, 5.2, 5.3)}, 1.25)],
    ids=["above", "below"],
)
def test_a_cell_that_is_best_at_an_end_lengthens_the_grid_for_both(change, added):
    runs = plan("cpu", tuning(INSIDE | change))
    assert {(run.cell, run.learning_rate) for run in runs} == {(c, r) for c in CELLS for r in (*GRID, added)}
    assert {run.epochs for run in runs} == {2}


def test_the_grid_ends_at_its_limit():
    at_end = {"LSTM": (5.5, 5.4, 5.3, 5.2, 5.0, 4.9), "GRU": (5.1, 5.0, 4.9, 5.2, 6.0, 7.0)}
    finished = tuning(at_end, (*GRID, 80.0))
    assert finalists(FULL, finished) == ([*GRID, 80.0], {"LSTM": [80.0, 40.0], "GRU": [10.0, 5.0]})
    assert finalists(CPU, finished) == ([*GRID, 80.0], {"LSTM": [80.0], "GRU": [10.0]})


def test_the_best_rate_of_each_cell_goes_to_the_end_before_anything_else():
    runs = plan("cpu", tuning())
    assert [(run.cell, run.learning_rate, run.epochs) for run in runs[10:]] == [("LSTM", 20.0, 6), ("GRU", 10.0, 6)]


def test_in_the_full_preset_the_best_two_do_and_the_last_epoch_decides_between_them():
    runs = plan("full", tuning())
    assert [(run.cell, run.learning_rate, run.epochs) for run in runs[10:]] == [(*key, 6) for key in FINAL]
    assert tuned_rates(FULL, tuning() | records(FINAL, 6))[1] == {"LSTM": 10.0, "GRU": 5.0}
    swapped = records({key: -loss for key, loss in FINAL.items()}, 6)
    assert tuned_rates(FULL, tuning() | swapped)[1] == {"LSTM": 20.0, "GRU": 10.0}
    assert set(runs) < set(plan("full", tuning() | records(FINAL, 6)))  # the rate that lost stays part of the plan


def test_one_cell_still_open_keeps_both_waiting():
    open_gru = {key: loss for key, loss in FINAL.items() if key != ("GRU", 10.0)}
    assert plan("cpu", tuning() | records(open_gru, CPU.base.epochs)) == plan("cpu", tuning())


def test_what_matters_most_comes_first():
    """Baselines' seeds, the example, tied, variations, and what stands beside the comparison."""
    runs = all_of("full")
    lstm, gru = tuned(runs)
    milestones = [
        replace(gru, seed=SEEDS[2]),
        Settings(epochs=6),
        replace(lstm, tied=True),
        replace(lstm, layers=1),
        replace(gru, bptt=70),
        replace(lstm, layers=1, seed=SEEDS[1]),
        replace(gru, hidden_size=EQUAL_HIDDEN_SIZE),
        replace(gru, tied=True),
        replace(FULL.base, cell="RNN_TANH", learning_rate=2.5, epochs=2),
        replace(lstm, **EQUAL_UPDATES[0]),
    ]
    places = [runs.index(milestone) for milestone in milestones]
    assert places == sorted(places)


@pytest.mark.parametrize("cell", CELLS)
def test_baselines_have_two_seeds_at_full_length_and_a_third_as_long_as_the_variations(cell):
    runs = plan("cpu", SETTLED)
    epochs = [run.epochs for seed in SEEDS for run in runs if replace(run, epochs=6) == replace(TUNED[cell], seed=seed)]
    assert epochs == [2, 6, 6, 3]  # the first tunes the rate


def test_the_example_is_run_once_as_it_is_and_its_modules_as_long_as_the_variations():
    example, again, gru = (run for run in plan("cpu", SETTLED) if run.path == "stock")
    assert example == Settings(cell="LSTM", learning_rate=20.0, seed=1111, epochs=6, precision="float32")
    assert again == replace(example, seed=SEEDS[1], epochs=3)
    assert gru == replace(example, cell="GRU", learning_rate=TUNED["GRU"].learning_rate, epochs=3)


def test_the_gru_of_equal_parameters_has_two_seeds():
    runs = [run for run in plan("cpu", SETTLED) if run.hidden_size == EQUAL_HIDDEN_SIZE]
    assert runs == [replace(TUNED["GRU"], hidden_size=EQUAL_HIDDEN_SIZE, seed=seed) for seed in SEEDS[:2]]


@pytest.mark.parametrize("change", EQUAL_UPDATES, ids=str)
def test_other_intervals_with_other_columns_make_as_many_updates_of_as_many_words(change):
    base, words = CPU.base, SIZES["wikitext-2"].tokens
    other = replace(base, **change)
    assert other.bptt != base.bptt
    made = [count_windows(torch.empty(words // run.batch_size, 1), run.bptt) for run in (base, other)]
    assert made[1] == pytest.approx(made[0], rel=0.01)
    runs = [run for run in plan("cpu", SETTLED) if run.batch_size == change["batch_size"]]
    assert runs == [replace(SHORT[cell], **change) for cell in CELLS]


def test_a_third_layer_is_trained_at_half_the_rate_of_each_cell_too():
    deep = [run for run in plan("cpu", SETTLED) if run.layers == 3]
    runs = [run for run in deep if run.learning_rate != TUNED[run.cell].learning_rate]
    assert runs == [replace(SHORT[cell], layers=3, learning_rate=TUNED[cell].learning_rate / 2) for cell in CELLS]


def test_tied_weights_have_two_seeds_with_the_lstm_and_one_with_the_gru():
    tied = [(run.cell, run.seed, run.epochs) for run in plan("cpu", SETTLED) if run.tied]
    assert tied == [("LSTM", SEEDS[0], 6), ("LSTM", SEEDS[1], 6), ("GRU", SEEDS[0], 6)]


@pytest.mark.parametrize("change", VARIATIONS, ids=str)
def test_each_variation_has_two_short_runs_a_cell(change):
    gated = [run for run in plan("cpu", SETTLED) if run.cell in CELLS]
    runs = [run for run in gated if replace(TUNED[run.cell], seed=run.seed, epochs=3, **change) == run]
    assert [(run.cell, run.seed) for run in runs] == [(cell, seed) for seed in SEEDS[:2] for cell in CELLS]


def test_the_last_seed_of_baselines_layer_counts_and_intervals_is_trained_in_float32_too():
    runs = [run for run in plan("cpu", SETTLED) if (run.path, run.precision) == ("fast", "float32")]
    varied = [(layers, 35, SEEDS[1], 3) for layers in (1, 3)] + [(2, bptt, SEEDS[1], 3) for bptt in (70, 17)]
    wanted = [run for run in ((2, 35, SEEDS[2], 6), *varied) for _ in CELLS]
    assert [(run.layers, run.bptt, run.seed, run.epochs) for run in runs] == wanted


def test_a_variation_changes_one_parameter():
    assert [len(change) for change in VARIATIONS] == [1] * 6


def test_the_simple_cell_is_tuned_on_its_own_grid_by_its_own_losses():
    rates = [run.learning_rate for run in all_of("full") if run.cell == "RNN_TANH"]
    assert rates == [1.25, 2.5, 5.0, 5.0]  # the highest was made best, and goes to the end


@pytest.mark.parametrize("preset", PRESETS)
def test_no_run_is_planned_twice(preset):
    names = [run.name for run in all_of(preset)]
    assert len(names) == len(set(names))


def test_all_of_the_study_reads_the_whole_of_both_texts():
    runs = all_of("cpu") + all_of("full")
    assert {(run.corpus, run.train_tokens, run.annealing_tokens) for run in runs} == {("wikitext-2", None, None)}
    assert "train_tokens" not in inspect.getsource(study)


def test_the_full_preset_gives_every_variation_three_seeds_at_full_length():
    runs = [run for run in all_of("full") if run.cell in CELLS]
    assert {run.epochs for run in runs} == {2, 6}
    assert {run.seed for run in runs if run.layers == 3} == set(SEEDS)


def test_the_quick_preset_is_a_few_tiny_runs_of_every_sort():
    runs = all_of("quick")
    assert len(runs) <= 20
    assert {(run.corpus, run.hidden_size) for run in runs} == {("generated", 16)}
    assert max(run.epochs for run in runs) == 2
    assert {run.tied for run in runs} == {True, False}
    assert {run.path for run in runs} == {"fast"}


def test_the_equal_pair_has_equally_many_recurrent_parameters_to_half_a_percent():
    lstm, gru = torch.nn.LSTM(200, 200, 2), torch.nn.GRU(200, EQUAL_HIDDEN_SIZE, 2)
    counts = [sum(parameter.numel() for parameter in rnn.parameters()) for rnn in (lstm, gru)]
    assert counts[1] == pytest.approx(counts[0], rel=0.005)
