"""Question 2e's perplexity against training time: the baselines' curves, and who is lower after equally long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

import numpy as np

from answers.study.comparison import LOWER_IN_A_SENTENCE, Comparison
from answers.study.intervals import sign, sign_by_probability
from answers.study.run_claims import distinct
from answers.study.runs import CELLS, Setting, Study
from answers.study.step_times import key, step_time_record
from answers.study.times import PATHS
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.figures import Panels, Plot, Series
from writeup.records import Record, Records


def race_claims(records: Records, study: Study, baseline: Comparison) -> list[Claim]:
    """For each path the time at which the quicker cell ends, and whose perplexity is lower then."""
    record = _timing(records, baseline)
    if record is None:
        return []
    return [made for path, where in PATHS.items() for made in _path_claims(record, path, where, study, baseline)]


def race_figure(records: Records, baseline: Comparison) -> Panels | None:
    """The baselines' perplexity after each epoch against the training time on either path; None without timings."""
    record = _timing(records, baseline)
    if record is None:
        return None
    plots = []
    for path, where in PATHS.items():
        series = []
        for cell in CELLS:
            curves = [run.annealing_curve for run in baseline.of(cell).runs]
            seeds = [[math.exp(loss) for loss in losses] for losses in zip(*curves, strict=True)]
            means = [math.exp(fmean(losses)) for losses in zip(*curves, strict=True)]
            lows, highs = ([end(values) for values in seeds] for end in (min, max))
            times = epoch_ends(record, baseline.of(cell), path)
            series.append(Series(cell, times, means, lows, highs, "both"))
        label = f"seconds of training {where}"
        plots.append(Plot(series, label, "perplexity", y_scale="log", width=7.4))
    return Panels(tuple(plots))


def _timing(records: Records, baseline: Comparison) -> Record | None:
    """The record of step times; None where there is none, or where a baseline run broke off."""
    diverged = any(run.diverged for cell in CELLS for run in baseline.of(cell).runs)
    return None if diverged else step_time_record(records)


def epoch_ends(record: Record, setting: Setting, path: str) -> list[float]:
    """Seconds of training after each epoch: its windows, each as long as the median step that was timed."""
    steps = setting.runs[0].record.metrics["steps"] / setting.settings.epochs
    seconds = steps * median(record.curves["seconds"][key(setting.settings, path)])
    return [seconds * epoch for epoch in range(1, setting.settings.epochs + 1)]


def _path_claims(record: Record, path: str, where: str, study: Study, baseline: Comparison) -> list[Claim]:
    ends = {cell: epoch_ends(record, baseline.of(cell), path) for cell in CELLS}
    stop = min(times[-1] for times in ends.values())

    def by_throughput() -> float:
        found = []
        for cell in CELLS:
            name = key(baseline.of(cell).settings, path)
            seconds, tokens = record.curves["seconds"][name], record.curves["tokens"][name]
            read = sum(baseline.of(cell).runs[0].record.curves["tokens"])
            found.append(read * fmean(seconds) / tokens)
        return min(found)

    lstm, gru = ([_between(stop, ends[cell], run.annealing_curve) for run in baseline.of(cell).runs] for cell in CELLS)
    words = LOWER_IN_A_SENTENCE
    found = words[sign(lstm, gru, study.spread)]

    def check(candidate: str) -> Evidence:
        curves = {cell: [run.annealing_curve for run in baseline.of(cell).runs] for cell in CELLS}
        again = {cell: [float(np.interp(stop, ends[cell], curve)) for curve in curves[cell]] for cell in CELLS}
        computed = words[sign_by_probability(again["LSTM"], again["GRU"], study.spread)]
        require(candidate == computed, computed, candidate, "posterior probability of the sign")
        route = "numpy's interpolation of the curves; posterior probability of the sign, by quadrature"
        return Evidence(route, computed, records=(record.path, *baseline.lstm.records, *baseline.gru.records))

    longer = max(times[-1] for times in ends.values())
    return [
        claim(
            f"2e.race.{path}.stop",
            stop,
            f"when the quicker cell's training ends at the baseline, {where}",
            agrees(by_throughput, "all tokens by the mean tokens a second", tolerance=0.1 * stop),
            [*distinct(stop, ".0f", Control(stop / study.base.epochs, "an epoch")), Control(2 * longer, "both cells")],
            "s",
            ".0f",
        ),
        claim(
            f"2e.race.{path}",
            found,
            f"lower perplexity at the baseline when the quicker cell's training ends, {where}",
            check,
            [Control(word, "another outcome") for word in words.values() if word != found],
        ),
    ]


def _between(time: float, times: Sequence[float], values: Sequence[float]) -> float:
    """The value at `time` on the straight lines between the epochs."""
    for (before, low), (after, high) in pairwise(zip(times, values, strict=True)):
        if before <= time <= after:
            return low + (high - low) * (time - before) / (after - before)
    raise ValueError(f"time {time} is not between {times[0]} and {times[-1]}")
