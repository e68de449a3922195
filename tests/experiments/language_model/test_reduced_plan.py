"""Which runs the study asks for, given what is finished."""

from collections import Counter
from dataclasses import dataclass, replace

import pytest
import torch

from experiments.language_model.reduced import EQUAL_HIDDEN_SIZE, PRESETS, SEEDS, VARIATIONS, plan, tuned_rates

BASE = PRESETS["cpu"]


@dataclass
class Finished:
    metrics: dict[str, float]


def grid_records(losses, base=BASE):
    """Records as far as a plan reads them, from {(cell, rate): loss}."""
    return {
        replace(base, cell=cell, learning_rate=rate).name: Finished({"valid_loss": loss})
        for (cell, rate), loss in losses.items()
    }


INSIDE = {("LSTM", 5.0): 3, ("LSTM", 10.0): 1, ("LSTM", 20.0): 2, ("GRU", 5.0): 2, ("GRU", 10.0): 1, ("GRU", 20.0): 3}
ABOVE = INSIDE | {("LSTM", 10.0): 2, ("LSTM", 20.0): 1}
BELOW = INSIDE | {("GRU", 5.0): 1, ("GRU", 10.0): 2}


def settled_plan(preset):
    """All runs of the preset, the grid being settled."""
    return plan(preset, grid_records(INSIDE, PRESETS[preset]))


def test_at_first_only_the_grid_is_known_the_same_for_both_cells():
    wanted = {(run.cell, run.learning_rate) for run in plan("cpu", {})}
    assert wanted == {(cell, rate) for cell in ("LSTM", "GRU") for rate in (5.0, 10.0, 20.0)}


def test_a_best_rate_inside_settles_the_grid():
    assert tuned_rates(BASE, grid_records(INSIDE)) == ([5.0, 10.0, 20.0], {"LSTM": 10.0, "GRU": 10.0})


@pytest.mark.parametrize(("losses", "grid"), [(ABOVE, [5, 10, 20, 40]), (BELOW, [2.5, 5, 10, 20])])
def test_a_best_rate_at_an_end_extends_the_grid_for_both_cells(losses, grid):
    assert tuned_rates(BASE, grid_records(losses)) == (grid, {})
    assert {run.learning_rate for run in plan("cpu", grid_records(losses)) if run.cell == "GRU"} == set(grid)


def test_the_grid_ends_at_its_limit():
    losses = ABOVE | {("LSTM", 40.0): 0.5, ("GRU", 40.0): 9} | {("LSTM", 80.0): 0.1, ("GRU", 80.0): 9}
    assert tuned_rates(BASE, grid_records(losses)) == ([5.0, 10.0, 20.0, 40.0, 80.0], {"LSTM": 80.0, "GRU": 10.0})


def test_every_variation_changes_one_thing_of_the_tuned_baseline():
    runs = plan("cpu", grid_records(INSIDE))
    for cell in ("LSTM", "GRU"):
        tuned = replace(BASE, cell=cell, learning_rate=10.0)
        for name, values in VARIATIONS:
            assert all(replace(tuned, **{name: value}) in runs for value in values)


@pytest.mark.parametrize(("preset", "seeds"), [("quick", 2), ("cpu", 2), ("full", 3)])
def test_the_baseline_has_all_seeds_of_the_preset_for_each_cell(preset, seeds):
    runs = settled_plan(preset)
    for cell in ("LSTM", "GRU"):
        tuned = replace(PRESETS[preset], cell=cell, learning_rate=10.0)
        assert [seed for seed in SEEDS if replace(tuned, seed=seed) in runs] == list(SEEDS[:seeds])


@pytest.mark.parametrize(("preset", "seeds", "beside"), [("cpu", 2, 3), ("full", 3, 0)])
def test_only_the_other_rates_and_in_the_reduced_study_what_stands_beside_have_one_seed(preset, seeds, beside):
    counts = Counter(replace(run, seed=0) for run in settled_plan(preset))
    once = [run for run, count in counts.items() if count == 1]
    assert {run.learning_rate for run in once if run.cell in ("LSTM", "GRU") and run.hidden_size == 200} == {5.0, 20.0}
    assert len(once) == 4 + beside
    assert set(counts.values()) == {1, seeds}


def test_the_reduced_study_trains_on_a_tenth_of_the_text_for_about_74_000_steps():
    """With a grid of four rates; WikiText-2's training text has 2,088,628 tokens."""
    assert BASE.train_tokens == pytest.approx(0.1 * 2_088_628, abs=1)
    finished = ABOVE | {("LSTM", 40.0): 2, ("GRU", 40.0): 9}
    runs = plan("cpu", grid_records(finished))
    rows = BASE.train_tokens // BASE.batch_size
    assert len(runs) == 39
    assert sum(run.epochs * -(-(rows - 1) // run.bptt) for run in runs) == pytest.approx(74_000, rel=0.01)


@pytest.mark.parametrize("preset", ["quick", "cpu", "full"])
def test_no_run_is_planned_twice_and_names_are_unique(preset):
    names = [run.name for run in settled_plan(preset)]
    assert len(names) == len(set(names))


def test_the_equal_pair_has_equally_many_recurrent_parameters_to_half_a_percent():
    lstm, gru = torch.nn.LSTM(200, 200, 2), torch.nn.GRU(200, EQUAL_HIDDEN_SIZE, 2)
    counts = [sum(parameter.numel() for parameter in rnn.parameters()) for rnn in (lstm, gru)]
    assert counts[1] == pytest.approx(counts[0], rel=0.005)


def test_the_full_preset_reads_all_of_the_text():
    assert {run.train_tokens for run in plan("full", {})} == {None}
