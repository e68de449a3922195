"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

import torch

from answers import whole_text
from answers.shown.study import panels, table, whole_text_plots
from answers.whole_text import between_cells, on, recorded
from experiments.language_model.data import windows
from lab.laws import TRAIN_TOKENS
from lab.step_times import StepTimes
from lab.study import (
    CELLS,
    VALID_TOKENS,
    VARIATIONS,
    Study,
    count_parameters,
    count_windows,
    mistaken_for,
    on_whole_text,
    perplexity,
)
from lab.study_again import half_width, holm_again, lowest_rate, merged, rates_in_names
from writeup.claims import Answer
from writeup.estimators import holm, pooled, pooled_probability
from writeup.facts import Facts, by
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    study = Study.read(records)
    tuning, whole = on_whole_text(records)
    a = Facts("2e")
    whole_text.tuned(a, tuning)
    whole_text.compared(a, whole)
    whole_text.beside_published(a, whole)
    what_was_run(a.on(*study.records), study)
    settings(a, study)
    resolved(a, study)
    annealed(a, study)
    timed = StepTimes.read(records, study.base)
    times(a.on(timed.record), timed)
    minutes(a.on(timed.record), timed)
    return a.answer(
        tables={"settings": table()},
        figures={"whole": whole_text_plots(tuning, whole), "settings": panels(study)},
    )


def what_was_run(a: Facts, study: Study) -> None:
    first, base = study.runs[0].record, study.base
    share = (base.train_tokens or TRAIN_TOKENS) / TRAIN_TOKENS
    shown = by("words predicted in an epoch", lambda: first.curves["tokens"][0] / TRAIN_TOKENS, within=1e-3)
    a("share", share, shown, {base.epochs * share: "words of all epochs"}, "{:.0%}")
    read = by("the records' settings", lambda: first.settings["annealing_tokens"] / VALID_TOKENS)
    a("annealing_share", (base.annealing_tokens or VALID_TOKENS) / VALID_TOKENS, read, {1.0: "all of it"}, "{:.0%}")
    lengths = by("losses in each curve", lambda: median(len(r.record.curves["valid_loss"]) for r in study.runs))
    a("epochs", base.epochs, lengths)


def settings(a: Facts, study: Study) -> None:
    """The cells at the baseline; perplexity, and parameters in millions, of every setting and cell."""
    for cell, name in (("LSTM", "part_rate_LSTM"), ("GRU", "part_rate_GRU")):
        grid = study.grid(cell)
        best = by("the lowest loss of the annealing curves", lowest_rate, grid)
        behind = on(a, [run for runs in grid.values() for run in runs])
        lower = {study.rates[cell] / 2: "the next lower rate"}
        behind(name, study.rates[cell], best, lower, "{:.0f}")
    for name, end in (("lowest_rate", min), ("highest_rate", max)):
        named = by("rates in the names of the GRU's runs", lambda end=end: end(rates_in_names(study.grid("GRU"))))
        a.on(*study.records)(name, end(study.grid("GRU")), named, {study.rates["GRU"]: "the best"}, "{:.0f}")
    for cell, name in (("LSTM", "second_LSTM"), ("GRU", "second_GRU")):
        run = study.seeds(cell=cell)[1]
        on(a, [run])(name, perplexity([run.valid_loss]), recorded([run]), mistaken_for([run]), "{:.0f}")
    gru = study.seeds(cell="GRU")
    on(a, gru)("seeds", len(gru), by("seeds in the records", lambda: len({r.record.seeds[0] for r in gru})))
    for (key, cell), runs in study.varied().items():
        behind = on(a, runs)
        ended = perplexity([run.valid_loss for run in runs])
        behind(f"{key}_{cell}", ended, recorded(runs), mistaken_for(runs), "{:.0f}")
        counted = by("the model, built and counted", lambda r: count_parameters(r.settings) / 1e6, runs[0], within=1e-9)
        sizes = {of: count_parameters(replace(runs[0].settings, cell=of)) / 1e6 for of in CELLS}
        wrong = {size: "the other cell's" for size in sizes.values() if f"{size:.1f}" != f"{sizes[cell]:.1f}"}
        behind(f"{key}_{cell}_size", runs[0].record.metrics["parameters"] / 1e6, counted, wrong, "{:.1f}")


def from_baseline(key: str) -> dict[tuple[str, str], float]:
    """One setting less the baseline, on average over the cells."""
    return {(of, cell): sign / len(CELLS) for of, sign in ((key, 1), ("baseline", -1)) for cell in CELLS}


def resolved(a: Facts, study: Study) -> None:
    """Which settings part from the baseline, and at which the cells part, all read together; one scatter of seeds."""
    behind = a.on(*study.records)
    varied = [key for key in VARIATIONS if key != "baseline"]
    contrasts = {key: study.contrast(from_baseline(key), fresh=True) for key in varied}
    found = holm({key: pooled_probability(*contrast) for key, contrast in contrasts.items()})
    tested = by("t of each by least squares, simulated quantiles of t", holm_again, contrasts)
    behind("worse", tuple(sorted(found)), tested, {("bptt70", "layers3"): "each read alone"})
    behind.change("longest", *contrasts["bptt70"], "{:.0f} %")
    behind.change("third_layer", *contrasts["layers3"], "{:.0f} %")
    a.say(
        "one_worse",
        lambda longest, third_layer, worse, first_cut, second_cut: (
            longest.positive and third_layer.low < 0 and worse == ("bptt70",) and first_cut == 2 and second_cut == 0
        ),
        {"longest": 0.0},
        {"third_layer": 30.0},
        {"worse": ("bptt17", "bptt70")},
        {"first_cut": 1},
        {"second_cut": 1},
    )
    gaps = [pooled(*study.contrast(between_cells(key))) for key in VARIATIONS]
    apart = sum(not gap.low < 0 < gap.high for gap in gaps)
    gated = [run.record.settings for run in study.runs if run.settings.cell in CELLS and not run.settings.tied]
    sizes = {(kept["layers"], kept["hidden_size"], kept["bptt"]) for kept in gated if kept["seed"] != study.base.seed}
    behind("compared", len(VARIATIONS), by("models with a second seed", len, sizes))
    behind("parted", apart, by("F of the merged cells", lambda: sum(merged(study, key) < 0.05 for key in VARIATIONS)))
    half = gaps[0].high - gaps[0].value  # one for all: every setting has two seeds of either cell
    simulated = by("scatter by least squares, simulated quantile of t", half_width, study.repeated(), within=0.002)
    behind("resolvable", math.expm1(half), simulated, {math.expm1(half / 2): "half of it"}, "{:.0%}")
    a.say(
        "cells_alike", lambda parted, resolvable: parted == 0 and resolvable < 0.2, {"parted": 1}, {"resolvable": 0.4}
    )
    one, other = study.varied("bptt70")["bptt70", "GRU"][0], study.seeds(cell="GRU")[0]
    steps = by("updates in the records", lambda: one.record.metrics["steps"] / other.record.metrics["steps"])
    behind("halved", count_windows(one) / count_windows(other), steps, form="{:.2f}")
    a.say(
        "undertrained",
        lambda longest, halved: abs(halved - 1 / 2) < 0.01 and longest.positive,
        {"longest": 0.0},
        {"halved": 1.0},
        {"halved": 0.25},
    )


def annealed(a: Facts, study: Study) -> None:
    """Where the rule cut the rate within these few epochs, and what that is worth between seeds of one setting."""
    behind, rule = a.on(*study.records), "the rule applied to the losses"
    pairs = list(study.varied().values())
    split = [sorted(of, key=lambda run: run.annealed) for of in pairs if len({run.annealed for run in of}) > 1]
    ruled = by(rule, lambda: sum(len({run.annealed_by_losses for run in of}) > 1 for of in pairs))
    behind("split", len(split), ruled, {len(pairs): "all settings"})
    behind.mean("cut_gain", [100 * (1 - cut.perplexity / not_cut.perplexity) for not_cut, cut in split], "{:.0f} %")
    late = [run for of in study.varied("layers3", "hidden400", "bptt70").values() for run in of]
    first, second = ([study.seeds(cell=cell)[k] for cell in CELLS] for k in (0, 1))
    for name, runs in (("late_cut", late), ("first_cut", first), ("second_cut", second)):
        again = by(rule, lambda runs=runs: sum(run.annealed_by_losses for run in runs))
        on(a, runs)(name, sum(run.annealed for run in runs), again)
    a.say(
        "cuts_decide",
        lambda cut_gain, late_cut: cut_gain.positive and late_cut == 0,
        {"cut_gain": 0.0},
        {"late_cut": 1},
    )


def times(a: Facts, timed: StepTimes) -> None:
    """Processor time of a training step: the cells on either path, and what layers and units add."""
    recorded = by("times of each setting", lambda: median(map(len, timed.record.curves["seconds"].values())))
    a("rounds", timed.record.settings["rounds"], recorded)
    for name, key in (("deeper", "layers3"), ("wider", "hidden400")):
        a.ratio(name, timed.of("LSTM", key).tolist(), timed.of("LSTM").tolist(), "{:.2f}")
    a.mean("slower", (timed.of("LSTM") / timed.of("LSTM", path="fast")).tolist(), "{:.0f}")
    a.mean("gru_stock", (100 * (timed.gru_over_lstm("stock") - 1)).tolist(), "{:.1f} %")
    a.mean("gru_fast", (100 * (1 - timed.gru_over_lstm("fast"))).tolist(), "{:.1f} %")
    a.say(
        "code_not_cells",
        lambda gru_stock, gru_fast: gru_stock.positive and gru_fast.positive,
        {"gru_stock": 0.0},
        {"gru_fast": 0.0},
    )
    a.say(
        "answer",
        lambda gap, longest, wider, gru_stock, gru_fast: (
            gap.positive and longest.positive and wider.low > 1.5 and max(gru_stock.high, gru_fast.high) < 5
        ),
        {"gap": 0.0},
        {"longest": 0.0},
        {"wider": 1.1},
        {"gru_stock": 20.0},
        {"gru_fast": 20.0},
    )
    a.say(
        "vocabulary_costs",
        lambda deeper, wider: deeper.high < 1.25 and wider.low > 1.5 and wider.high < 2.1,
        {"deeper": 1.5},
        {"wider": 1.1},
        {"wider": 2.2},
    )


def minutes(a: Facts, timed: StepTimes) -> None:
    """Of an epoch on the whole text with PyTorch's modules, by the median step of each setting and cell."""
    for key, change in VARIATIONS.items():
        text = torch.zeros(TRAIN_TOKENS // timed.base.batch_size, 1, dtype=torch.long)
        steps = sum(1 for _ in windows(text, change.get("bptt", timed.base.bptt)))
        for cell in CELLS:
            stock, fast = (timed.minutes(cell, key, path).tolist() for path in ("stock", "fast"))
            again = by(
                "windows, cut and counted, and the median that the run recorded",
                timed.recorded,
                cell,
                key,
                steps,
                within=1e-3,
            )
            a(f"{key}_{cell}_time", median(stock), again, {median(fast): "of the fused path"}, "{:~2}")
