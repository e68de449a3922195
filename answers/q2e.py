"""2e: LSTM against GRU: perplexity and time over layers, hidden units and BPTT interval, each cell at its own rate."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np

from experiments.step_time import interleaved
from lab.laws import TRAIN_TOKENS
from lab.study import CELLS, VARIATIONS, Run, Study, count_parameters, nats, percent, perplexity
from writeup.claims import Answer, Ref, Table
from writeup.estimators import Estimate, welch, welch_misfit, welch_slips
from writeup.facts import Facts, Route, by, within
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
        best = by("the lowest recorded perplexity", lowest_rate, grid)
        behind = a.on(*(run.record for runs in grid.values() for run in runs))
        behind(f"rate_{cell}", study.rates[cell], best, {study.rates[cell] / 2: "the next lower rate"}, "{:.0f}")
    spoilt = study.grid("GRU")[study.rates["LSTM"]]
    chaos = a.on(*(run.record for run in spoilt))
    chaos("spoilt", perplexity([run.valid_loss for run in spoilt]), recorded(spoilt), form="{:~2}")


def lowest_rate(grid: dict[float, list[Run]]) -> float:
    found = {rate: runs[0].record.metrics["valid_perplexity"] for rate, runs in grid.items()}
    return min(found, key=found.__getitem__)


def recorded(runs: list[Run]) -> Route:
    """Second route: the geometric mean of the perplexities that the records give beside the losses."""
    return by(
        "geometric mean of the recorded perplexities",
        lambda: float(np.exp(np.mean(np.log([run.record.metrics["valid_perplexity"] for run in runs])))),
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


def times(a: Facts, study: Study, record: Record) -> None:
    """Processor time of a training step on the path of the runs, by that of the LSTM baseline in the same round."""
    seconds, tokens = (record.curves[name] for name in ("seconds", "tokens"))
    fast = replace(study.base, learning_rate=0.0)

    def of(cell: str, key: str) -> np.ndarray:
        name = interleaved.key(replace(fast, cell=cell, **VARIATIONS[key]))
        return np.asarray(seconds[name]) / tokens[name]

    base = of("LSTM", "baseline")
    draws = np.random.default_rng(0).integers(len(base), size=(4000, len(base)))
    a("rounds", len(base), by("the measurement's settings", lambda: record.settings["rounds"]))
    for key in VARIATIONS:
        for cell in CELLS:
            ratios = of(cell, key) / base
            low, high = np.quantile(np.median(ratios[draws], axis=1), [0.025, 0.975])
            near = within("bootstrap of the rounds", low, high, seed=0)
            a(f"{key}_{cell}_time", float(np.median(ratios)), near, form="{:.1f}")


def sentences(a: Facts) -> None:
    """What the text says of the numbers, and the numbers with which it would be wrong."""
    a.say("rate_decides", lambda rate_LSTM, rate_GRU, spoilt: rate_LSTM > rate_GRU and spoilt > 1000, {"spoilt": 450.0})
    a.say(
        "vocabulary_costs",
        lambda layers3_LSTM_time, layers3_GRU_time, hidden400_LSTM_time, hidden400_GRU_time: (
            max(layers3_LSTM_time, layers3_GRU_time) < 1.2 and min(hidden400_LSTM_time, hidden400_GRU_time) > 1.5
        ),
        {"layers3_GRU_time": 1.5},
        {"hidden400_LSTM_time": 1.1},
    )
    a.say(
        "more_is_worse",
        lambda baseline_LSTM, baseline_GRU, layers3_LSTM, layers3_GRU, bptt70_LSTM, bptt70_GRU: (
            min(layers3_LSTM, bptt70_LSTM) > 1.1 * baseline_LSTM and min(layers3_GRU, bptt70_GRU) > 1.1 * baseline_GRU
        ),
        {"bptt70_LSTM": 400.0},
        {"layers3_GRU": 430.0},
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
