"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from statistics import fmean, geometric_mean, median

import torch

from answers import whole_text
from answers.shown.study import panels, table, whole_text_plots
from answers.whole_text import between_cells, on
from experiments.language_model.data import windows
from lab.laws import TRAIN_TOKENS
from lab.step_times import StepTimes
from lab.study import (
    CELLS,
    VARIATIONS,
    Run,
    Studies,
    Study,
    count_parameters,
    count_windows,
    mistaken_for,
    perplexity,
)
from lab.study_again import adjusted_again, half_width, holm_again, last_of
from writeup.claims import Answer
from writeup.estimators import holm, pooled, pooled_probability
from writeup.facts import Facts, by
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    studies = Studies.read(records)
    a = Facts("2e")
    whole_text.tuned(a, studies.tuning)
    whole_text.compared(a, studies.whole)
    whole_text.precisions(a, studies)
    whole_text.beside_published(a, studies.whole)
    whole_text.beside_modules(a, studies.short, studies.modules)
    uncut(a, studies.runs)
    settings(a, studies.short)
    resolved(a, studies.short)
    cells_apart(a, studies.short)
    timed = StepTimes.read(records, studies.whole.base)
    times(a.on(timed.record), timed)
    minutes(a.on(timed.record), timed)
    headline(a)
    return a.answer(
        tables={"settings": table()},
        figures={"whole": whole_text_plots(studies.tuning, studies.whole), "settings": panels(studies.short, timed)},
    )


def uncut(a: Facts, runs: list[Run]) -> None:
    """In how many of all runs the example's rule divided the rate."""
    ruled = by("the rule applied to the losses", lambda: sum(run.annealed_by_losses for run in runs))
    on(a, runs)("cut", sum(run.annealed for run in runs), ruled)
    a.say("never_cut", lambda cut: cut == 0, {"cut": 1})


def settings(a: Facts, short: Study) -> None:
    """Perplexity after the first epochs, and parameters in millions, of every setting and cell."""
    lengths = by("losses in each curve", lambda: median(len(run.curve) for run in short.runs))
    a.on(*short.records)("short_epochs", short.base.epochs, lengths)
    for name, keys in (("short_seeds", ("baseline",)), ("varied_seeds", tuple(VARIATIONS)[1:])):
        every = [short.seeds(cell=cell, **VARIATIONS[key]) for key in keys for cell in CELLS]
        runs = [run for of in every for run in of]
        counted = by("different curves", lambda of=every: min(len({str(run.curve) for run in runs}) for runs in of))
        on(a, runs)(name, len(runs) // len(every), counted)
    for (key, cell), runs in short.varied().items():
        behind = on(a, runs)
        ended = perplexity([run.valid_loss for run in runs])
        route = by("geometric mean of the last perplexities", last_of, runs, within=5e-4)
        behind(f"{key}_{cell}", ended, route, mistaken_for(runs), "{:.0f}")
        counted = by("the model, built and counted", lambda r: count_parameters(r.settings) / 1e6, runs[0], within=1e-9)
        sizes = {of: count_parameters(replace(runs[0].settings, cell=of)) / 1e6 for of in CELLS}
        wrong = {size: "the other cell's" for size in sizes.values() if f"{size:.1f}" != f"{sizes[cell]:.1f}"}
        behind(f"{key}_{cell}_size", runs[0].record.metrics["parameters"] / 1e6, counted, wrong, "{:.1f}")


def from_baseline(key: str) -> dict[tuple[str, str], float]:
    """One setting less the baseline, on average over the cells."""
    return {(of, cell): sign / len(CELLS) for of, sign in ((key, 1), ("baseline", -1)) for cell in CELLS}


def resolved(a: Facts, short: Study) -> None:
    """Which settings part from the baseline, all read together; one scatter of seeds."""
    behind = a.on(*short.records)
    contrasts = {key: short.contrast(from_baseline(key)) for key in VARIATIONS if key != "baseline"}
    found = holm({key: pooled_probability(*contrast) for key, contrast in contrasts.items()})
    tested = by("t of each by least squares, simulated quantiles of t", holm_again, contrasts)
    behind("stand", tuple(sorted(found)), tested, {tuple(contrasts): "all of them"})
    chances = sorted(pooled_probability(*contrasts[key]) for key in found)
    worst = max((len(contrasts) - rank) * chance for rank, chance in enumerate(chances))
    again = by("t by least squares, all six in order",
               lambda: max(adjusted_again(contrasts, key) for key in found), within=1e-6)  # fmt: skip
    behind("p_stand", worst, again, {max(chances): "read alone"}, "{:.3f}")
    for name, key in (
        ("deep", "layers3"),
        ("narrow", "hidden100"),
        ("longest", "bptt70"),
        ("wide", "hidden400"),
        ("shallow", "layers1"),
    ):
        behind.change(name, *contrasts[key], "{:+.0f} %")
    run, baseline = short.seeds(cell="GRU", bptt=70)[0], short.seeds(cell="GRU")[0]
    recorded = by("updates an epoch in the records", lambda: updates(run) / updates(baseline))
    behind("halved", count_windows(run) / count_windows(baseline), recorded, form="{:.2f}")
    a.say(
        "which_stand",
        lambda deep, shallow, narrow, longest, wide, stand, p_stand, halved: (
            deep.positive
            and narrow.positive
            and longest.positive
            and wide.negative
            and shallow.negative
            and stand == ("bptt70", "hidden100", "hidden400", "layers1", "layers3")
            and p_stand < 0.03
            and abs(halved - 1 / 2) < 0.02
        ),
        {"deep": 0.0},
        {"narrow": 0.0},
        {"longest": 0.0},
        {"wide": 0.0},
        {"shallow": 0.0},
        {"stand": ("bptt70", "hidden100", "layers3")},
        {"p_stand": 0.04},
        {"halved": 1.0},
    )


def cells_apart(a: Facts, short: Study) -> None:
    """At which settings the cells part, all read together; the same scatter of seeds."""
    behind = a.on(*short.records)
    between = {key: short.contrast(between_cells(key)) for key in VARIATIONS}
    gaps = [pooled(*contrast) for contrast in between.values()]
    apart = tuple(sorted(holm({key: pooled_probability(*contrast) for key, contrast in between.items()})))
    tested = by("t of each by least squares, simulated quantiles of t", holm_again, between)
    behind("measurable", apart, tested, {tuple(between): "all of them"})
    uneven = {
        key: short.contrast(between_cells(key) | {("baseline", "GRU"): -1.0, ("baseline", "LSTM"): 1.0})
        for key in VARIATIONS
        if key != "baseline"
    }
    found = tuple(sorted(holm({key: pooled_probability(*contrast) for key, contrast in uneven.items()})))
    tested = by("t of each by least squares, simulated quantiles of t", holm_again, uneven)
    behind("uneven", found, tested, {tuple(uneven): "all of them"})
    a.say("act_alike", lambda uneven: uneven == (), {"uneven": ("bptt70",)})
    sizes = {(s.layers, s.hidden_size, s.bptt) for s in (run.settings for run in short.runs) if s.cell == "GRU"}
    behind("compared", len(VARIATIONS), by("models that a GRU was trained with", len, sizes))
    ratios = [
        last_of(short.seeds(cell="GRU", **change)) / last_of(short.seeds(cell="LSTM", **change))
        for change in VARIATIONS.values()
    ]
    gapped = [gap.value for gap in gaps]
    for name, end, other in (("least", min, max), ("most", max, min)):
        again = by("ratios of the last perplexities", lambda end=end: end(ratios) - 1, within=2e-5)
        behind(name, math.expm1(end(gapped)), again, {math.expm1(other(gapped)): "the other end"}, "{:.0%}")
    keys = list(VARIATIONS)
    ends = tuple(keys[gapped.index(end(gapped))] for end in (min, max))
    again = by("ratios of the last perplexities", lambda: tuple(keys[ratios.index(end(ratios))] for end in (min, max)))
    behind("farthest", ends, again, {ends[::-1]: "the other way round"})
    two_seeds = pooled(*between["hidden100"])  # of either cell
    half = two_seeds.high - two_seeds.value
    simulated = by("scatter by least squares, simulated quantile of t", half_width, short.repeated(), 2, within=0.002)
    behind("resolvable", math.expm1(half), simulated, {math.expm1(half / 2): "half of it"}, "{:.0%}")
    a.say(
        "lstm_leads",
        lambda least, most, farthest, measurable, resolvable: (
            0 < least < most
            and farthest == ("hidden100", "bptt17")
            and measurable == ("baseline", "bptt17", "hidden400", "layers3")
            and resolvable < 0.2
        ),
        {"least": -0.01},
        {"most": 0.0},
        {"farthest": ("hidden400", "layers3")},
        {"measurable": ("layers3",)},
        {"resolvable": 0.4},
    )


def updates(run: Run) -> float:
    """Of an epoch, as the record counts them."""
    return run.record.metrics["steps"] / len(run.record.curves["tokens"])


def times(a: Facts, timed: StepTimes) -> None:
    """Processor time of a training step: what layers and units add in the runs' code, the cells on either path."""
    recorded = by("times of each setting", lambda: median(map(len, timed.record.curves["seconds"].values())))
    a("rounds", timed.record.settings["rounds"], recorded)
    for name, path in (("hidden_units_time", "fast"), ("units_on_modules", "stock")):
        wide, usual = (timed.of("LSTM", key, path).tolist() for key in ("hidden400", "baseline"))
        a.ratio(name, wide, usual, "{:.2f}")
    a.mean("slower", (timed.of("LSTM", path="stock") / timed.of("LSTM")).tolist(), "{:.0f}")
    a.mean("gru_more", (100 * (timed.gru_over_lstm("stock") - 1)).tolist(), "{:.1f} %")
    a.mean("gru_less", (100 * (1 - timed.gru_over_lstm("fast"))).tolist(), "{:.1f} %")
    a.say(
        "code_not_cells",
        lambda gru_more, gru_less: gru_more.positive and gru_less.positive,
        {"gru_more": 0.0},
        {"gru_less": 0.0},
    )


def minutes(a: Facts, timed: StepTimes) -> None:
    """Of an epoch on the whole text, by the geometric mean of the rounds: in the runs' code and on the modules."""
    took: dict[tuple[str, str, str], float] = {}
    again: dict[tuple[str, str, str], float] = {}
    for (key, change), cell, path in product(VARIATIONS.items(), CELLS, ("fast", "stock")):
        text = torch.zeros(TRAIN_TOKENS // timed.base.batch_size, 1, dtype=torch.long)
        steps = sum(1 for _ in windows(text, change.get("bptt", timed.base.bptt)))
        took[key, cell, path] = geometric_mean(timed.minutes(cell, key, path))
        again[key, cell, path] = steps / 60 * math.exp(fmean(map(math.log, timed.of(cell, key, path))))
    for (key, cell, path), value in took.items():
        name, other = (f"{key}_{cell}_time", "stock") if path == "fast" else (f"{key}_{cell}_modules", "fast")
        route = by(
            "windows, cut and counted, by the mean logarithm of a step", again.get, (key, cell, path), within=1e-9
        )
        a(name, value, route, {took[key, cell, other]: "of the other code"}, "{:.1f}")

    def apart(found: dict[tuple[str, str, str], float], path: str, *keys: str) -> float:
        """From the example's sizes."""
        return max(abs(found[key, of, path] / found["baseline", of, path] - 1) for key, of in product(keys, CELLS))

    others = ("layers1", "layers3", "bptt17", "bptt70")
    for name, path in (("modules_apart", "stock"), ("ours_apart", "fast")):
        route = by(
            "windows, cut and counted, by the mean logarithm of a step", apart, again, path, *others, within=1e-9
        )
        a(name, apart(took, path, *others), route, {apart(took, path, "hidden400"): "of the units"}, "{:.0%}")


def headline(a: Facts) -> None:
    """The first sentences, which rest on all of the above."""
    a.say(
        "answer",
        lambda gap, deep, shallow, narrow, longest, wide, stand: (
            gap.positive
            and deep.positive
            and narrow.positive
            and longest.positive
            and wide.negative
            and shallow.negative
            and stand == ("bptt70", "hidden100", "hidden400", "layers1", "layers3")
        ),
        {"gap": 0.0},
        {"deep": 0.0},
        {"narrow": 0.0},
        {"longest": 0.0},
        {"wide": 0.0},
        {"shallow": 0.0},
        {"stand": ("layers3",)},
    )
    a.say(
        "time",
        lambda units_on_modules, hidden_units_time, modules_apart, ours_apart, gru_more, gru_less: (
            min(units_on_modules.low, hidden_units_time.low) > 1.4
            and modules_apart < 0.1
            and ours_apart < 0.15
            and gru_more.positive
            and gru_less.positive
            and max(gru_more.high, gru_less.high) < 5
        ),
        {"units_on_modules": 1.1},
        {"hidden_units_time": 1.1},
        {"modules_apart": 0.2},
        {"ours_apart": 0.2},
        {"gru_more": 0.0},
        {"gru_more": 8.0},
        {"gru_less": 0.0},
        {"gru_less": 8.0},
    )
