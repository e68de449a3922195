"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, median

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
    mistaken_for,
    perplexity,
)
from lab.study_again import above_second_seed, fastest_epoch, merged, scatter_by_least_squares
from writeup.claims import Answer
from writeup.estimators import holm, pooled, pooled_probability
from writeup.facts import Facts, by
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    study, begun = Study.read(records), first_runs(records)
    a = Facts("2e")
    what_was_run(a.on(*study.records), study)
    learning_rates.chosen(a, study)
    settings(a, study)
    schedule(a, study)
    learning_rates.whole_text(a, begun)
    resolved(a, study)
    times(a, StepTimes.read(records, study.base))
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


def settings(a: Facts, study: Study) -> None:
    """The cells at the baseline; perplexity, and parameters in millions, of every setting and cell."""
    a.on(*study.records).change("gap", *study.contrast(between_cells("baseline")), "{:.0f} %")
    gru = study.seeds(cell="GRU")
    on(a, gru)("seeds", len(gru), by("seeds in the records", lambda: len({r.record.seeds[0] for r in gru})))
    for (key, cell), runs in study.varied().items():
        behind = on(a, runs)
        ended = perplexity([run.valid_loss for run in runs])
        behind(f"{key}_{cell}", ended, recorded(runs), mistaken_for(runs), "{:.0f}")
        counted = by("the model, built and counted", lambda r: count_parameters(r.settings) / 1e6, runs[0], within=1e-9)
        sizes = {of: count_parameters(replace(runs[0].settings, cell=of)) / 1e6 for of in CELLS}
        wrong = {size: "the other cell's" for size in sizes.values() if f"{size:.1f}" != f"{sizes[cell]:.1f}"}
        seconds = [value for run in runs for value in run.record.curves["seconds"]]
        speeds = by("the highest number of words a second", fastest_epoch, runs, within=1e-6)
        behind(f"{key}_{cell}_time", min(seconds), speeds, {fmean(seconds): "the mean, other work counted"}, "{:.0f}")
        behind(f"{key}_{cell}_size", runs[0].record.metrics["parameters"] / 1e6, counted, wrong, "{:.1f}")


def schedule(a: Facts, study: Study) -> None:
    """How the runs end whose rate was cut, and the others; pairs of seeds that differ in nothing else."""
    pairs = list(study.varied().values())
    behind = on(a, [run for runs in pairs for run in runs])
    split = sum(len({run.annealed for run in runs}) > 1 for runs in pairs)
    rule = sum(len({run.annealed_by_losses for run in runs}) > 1 for runs in pairs)
    ruled = by("the rule applied to the losses", int, rule)
    behind("split", split, ruled, {len(pairs): "all settings"})
    mixed = [sorted(runs, key=lambda run: run.annealed) for runs in pairs if len({run.annealed for run in runs}) > 1]
    gains = sorted(1 - math.exp(cut.valid_loss - kept.valid_loss) for kept, cut in mixed)
    again = sorted(1 - min(p) / max(p) for p in ([run.perplexity for run in runs] for runs in mixed))
    for name, end, other in (("annealed_least", 0, -1), ("annealed_most", -1, 0)):
        route = by("recorded perplexities, the lower by the higher", again.__getitem__, end, within=1e-6)
        behind(name, gains[end], route, {gains[other]: "the other end"}, "{:.0%}")
    a.say("annealed_end_lower", lambda annealed_least: annealed_least > 0.05, {"annealed_least": -0.05})


def between_cells(key: str) -> dict[tuple[str, str], float]:
    """The GRU less the LSTM, with one setting."""
    return {(key, "GRU"): 1.0, (key, "LSTM"): -1.0}


def from_baseline(key: str) -> dict[tuple[str, str], float]:
    """One setting less the baseline, on average over the cells."""
    return {(of, cell): sign / len(CELLS) for of, sign in ((key, 1), ("baseline", -1)) for cell in CELLS}


def resolved(a: Facts, study: Study) -> None:
    """Which settings part from the baseline, and at which the cells part, all read together; one scatter of seeds."""
    behind = a.on(*study.records)
    varied = [key for key in VARIATIONS if key != "baseline"]

    worse = holm({key: pooled_probability(*study.contrast(from_baseline(key))) for key in varied})
    of = study.repeated()
    effects = (("third_layer", "third_layer_fresh", "layers3"), ("longest", "longest_fresh", "bptt70"))
    for name, fresh_name, key in effects:
        behind.change(name, *study.contrast(from_baseline(key)), "{:.0f} %")
        fresh = fmean(fmean(of[key, cell]) - of["baseline", cell][1] for cell in CELLS)
        alone = by("recorded perplexities of the second seed", above_second_seed, study, key, within=1e-6)
        both = pooled(*study.contrast(from_baseline(key))).value
        behind(fresh_name, math.expm1(fresh), alone, {math.expm1(both): "of both seeds"}, "{:.0%}")
    a.say(
        "two_worse",
        lambda third_layer, longest: third_layer.positive and longest.positive and worse == {"layers3", "bptt70"},
        {"third_layer": 0.0},
        {"longest": 0.0},
    )
    apart = sum(not e.low < 0 < e.high for e in (pooled(*study.contrast(between_cells(key))) for key in VARIATIONS))
    gated = [run.record.settings for run in study.runs if run.settings.cell in CELLS and not run.settings.tied]
    sizes = {(kept["layers"], kept["hidden_size"], kept["bptt"]) for kept in gated if kept["seed"] != study.base.seed}
    groups = list(study.repeated().values())
    spread = math.expm1(math.sqrt(fmean((one - other) ** 2 / 2 for one, other in groups)))
    pooled_spread = by("least squares, a constant a group", scatter_by_least_squares, groups, within=1e-9)
    behind(
        "scatter", spread, pooled_spread, {math.expm1(math.log1p(spread) * math.sqrt(2)): "of differences"}, "{:.0%}"
    )
    behind("compared", len(VARIATIONS), by("models with a second seed", len, sizes))
    behind("parted", apart, by("F of the merged cells", lambda: sum(merged(study, key) < 0.05 for key in VARIATIONS)))
    a.say("cells_alike", lambda parted: parted == 0, {"parted": 1})
    high = study.varied("layers3", "bptt70")
    cut = [run for runs in high.values() for run in runs if run.annealed]
    halved = count_windows(high["bptt70", "GRU"][0]) / count_windows(study.seeds(cell="GRU")[0])
    a.say("undertrained", lambda longest: not cut and abs(halved - 1 / 2) < 0.01 and longest.positive, {"longest": 0.0})


def times(a: Facts, timed: StepTimes) -> None:
    """Processor time of a training step: the cells on either path."""
    a = a.on(timed.record)
    recorded = by("times of each setting", lambda: median(map(len, timed.record.curves["seconds"].values())))
    a("rounds", timed.record.settings["rounds"], recorded)
    for name, key in (("deeper", "layers3"), ("wider", "hidden400")):
        a.ratio(name, timed.of("LSTM", key).tolist(), timed.of("LSTM").tolist(), "{:.2f}")
    a.mean("slower", (timed.of("LSTM", path="stock") / timed.of("LSTM")).tolist(), "{:.0f}")
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
        lambda share, gap, gru_stock, gru_fast: (
            share < 0.2 and gap.low < 0 < gap.high and gru_stock.positive and gru_fast.positive
        ),
        {"gap": 100.0},
        {"gru_fast": 0.0},
    )
    a.say(
        "vocabulary_costs",
        lambda deeper, wider: deeper.high < 1.25 and wider.low > 1.5 and wider.high < 2.1,
        {"deeper": 1.5},
        {"wider": 1.1},
    )
