"""2e: the time of training steps and epochs, in our code and on PyTorch's modules."""

from __future__ import annotations

import math
from itertools import product
from statistics import fmean, geometric_mean, median

import numpy as np
import torch

from answers.parts.causes import updates
from experiments.language_model.data import windows
from lab.laws import TRAIN_TOKENS
from lab.step_times import StepTimes
from lab.study import CELLS, VARIATIONS, Study
from writeup.facts import Facts, by

COUNTED = "windows, cut and counted, by the mean logarithm of a step"


def steps(a: Facts, timed: StepTimes) -> None:
    """Processor time of a training step: what layers and units add in the runs' code, the cells on either path."""
    recorded = by("times of each setting", lambda: median(map(len, timed.record.curves["seconds"].values())))
    a("rounds", timed.record.settings["rounds"], recorded)
    for name, path in (("hidden_units_time", "fast"), ("units_on_modules", "stock")):
        wide, usual = (timed.of("LSTM", key, path).tolist() for key in ("hidden400", "baseline"))
        a.ratio(name, wide, usual, "{:.2f}")
    a.mean("gru_more", (100 * (timed.gru_over_lstm("stock") - 1)).tolist(), "{:.1f} %")
    a.mean("gru_less", (100 * (1 - timed.gru_over_lstm("fast"))).tolist(), "{:.1f} %")


def minutes(a: Facts, timed: StepTimes, short: Study, whole: Study) -> None:
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
        route = by(COUNTED, again.get, (key, cell, path), within=1e-9)
        a(name, value, route, {took[key, cell, other]: "of the other code"}, "{:.1f}")

    def apart(found: dict[tuple[str, str, str], float], *keys: str) -> float:
        """From the example's sizes, in either code."""
        return max(
            abs(found[key, of, path] / found["baseline", of, path] - 1)
            for key, of, path in product(keys, CELLS, ("fast", "stock"))
        )

    others = ("layers1", "layers3", "bptt17", "bptt70")
    ratios = [again[key, *on] / again["baseline", *on] for key in others for on in product(CELLS, ("fast", "stock"))]
    route = by(COUNTED, lambda: float(np.abs(np.array(ratios) - 1).max()), within=1e-9)
    whole_epochs(a, timed, short)
    spent, again_spent = (whole.base.epochs * found["baseline", "LSTM", "fast"] for found in (took, again))
    slip = whole.base.epochs * took["baseline", "LSTM", "stock"]
    a("time_of_six", spent, by(COUNTED, lambda: again_spent, within=1e-9), {slip: "on the modules"}, "{:.0f} minutes")
    a("others_apart", apart(took, *others), route, {apart(took, "hidden400"): "of the units"}, "{:.0%}")
    a.say(
        "time",
        lambda units_on_modules, hidden_units_time, others_apart, gru_more, gru_less: (
            min(units_on_modules.low, hidden_units_time.low) > 1.4
            and others_apart < 0.15
            and gru_more.positive
            and gru_less.positive
            and max(gru_more.high, gru_less.high) < 5
        ),
        {"units_on_modules": 1.1},
        {"hidden_units_time": 1.1},
        {"others_apart": 0.2},
        {"gru_more": 0.0},
        {"gru_more": 8.0},
        {"gru_less": 0.0},
        {"gru_less": 8.0},
    )


def whole_epochs(a: Facts, timed: StepTimes, short: Study) -> None:
    """How far the epochs of the runs themselves are from as many single steps, at most, on the same processor."""
    here = timed.record.environment["processor"]
    runs = {
        which: [run for run in of if run.record.environment["processor"] == here]
        for which, of in short.varied().items()
    }

    def seconds(key: str, cell: str) -> float:
        """Of an epoch: the median over the runs' epochs."""
        return median(took for run in runs[key, cell] for took in run.record.curves["processor_seconds"])

    def apart(times: float) -> float:
        return max(abs(times * seconds(*w) / 60 / geometric_mean(timed.minutes(w[1], w[0])) - 1) for w in runs)

    def apart_by_step() -> float:
        logs = (
            math.log(seconds(*w) / updates(of[0])) - fmean(map(math.log, timed.of(w[1], w[0])))
            for w, of in runs.items()
        )
        return max(abs(math.expm1(log)) for log in logs)

    behind = a.on(timed.record, *(run.record for of in runs.values() for run in of))
    route = by("seconds of a step, by the steps in the records", apart_by_step, within=1e-3)
    behind("epochs_apart", apart(1.0), route, {apart(2.0): "twice as slow"}, "{:.0%}")
