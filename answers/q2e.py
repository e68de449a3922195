"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from answers.parts import causes, step_times, whole_text
from answers.parts.whole_text import between_cells, from_baseline, on
from answers.shown.study import panels, table, whole_text_plots
from lab.step_times import StepTimes
from lab.study import (
    CELLS,
    VARIATIONS,
    Run,
    Studies,
    Study,
    count_parameters,
    mistaken_for,
    perplexity,
)
from lab.study_again import adjusted_again, holm_again, last_of
from writeup.claims import Answer
from writeup.estimators import holm, pooled, pooled_probability
from writeup.facts import Facts, by
from writeup.records.store import Records

Contrast = tuple[list[list[float]], list[float]]  # groups of losses, and the weights of their means


def answer(records: Records) -> Answer:
    studies = Studies.read(records)
    a = Facts("2e")
    whole_text.tuned(a, studies.tuning)
    whole_text.compared(a, studies.whole)
    whole_text.begun(a, studies.whole, studies.short.base.epochs)
    whole_text.equal(a, studies.whole)
    whole_text.simple(a, studies)
    whole_text.precisions(a, studies)
    whole_text.beside_published(a, studies.whole)
    whole_text.beside_modules(a, studies.short, studies.modules)
    uncut(a, studies.runs)
    settings(a, studies.short)
    both = replace(studies.short, runs=(*studies.short.runs, *(run for _, run in studies.in_both_precisions)))
    resolved(a, studies.short, both)
    cells_apart(a, studies.short, both)
    causes.equal_updates(a, studies.short)
    causes.slower(a, studies.short)
    timed = StepTimes.read(records, studies.whole.base)
    step_times.steps(a.on(timed.record), timed)
    step_times.minutes(a.on(timed.record), timed, studies.short, studies.whole)
    headline(a)
    return a.answer(
        tables={"settings": table()},
        figures={"whole": whole_text_plots(studies.tuning, studies.whole), "settings": panels(studies.short)},
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


def standing(a: Facts, name: str, contrasts: dict[str, Contrast]) -> list[str]:
    """State which of the contrasts stand, read together."""
    found = sorted(holm({key: pooled_probability(*contrast) for key, contrast in contrasts.items()}))
    tested = by("t of each by least squares, simulated quantiles of t", holm_again, contrasts)
    a(name, tuple(found), tested, {tuple(sorted(contrasts)): "all of them"})
    return found


def resolved(a: Facts, short: Study, both: Study) -> None:
    """Which settings part from the baseline, all read together; one scatter of seeds; `both` has float32 runs, too."""
    behind = a.on(*short.records)
    changed = [key for key in VARIATIONS if key != "baseline"]
    contrasts = {key: short.contrast(from_baseline(key)) for key in changed}
    found = standing(behind, "stand", contrasts)
    standing(a.on(*both.records), "stand_in_both", {key: both.contrast(from_baseline(key)) for key in changed})
    chances = sorted(pooled_probability(*contrasts[key]) for key in found)
    worst = max((len(contrasts) - rank) * chance for rank, chance in enumerate(chances))
    again = by("t by least squares, all six in order",
               lambda: max(adjusted_again(contrasts, key) for key in found), within=1e-6)  # fmt: skip
    behind("p_stand", worst, again, {max(chances): "read alone"}, "{:.3f}")
    for key, contrast in contrasts.items():
        behind.change(f"{key}_change", *contrast, "{:+.0f} %")
    a.say(
        "which_stand",
        lambda stand, p_stand: stand == ("bptt70", "hidden100", "hidden400", "layers1", "layers3") and p_stand < 0.03,
        {"stand": ("bptt70", "hidden100", "layers3")},
        {"p_stand": 0.04},
    )


def cells_apart(a: Facts, short: Study, both: Study) -> None:
    """At which settings the cells part, and whether the settings act differently on them, all read together."""
    behind, behind_both = a.on(*short.records), a.on(*both.records)
    between = {key: short.contrast(between_cells(key)) for key in VARIATIONS}
    for key, contrast in between.items():
        behind.change(f"{key}_gap", *contrast, "{:+.0f} %")
    standing(behind, "measurable", between)
    standing(behind_both, "measurable_in_both", {key: both.contrast(between_cells(key)) for key in VARIATIONS})
    grus = (run.settings for (_, cell), runs in short.varied().items() for run in runs if cell == "GRU")
    sizes = {(s.layers, s.hidden_size, s.bptt) for s in grus}
    behind("compared", len(VARIATIONS), by("models that a GRU was trained with", len, sizes))
    led = sum(pooled(*contrast).value > 0 for contrast in between.values())
    ahead = by(
        "the last perplexities of the curves",
        lambda: sum(
            last_of(short.seeds(cell="LSTM", **change)) < last_of(short.seeds(cell="GRU", **change))
            for change in VARIATIONS.values()
        ),
    )
    behind("led", led, ahead)
    a.say(
        "lstm_leads",
        lambda led, compared, measurable: (
            led == compared and measurable == ("baseline", "bptt17", "hidden400", "layers3")
        ),
        {"led": 6},
        {"compared": 8},
        {"measurable": ("layers3",)},
    )
    a.say(
        "precision_too",
        lambda stand_in_both, measurable_in_both: (
            stand_in_both == ("bptt70", "hidden100", "hidden400", "layers1", "layers3")
            and measurable_in_both == ("baseline", "bptt17", "bptt70", "hidden400", "layers3")
        ),
        {"stand_in_both": ("bptt70", "hidden100", "layers3")},
        {"measurable_in_both": ("layers3",)},
    )


def headline(a: Facts) -> None:
    """The first sentences, which rest on all of the above."""
    a.say(
        "answer",
        lambda gap, gru_more, gru_less, baseline_LSTM_modules, baseline_GRU_modules: (
            gap.positive
            and max(gru_more.high, gru_less.high) < 5
            and abs(baseline_GRU_modules / baseline_LSTM_modules - 1) < 0.05
        ),
        {"gap": 0.0},
        {"baseline_LSTM_modules": 20.0},
        {"baseline_GRU_modules": 35.0},
        {"gru_more": 8.0},
        {"gru_less": 8.0},
    )
    a.say(
        "changes",
        lambda layers3_change, layers1_change, hidden100_change, hidden400_change, bptt70_change, stand: (
            layers3_change.positive
            and hidden100_change.positive
            and bptt70_change.positive
            and hidden400_change.negative
            and layers1_change.negative
            and stand == ("bptt70", "hidden100", "hidden400", "layers1", "layers3")
        ),
        {"layers3_change": 0.0},
        {"hidden100_change": 0.0},
        {"bptt70_change": 0.0},
        {"hidden400_change": 0.0},
        {"layers1_change": 0.0},
        {"stand": ("layers3",)},
    )
