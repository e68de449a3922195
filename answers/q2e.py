"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
from scipy import stats

from experiments.step_time import interleaved
from lab.laws import TRAIN_TOKENS
from lab.study import CELLS, VARIATIONS, Run, Study, count_parameters, nats, percent, perplexity
from writeup.claims import Answer, Ref, Table
from writeup.estimators import Estimate, welch, welch_misfit, welch_slips
from writeup.facts import Facts, Route, by
from writeup.figures import Panels, Plot, Series
from writeup.records.store import Record, Records

COLOURS = {"LSTM": "lstm", "GRU": "gru"}
LABELS = {
    "baseline": "2 layers, 200 units, interval 35",
    "layers1": "1 layer",
    "layers3": "3 layers",
    "hidden100": "100 units",
    "hidden400": "400 units",
    "bptt17": "interval 17",
    "bptt70": "interval 70",
}
MIDDLE = (10.0, 20.0)  # rates at which neither cell is near its end
PANELS = {"layers": (1, 2, 3), "hidden_size": (100, 200, 400), "bptt": (17, 35, 70)}
AXES = {"layers": "layers", "hidden_size": "hidden units", "bptt": "BPTT interval"}


def answer(records: Records) -> Answer:
    study = Study.read(records)
    timed = records[f"{interleaved.KIND}/{interleaved.StepTimeSettings().name}"]
    a = Facts("2e")
    what_was_run(a.on(*study.records), study)
    rates(a, study)
    baseline(a, study)
    settings(a, study)
    schedule(a, study)
    times(a.on(timed), study, timed)
    sentences(a)
    return a.answer(tables={"settings": table()}, figures={"rates": rate_plot(study), "settings": panels(study)})


def what_was_run(a: Facts, study: Study) -> None:
    steps = sum(int(run.record.metrics["steps"]) for run in study.runs)
    a(
        "runs",
        len(study.runs),
        by("different models in their probes", lambda: len({str(r.record.probe) for r in study.runs})),
    )
    share = (study.base.train_tokens or TRAIN_TOKENS) / TRAIN_TOKENS
    shown = by(
        "words predicted in an epoch", lambda: study.runs[0].record.curves["tokens"][0] / TRAIN_TOKENS, within=1e-3
    )
    a("share", share, shown, {study.base.epochs * share: "words of all epochs"}, "{:.0%}")
    lengths = by("losses in each curve", lambda: median(len(r.record.curves["valid_loss"]) for r in study.runs))
    a("epochs", study.base.epochs, lengths)
    a("steps", steps, by("windows of the texts, epoch by epoch", lambda: sum(map(windows, study.runs))), form="{:~2}")


def windows(run: Run) -> int:
    """Training steps of a run: windows of its columns in all of its epochs."""
    rows = run.record.curves["tokens"][0] // run.settings.batch_size
    return -(-rows // run.settings.bptt) * len(run.record.curves["tokens"])


def rates(a: Facts, study: Study) -> None:
    """Each cell's best rate, and what the other cell makes of it."""
    for cell in CELLS:
        grid = study.grid(cell)
        best = by("the lowest loss of the annealing curves", lowest_rate, grid)
        behind = a.on(*(run.record for runs in grid.values() for run in runs))
        behind(f"rate_{cell}", study.rates[cell], best, {study.rates[cell] / 2: "the next lower rate"}, "{:.0f}")
    spoilt = study.grid("GRU")[study.rates["LSTM"]]
    chaos = a.on(*(run.record for run in spoilt))
    chaos("spoilt", perplexity([run.valid_loss for run in spoilt]), recorded(spoilt), form="{:~2}")
    middle = {rate: [study.grid(cell)[rate] for cell in CELLS] for rate in MIDDLE}
    behind = a.on(*(run.record for pair in middle.values() for runs in pair for run in runs))
    apart = max(abs(math.log(mean_of(gru) / mean_of(lstm))) for lstm, gru in middle.values())
    ratios = [mean_of(lstm) / mean_of(gru) for lstm, gru in middle.values()]
    route = by("ratios of the recorded perplexities", lambda: max(max(r, 1 / r) for r in ratios) - 1, within=1e-3)
    behind("mid_gap", apart, route, {2 * apart: "of both sides"}, "{:.0%}")
    a.say(
        "both_stable",
        lambda mid_gap, spoilt, rate_LSTM: mid_gap < 0.05 and spoilt > 1000 and rate_LSTM == 40,
        {"mid_gap": 0.2},
        {"spoilt": 450.0},
    )


def mean_of(runs: list[Run]) -> float:
    """The geometric mean of the recorded perplexities."""
    return float(np.exp(np.mean(np.log([run.record.metrics["valid_perplexity"] for run in runs]))))


def lowest_rate(grid: dict[float, list[Run]]) -> float:
    found = {rate: min(runs[0].record.curves["valid_loss"]) for rate, runs in grid.items()}
    return min(found, key=found.__getitem__)


def recorded(runs: list[Run]) -> Route:
    """Second route: the geometric mean of the perplexities that the records give beside the losses."""
    return by(
        "geometric mean of the recorded perplexities",
        lambda: mean_of(runs),
        within=1e-6,
    )


def baseline(a: Facts, study: Study) -> None:
    """GRU against LSTM at the example's sizes, in per cent of the LSTM's perplexity."""
    gru, lstm = (study.losses(cell=cell) for cell in ("GRU", "LSTM"))
    made = percent(welch(gru, lstm))

    def misfit(candidate: Estimate) -> str:
        return welch_misfit(gru, lstm, nats(candidate))

    behind = a.on(*(run.record for cell in CELLS for run in study.seeds(cell=cell)))
    slips = {why: percent(slip) for why, slip in welch_slips(gru, lstm).items()}
    behind.estimate("gap", made, misfit, slips, "{:+.0f} %", "scipy's test for unequal variances, of logarithms")
    behind(
        "seeds",
        len(gru),
        by("different seeds in the records", lambda: len({r.record.seeds[0] for r in study.seeds(cell="GRU")})),
    )
    a.say("not_told_apart", lambda gap, share: gap.low < 0 < gap.high and share < 0.2, {"gap": 10 * abs(made.low)})


def settings(a: Facts, study: Study) -> None:
    """Perplexity, and parameters in millions, of every setting and cell."""
    for key, change in VARIATIONS.items():
        for cell in CELLS:
            runs = study.seeds(cell=cell, **change)
            behind = a.on(*(run.record for run in runs))
            behind(f"{key}_{cell}", perplexity([run.valid_loss for run in runs]), recorded(runs), form="{:.0f}")
            counted = by("the model, built and counted", count, runs[0], within=1e-9)
            behind(f"{key}_{cell}_size", runs[0].record.metrics["parameters"] / 1e6, counted, form="{:.1f}")


def count(run: Run) -> float:
    return count_parameters(run.settings) / 1e6


def schedule(a: Facts, study: Study) -> None:
    """What annealing decided, and what two seeds resolve."""
    runs = {
        key: [run for cell in CELLS for run in study.seeds(cell=cell, **change)] for key, change in VARIATIONS.items()
    }
    every = [run for of in runs.values() for run in of]
    behind = a.on(*(run.record for run in every))
    cut, kept = ([math.exp(r.valid_loss) for r in every if annealed(r) is flag] for flag in (True, False))
    for name, value, of, pick in (
        ("annealed_low", min(cut), True, min),
        ("annealed_high", max(cut), True, max),
        ("kept_low", min(kept), False, min),
        ("kept_high", max(kept), False, max),
    ):
        route = by("recorded perplexities by the rate of the last epoch", last_rates, every, of, pick)
        behind(name, value, route, {min(kept) if of else min(cut): "of the other runs"}, "{:.0f}")
    a.say(
        "annealing_decides",
        lambda annealed_low, annealed_high, kept_low, kept_high: (
            annealed_low < kept_low and annealed_high < kept_high - 50
        ),
        {"annealed_high": 560.0},
    )
    worst = [run for key in ("layers3", "hidden400", "bptt70") for run in runs[key]]
    unresolved = sum(
        e.low < 0 < e.high
        for key, change in VARIATIONS.items()
        if key != "baseline"
        for cell in CELLS
        for e in [welch(study.losses(cell=cell, **change), study.losses(cell=cell))]
    )
    tested = by("scipy's tests for unequal variances that do not reject", not_rejected, study)
    behind("unresolved", unresolved, tested)
    behind("worst_annealed", sum(map(annealed, worst)), by("rates of their last epochs", last_cuts, worst))
    a.say(
        "no_setting_resolved",
        lambda unresolved, worst_annealed: unresolved == 2 * (len(VARIATIONS) - 1) and worst_annealed == 0,
        {"unresolved": 11},
        {"worst_annealed": 1},
    )
    lstm, gru = (study.losses(cell=cell, hidden_size=400) for cell in CELLS)

    def misfit(candidate: Estimate) -> str:
        return welch_misfit(gru, lstm, nats(candidate))

    slips = {why: percent(slip) for why, slip in welch_slips(gru, lstm).items()}
    wide = a.on(*(run.record for run in runs["hidden400"]))
    wide.estimate("ahead", percent(welch(gru, lstm)), misfit, slips, "{:.0f} %", "scipy's test, of logarithms")
    a.say("one_of_many", lambda ahead: ahead.positive, {"ahead": 0.0})


def annealed(run: Run) -> bool:
    """Whether the rate was divided within the run."""
    rates = run.record.curves["learning_rate"]
    return bool(rates[-1] < rates[0])


def last_rates(runs: list[Run], cut: bool, pick: Any) -> float:
    """Second route: by the rate of the last epoch against that of the settings."""
    of = [r for r in runs if (r.record.curves["learning_rate"][-1] != r.settings.learning_rate) is cut]
    return float(pick(run.record.metrics["valid_perplexity"] for run in of))


def last_cuts(runs: list[Run]) -> int:
    return sum(run.record.curves["learning_rate"][-1] != run.settings.learning_rate for run in runs)


def not_rejected(study: Study) -> int:
    """Of the settings' differences from their cell's baseline, those that a test at the five per cent level leaves."""
    pairs = [
        (study.losses(cell=cell, **change), study.losses(cell=cell))
        for key, change in VARIATIONS.items()
        if key != "baseline"
        for cell in CELLS
    ]
    return sum(stats.ttest_ind(*pair, equal_var=False).pvalue > 0.05 for pair in pairs)


def times(a: Facts, study: Study, record: Record) -> None:
    """Processor time of a training step on the path of the runs, by that of the LSTM baseline in the same round."""
    seconds, tokens = (record.curves[name] for name in ("seconds", "tokens"))
    fast = replace(study.base, learning_rate=0.0)

    def of(cell: str, key: str) -> np.ndarray:
        name = interleaved.key(replace(fast, cell=cell, **VARIATIONS[key]))
        return np.asarray(seconds[name]) / tokens[name]

    base = of("LSTM", "baseline")
    a("rounds", len(base), by("times recorded for one setting", lambda: len(next(iter(seconds.values())))))
    for key in VARIATIONS:
        for cell in CELLS:
            a.mean(f"{key}_{cell}_time", (of(cell, key) / base).tolist(), "{:.2f}")
    steps = -(-(study.runs[0].record.curves["tokens"][0] // study.base.batch_size) // study.base.bptt)
    for path in ("stock", "fast"):
        lstm, gru = (np.asarray(seconds[interleaved.key(replace(fast, cell=cell, path=path))]) for cell in CELLS)
        a.mean(f"gru_{path}", (100 * (gru / lstm - 1)).tolist(), "{:+.0f} %")
        a.mean(f"epoch_{path}", (steps * lstm).tolist(), "{:.0f} s")
    a.say(
        "time_is_alike",
        lambda gru_stock, gru_fast: all(e.low < 0 < e.high for e in (gru_stock, gru_fast)),
        {"gru_stock": 20.0},
        {"gru_fast": -20.0},
    )


def sentences(a: Facts) -> None:
    """What the text says of the numbers, and the numbers with which it would be wrong."""
    a.say(
        "vocabulary_costs",
        lambda layers3_LSTM_time, hidden400_LSTM_time: (
            layers3_LSTM_time.high < 1.25 and hidden400_LSTM_time.low > 1.5 and hidden400_LSTM_time.high < 2.1
        ),
        {"layers3_LSTM_time": 1.5},
        {"hidden400_LSTM_time": 1.1},
    )


def table() -> Table:
    """One row a setting."""
    rows: list[list[str | Ref]] = [
        [LABELS[key], *(Ref(f".{key}_{cell}{what}") for what in ("", "_size", "_time") for cell in CELLS)]
        for key in VARIATIONS
    ]
    header = ["", "LSTM", "GRU", "M, LSTM", "M, GRU", "time, LSTM", "time, GRU"]
    return Table(header, rows, "l" + "r" * 6)


def rate_plot(study: Study) -> Plot:
    """Perplexity over the learning rate; every seed a dot, runs that blew up at the rim."""
    series = []
    for cell in CELLS:
        grid = study.grid(cell)
        means = [perplexity([run.valid_loss for run in runs]) for runs in grid.values()]
        beside = (1.06 * min(grid), means[0])  # the other ends lie at the rim
        series.append(Series(cell, list(grid), means, style="both", colour=COLOURS[cell], label_at=beside))
    ticks = list(study.grid("LSTM"))
    return Plot(
        series,
        "learning rate",
        "validation perplexity",
        x_scale="log",
        x_ticks=ticks,
        x_tick_labels=[f"{tick:g}" for tick in ticks],
        y_limits=(380.0, 620.0),
        height=5.0,
    )


def panels(study: Study) -> Panels:
    """Perplexity against each parameter, one panel each: lines join the means, every seed is a dot."""
    return Panels([_panel(study, field, values) for field, values in PANELS.items()], columns=3, share_y=True)


def _panel(study: Study, field: str, values: tuple[int, ...]) -> Plot:
    series = []
    for cell in CELLS:
        runs = [
            study.seeds(cell=cell, **({} if value == getattr(study.base, field) else {field: value}))
            for value in values
        ]
        seeds = [(x, perplexity([run.valid_loss])) for x, of in enumerate(runs) for run in of]
        means = [perplexity([run.valid_loss for run in of]) for of in runs]
        positions = [float(x) for x in range(len(values))]
        label = cell if field == "bptt" else ""
        series.append(Series(label, positions, means, style="both", colour=COLOURS[cell]))
        series.append(Series("", [x for x, _ in seeds], [y for _, y in seeds], style="dots", colour=COLOURS[cell]))
    return Plot(
        series,
        AXES[field],
        "validation perplexity",
        x_categories=tuple(map(str, values)),
        y_limits=(380.0, 560.0),
        legend="direct" if field == "bptt" else "none",
        height=5.0,
    )
