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
    single = {
        "slowest_LSTM": lstm[min(lstm)],
        "slowest_GRU": gru[min(gru)],
        "spoilt": gru[study.rates["LSTM"]],
    }
    for name, runs in single.items():
        form = "{:~2}" if name == "spoilt" else "{:.0f}"
        on(a, runs)(name, perplexity([run.valid_loss for run in runs]), recorded(runs), form=form)
    apart = [math.expm1(abs(math.log(mean_of(gru[rate]) / mean_of(lstm[rate])))) for rate in MIDDLE]
    losses = [abs(np.mean([r.valid_loss for r in gru[m]]) - np.mean([r.valid_loss for r in lstm[m]])) for m in MIDDLE]
    route = by("differences of the mean losses", lambda: float(np.expm1(max(losses))), within=1e-6)
    on(a, [run for m in MIDDLE for run in lstm[m] + gru[m]])("mid_gap", max(apart), route, form="{:~1%}")
    a.say(
        "both_stable",
        lambda mid_gap, spoilt, slowest_LSTM, slowest_GRU, rate_LSTM, rate_GRU: (
            mid_gap < 0.03 and spoilt > 1000 > slowest_LSTM > 1.1 * slowest_GRU and rate_LSTM > rate_GRU
        ),
        {"mid_gap": 0.2},
        {"spoilt": 450.0},
        {"slowest_GRU": 600.0},
        {"rate_LSTM": 20.0},
    )


def whole_text(a: Facts, runs: dict[str, dict[float, Run]]) -> None:
    """The runs on the whole training text: each cell's best rate, and the lowest, which both have."""
    slowest = min(runs["LSTM"])
    for cell, rate in (("LSTM", "whole_rate_LSTM"), ("GRU", "whole_rate_GRU")):
        best = min(runs[cell].values(), key=lambda run: run.valid_loss)
        curves = {rate: min(run.record.curves["valid_loss"]) for rate, run in runs[cell].items()}
        route = by("the lowest loss of the curves", lambda curves: min(curves, key=curves.__getitem__), curves)
        behind = on(a, list(runs[cell].values()))
        behind(rate, best.settings.learning_rate, route, {slowest: "the lowest"}, "{:.0f}")
        for name, run in ((f"whole_{cell}", best), (f"slow_{cell}", runs[cell][slowest])):
            other = runs["GRU" if cell == "LSTM" else "LSTM"][run.settings.learning_rate]
            slips = {other.perplexity: "the other cell's", math.exp(run.test_loss): "of the test text"}
            on(a, [run])(name, perplexity([run.valid_loss]), recorded([run]), slips, "{:.0f}")
    every = [run for of in runs.values() for run in of.values()]
    lengths = by("losses in each curve", lambda: median(len(run.record.curves["valid_loss"]) for run in every))
    on(a, every)("whole_epochs", every[0].settings.epochs, lengths)
    a.say(
        "whole_text",
        lambda slow_GRU, slow_LSTM, whole_GRU, whole_LSTM, whole_rate_LSTM: (
            slow_GRU < 0.9 * slow_LSTM and whole_LSTM < 0.95 * whole_GRU and whole_rate_LSTM == max(runs["LSTM"])
        ),
        {"slow_GRU": 400.0},
        {"whole_LSTM": 230.0},
        {"whole_rate_LSTM": 10.0},
    )
