"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from statistics import fmean, median

from scipy import stats

from answers import learning_rates
from answers.learning_rates import on, recorded
from answers.shown.study import panels, rate_plots, table
from lab.laws import TRAIN_TOKENS
from lab.step_times import StepTimes
from lab.study import (
    CELLS,
    VALID_TOKENS,
    VARIATIONS,
    Study,
    count_parameters,
    count_windows,
    first_runs,
    mean_of,
    mistaken_for,
    perplexity,
)
from writeup.claims import Answer
from writeup.estimators import welch
from writeup.facts import Facts, by
from writeup.records.store import Records

HIGHEST = ("layers3", "hidden400", "bptt70")


def answer(records: Records) -> Answer:
    study, begun = Study.read(records), first_runs(records)
    a = Facts("2e")
    what_was_run(a.on(*study.records), study)
    learning_rates.chosen(a, study)
    settings(a, study)
    schedule(a, study)
    learning_rates.whole_text(a, begun)
    resolved(a, study)
    times(a, study, StepTimes.read(records, study.base))
    return a.answer(
        tables={"settings": table()},
        figures={"rates": rate_plots(study, begun), "settings": panels(study)},
    )


def what_was_run(a: Facts, study: Study) -> None:
    first, base = study.runs[0].record, study.base
    a("runs", len(study.runs), by("different probes", lambda: len({str(r.record.probe) for r in study.runs})))
    share = (base.train_tokens or TRAIN_TOKENS) / TRAIN_TOKENS
    shown = by("words predicted in an epoch", lambda: first.curves["tokens"][0] / TRAIN_TOKENS, within=1e-3)
    a("share", share, shown, {base.epochs * share: "words of all epochs"}, "{:.0%}")
    read = by("the records' settings", lambda: first.settings["annealing_tokens"] / VALID_TOKENS)
    a("annealing_share", (base.annealing_tokens or VALID_TOKENS) / VALID_TOKENS, read, {1.0: "all of it"}, "{:.0%}")
    lengths = by("losses in each curve", lambda: median(len(r.record.curves["valid_loss"]) for r in study.runs))
    a("epochs", base.epochs, lengths)
    steps = sum(int(run.record.metrics["steps"]) for run in study.runs)
    windows = by("windows of the texts, epoch by epoch", lambda: sum(map(count_windows, study.runs)))
    a("steps", steps, windows, form="{:~2}")


def compare(a: Facts, name: str, study: Study, key: str, form: str) -> None:
    """GRU against LSTM with one setting, in per cent of the LSTM's perplexity."""
    gru, lstm = (study.losses(cell=cell, **VARIATIONS[key]) for cell in ("GRU", "LSTM"))
    on(a, [run for runs in study.varied(key).values() for run in runs]).change(name, gru, lstm, form)


def settings(a: Facts, study: Study) -> None:
    """The cells at the baseline; perplexity, and parameters in millions, of every setting and cell."""
    compare(a, "gap", study, "baseline", "{:+.0f} %")
    a.say("not_told_apart", lambda gap, share: gap.low < 0 < gap.high and share < 0.2, {"gap": 100.0})
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


def schedule(a: Facts, study: Study) -> None:
    """How the runs end whose rate was cut, and the others; pairs of seeds that differ in nothing else."""
    pairs = list(study.varied().values())
    every = [run for runs in pairs for run in runs]
    behind = on(a, every)
    for name, pick in {"annealed_low": min, "annealed_high": max, "kept_low": min, "kept_high": max}.items():
        cut = name.startswith("annealed")
        value = math.exp(pick(run.valid_loss for run in every if run.annealed is cut))
        found = pick(run.perplexity for run in every if run.annealed_by_losses is cut)
        other = math.exp(pick(run.valid_loss for run in every if run.annealed is not cut))
        route = by("recorded perplexities, the rule applied to the losses", float, found, within=1e-6)
        behind(name, value, route, {other: "of the other runs"}, "{:.0f}")
    split = sum(len({run.annealed for run in runs}) > 1 for runs in pairs)
    rule = sum(len({run.annealed_by_losses for run in runs}) > 1 for runs in pairs)
    ruled = by("the rule applied to the losses", int, rule)
    behind("split", split, ruled, {len(pairs): "all settings"})
    a.say("annealed_end_lower", lambda annealed_high, kept_low: annealed_high < kept_low, {"annealed_high": 560.0})


def resolved(a: Facts, study: Study) -> None:
    """What two seeds resolve: no setting from its cell's baseline, by Welch's interval and by scipy's test."""
    of = {which: [run.valid_loss for run in runs] for which, runs in study.varied().items()}
    pairs = [(losses, of["baseline", cell]) for (key, cell), losses in of.items() if key != "baseline"]
    probabilities = [stats.ttest_ind(*pair, equal_var=False).pvalue for pair in pairs]
    tested = by("scipy's tests at the level of five per cent", lambda: sum(p > 0.05 for p in probabilities))
    unresolved = sum(e.low < 0 < e.high for e in (welch(*pair) for pair in pairs))
    a.on(*study.records)("unresolved", unresolved, tested)
    a.say("no_setting_resolved", lambda unresolved: unresolved == len(pairs), {"unresolved": len(pairs) - 1})
    high = study.varied(*HIGHEST)
    cut = [run for runs in high.values() for run in runs if run.annealed]
    lowest = min(map(mean_of, high.values()))
    halved = count_windows(high["bptt70", "GRU"][0]) / count_windows(study.seeds(cell="GRU")[0])
    compare(a, "ahead", study, "hidden400", "{:.0f} %")
    apart = [key for key in VARIATIONS if (e := welch(of[key, "GRU"], of[key, "LSTM"])).low > 0 or e.high < 0]
    a.say("one_of_many", lambda ahead: ahead.positive and apart == ["hidden400"], {"ahead": 0.0})
    a.say(
        "high_unannealed",
        lambda baseline_LSTM, baseline_GRU: (
            not cut and abs(halved - 1 / 2) < 0.01 and lowest > max(baseline_LSTM, baseline_GRU)
        ),
        {"baseline_GRU": 450.0},
    )


def times(a: Facts, study: Study, timed: StepTimes) -> None:
    """Processor time of a training step; the cells on either path; the LSTM's epoch."""
    a = a.on(timed.record)
    recorded = by("times of each setting", lambda: median(map(len, timed.record.curves["seconds"].values())))
    a("rounds", timed.record.settings["rounds"], recorded)
    for key, cell in product(VARIATIONS, CELLS):
        a.mean(f"{key}_{cell}_time", timed.per_word(cell, key).tolist(), "{:.2f}")
    a.mean("slower", (timed.of("LSTM", path="stock") / timed.of("LSTM")).tolist(), "{:.1f}")
    runs = study.seeds(cell="LSTM")
    epochs = [seconds for run in runs for seconds in run.record.curves["seconds"]]
    whole = by(
        "training time of the whole runs",
        lambda: sum(r.record.timing["train_seconds"] for r in runs) / len(epochs),
        within=1e-3,
    )
    evaluated = sum(r.record.timing["total_seconds"] for r in runs) / len(epochs)
    on(a, runs)("epoch", fmean(epochs), whole, {evaluated: "evaluation counted"}, "{:.0f} s")
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
        lambda share, gap, annealed_high, kept_low, gru_stock, gru_fast: (
            share < 0.2
            and gap.low < 0 < gap.high
            and annealed_high < kept_low
            and gru_stock.positive
            and gru_fast.positive
        ),
        {"gap": 100.0},
        {"annealed_high": 560.0},
        {"gru_fast": 0.0},
    )
    a.say(
        "vocabulary_costs",
        lambda layers3_LSTM_time, hidden400_LSTM_time: (
            layers3_LSTM_time.high < 1.25 and hidden400_LSTM_time.low > 1.5 and hidden400_LSTM_time.high < 2.1
        ),
        {"layers3_LSTM_time": 1.5},
        {"hidden400_LSTM_time": 1.1},
    )
