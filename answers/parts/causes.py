"""2e: what a setting changes besides: an interval the number of updates, a third layer the rate that suits it."""

from __future__ import annotations

from answers.parts.whole_text import against, from_baseline, on
from experiments.language_model.study import EQUAL_UPDATES
from lab.study import CELLS, Run, Study, count_windows
from writeup.facts import Facts, by


def updates(run: Run) -> float:
    """Of an epoch, as the record counts them."""
    return run.record.metrics["steps"] / len(run.record.curves["tokens"])


def columns(run: Run) -> int:
    """Of the text, by the words of an update."""
    return round(run.record.curves["tokens"][0] / updates(run) / run.settings.bptt)


def equal_updates(a: Facts, short: Study) -> None:
    """Another interval with columns that leave an epoch's updates as many as the example's, of as many words."""
    baseline = short.seeds(cell="GRU")[0]
    for name, bptt in (("halved", 70), ("doubled", 17)):
        run = short.seeds(cell="GRU", bptt=bptt)[0]
        recorded = by("updates an epoch in the records", lambda run=run: updates(run) / updates(baseline))
        on(a, [run, baseline])(name, count_windows(run) / count_windows(baseline), recorded, form="{:.2f}")
    level: dict[tuple[str, str], list[Run]] = {}
    named = (("level17", "columns17", "level17_updates"), ("level70", "columns70", "level70_updates"))
    for (key, columns_of, as_many), change in zip(named, EQUAL_UPDATES, strict=True):
        level |= {(key, cell): short.seeds(cell=cell, **change) for cell in CELLS}
        run = level[key, "GRU"][0]
        on(a, [run])(columns_of, run.settings.batch_size, by("words an update, by the interval", columns, run))
        recorded = by("updates an epoch in the records", lambda run=run: updates(run) / updates(baseline))
        on(a, [run, baseline])(as_many, count_windows(run) / count_windows(baseline), recorded, form="{:.2f}")
    losses = {which: [run.valid_loss for run in runs] for which, runs in level.items()}
    behind = on(a, [*short.runs, *(run for runs in level.values() for run in runs)])
    behind.change("level17_change", *short.contrast(from_baseline("level17"), losses), "{:+.0f} %")
    behind.change("level70_change", *short.contrast(from_baseline("level70"), losses), "{:+.0f} %")
    behind.change("halving_change", *short.contrast(against("bptt70", "level70"), losses), "{:+.1f} %")
    behind.change("doubling_change", *short.contrast(against("bptt17", "level17"), losses), "{:+.1f} %")
    a.say(
        "as_many_updates",
        lambda halved, doubled, level17_updates, level70_updates: (
            abs(halved - 1 / 2) < 0.02
            and abs(doubled - 2) < 0.1
            and abs(level17_updates - 1) < 0.01
            and abs(level70_updates - 1) < 0.01
        ),
        {"halved": 1.0},
        {"doubled": 1.0},
        {"level17_updates": 2.0},
        {"level70_updates": 0.5},
    )
    a.say(
        "updates_not_memory",
        lambda level17_change, level70_change, halving_change, doubling_change: (
            level17_change.low < 0
            and level17_change.high > 0
            and level70_change.low < 0
            and level70_change.high > 0
            and halving_change.positive
            and doubling_change.negative
        ),
        {"level17_change": 5.0},
        {"level17_change": -5.0},
        {"level70_change": 5.0},
        {"level70_change": -5.0},
        {"halving_change": 0.0},
        {"doubling_change": 0.0},
    )


def slower(a: Facts, short: Study) -> None:
    """A third layer at half the rate of each cell, one seed each, beside the baseline."""
    runs = {cell: short.seeds(cell=cell, layers=3, learning_rate=short.rates[cell] / 2) for cell in CELLS}
    behind = on(a, [*short.runs, *(run for of in runs.values() for run in of)])
    rates = tuple(sorted({run.settings.learning_rate / short.rates[cell] for cell, of in runs.items() for run in of}))

    def by_curves() -> tuple[float, ...]:
        first = {cell: short.seeds(cell=cell)[0].record.curves["learning_rate"][0] for cell in CELLS}
        return tuple({run.record.curves["learning_rate"][0] / first[cell] for cell, of in runs.items() for run in of})

    behind("slow3_rates", rates, by("first rates of the curves", by_curves), {(1.0,): "the tuned rates"})
    losses = {("slow3", cell): [run.valid_loss for run in of] for cell, of in runs.items()}
    behind.change("slow3_change", *short.contrast(from_baseline("slow3"), losses), "{:.0f} %")
    a.say(
        "half_rate_does_not_help",
        lambda slow3_rates, slow3_change, layers3_change: (
            slow3_rates == (0.5,) and slow3_change.positive and slow3_change.value > layers3_change.value
        ),
        {"slow3_rates": (1.0,)},
        {"slow3_change": 0.0, "layers3_change": -1.0},
        {"slow3_change": 5.0},
        {"layers3_change": 20.0},
    )
