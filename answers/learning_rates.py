"""2e: learning rates at the baseline: what the chosen ones rest on, and the first runs on the whole text."""

from __future__ import annotations

import math
from statistics import median

import numpy as np

from lab.study import CELLS, Run, Study, lowest_rate, mean_of, perplexity
from writeup.facts import Facts, Route, by

MIDDLE = (10.0, 20.0)  # rates at which neither cell is near its end


def on(a: Facts, runs: list[Run]) -> Facts:
    return a.on(*(run.record for run in runs))


def recorded(runs: list[Run]) -> Route:
    return by("geometric mean of the recorded perplexities", mean_of, runs, within=1e-6)


def chosen(a: Facts, study: Study) -> None:
    """Each cell's best rate, on how little it rests, and where the other cell is by then."""
    for name, cell in (("rate_LSTM", "LSTM"), ("rate_GRU", "GRU")):
        grid = study.grid(cell)
        best = by("the lowest loss of the annealing curves", lowest_rate, grid)
        behind = on(a, [run for runs in grid.values() for run in runs])
        behind(name, study.rates[cell], best, {study.rates[cell] / 2: "the next lower rate"}, "{:.0f}")
    lstm, gru = (study.grid(cell) for cell in CELLS)
    chosen, spoilt = lstm[study.rates["LSTM"]], gru[study.rates["LSTM"]]
    other = gru[study.rates["GRU"]]
    single = {
        "spoilt": spoilt,
        "second_seed": chosen[1:],
        "at_middle": lstm[MIDDLE[1]],
        "second_GRU": other[1:],
        "middle_GRU": gru[MIDDLE[0]],
    }
    for name, runs in single.items():
        form = "{:~2}" if name == "spoilt" else "{:.0f}"
        on(a, runs)(name, perplexity([run.valid_loss for run in runs]), recorded(runs), form=form)
    apart = [math.expm1(abs(math.log(mean_of(gru[rate]) / mean_of(lstm[rate])))) for rate in MIDDLE]
    losses = [abs(np.mean([r.valid_loss for r in gru[m]]) - np.mean([r.valid_loss for r in lstm[m]])) for m in MIDDLE]
    route = by("differences of the mean losses", lambda: float(np.expm1(max(losses))), within=1e-6)
    on(a, [run for m in MIDDLE for run in lstm[m] + gru[m]])("mid_gap", max(apart), route, form="{:~1%}")
    seeds_apart = abs(math.log(other[1].perplexity / other[0].perplexity))
    a.say(
        "both_stable",
        lambda mid_gap, spoilt, second_seed: mid_gap < 0.5 * seeds_apart and spoilt > 2 * second_seed,
        {"mid_gap": 0.2},
        {"spoilt": 450.0},
        {"second_seed": 1000.0},
    )
    a.say(
        "rests_on_one_seed",
        lambda second_seed, at_middle, second_GRU, middle_GRU, rate_LSTM, rate_GRU: (
            [[run.annealed for run in runs] for runs in (chosen, other)] == [[True, False]] * 2
            and [rate_GRU, rate_LSTM] == [2 * rate for rate in MIDDLE]
            and second_seed > 0.99 * at_middle
            and second_GRU > middle_GRU
        ),
        {"second_seed": 392.0},
        {"second_GRU": 407.0},
        {"rate_LSTM": 20.0},
    )


def whole_text(a: Facts, runs: dict[str, dict[float, Run]]) -> None:
    """The first runs on the whole training text, at the lowest and the highest rate that both cells have."""
    rates = sorted(set(runs["LSTM"]) & set(runs["GRU"]))
    for name, rate in (("slow", rates[0]), ("quick", rates[-1])):
        for cell in CELLS:
            run, other = runs[cell][rate], runs["GRU" if cell == "LSTM" else "LSTM"][rate]
            slips = {other.perplexity: "the other cell's", math.exp(run.test_loss): "of the test text"}
            on(a, [run])(f"{name}_{cell}", perplexity([run.valid_loss]), recorded([run]), slips, "{:.0f}")
    every = [run for of in runs.values() for run in of.values()]
    lengths = by("losses in each curve", lambda: median(len(run.record.curves["valid_loss"]) for run in every))
    on(a, every)("whole_epochs", every[0].settings.epochs, lengths)
    a.say(
        "whole_text",
        lambda slow_GRU, slow_LSTM, quick_GRU, quick_LSTM: slow_GRU < 0.9 * slow_LSTM and quick_LSTM < 0.9 * quick_GRU,
        {"slow_GRU": 400.0},
        {"quick_LSTM": 230.0},
    )
