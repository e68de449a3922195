"""Question 2e's perplexity against training time: the baselines' curves, and who is lower after equally long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

import numpy as np

from answers.study.comparison import LOWER_IN_A_SENTENCE, Comparison
from answers.study.intervals import Spread, pooled_spread, sign, sign_by_probability
from answers.study.run_claims import distinct
from answers.study.runs import CELLS, Setting, Study
from answers.study.step_times import key, step_time_record
from answers.study.times import PATHS
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.errors import WriteupError
from writeup.figures import Panels, Plot, Series
from writeup.records.store import Record, Records


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
        series = [
            learning_curve(cell, baseline.of(cell), epoch_ends(record, baseline.of(cell), path)) for cell in CELLS
        ]
        plots.append(Plot(series, f"processor seconds {where}", "perplexity", y_scale="log", width=7.4))
    return Panels(tuple(plots))


def learning_curve(label: str, setting: Setting, x: Sequence[float]) -> Series:
    """Perplexity after each epoch on the annealing part; the bars reach from the lowest seed to the highest."""
    epochs = list(zip(*(run.annealing_curve for run in setting.runs if not run.diverged), strict=True))
    lows, means, highs = ([math.exp(of(losses)) for losses in epochs] for of in (min, fmean, max))
    return Series(label, x, means, lows, highs, "both")


def epoch_ends(record: Record, setting: Setting, path: str) -> list[float]:
    """Seconds of training after each epoch: its windows, each as long as the median step that was timed."""
    steps = setting.runs[0].record.metrics["steps"] / setting.settings.epochs
    seconds = steps * median(record.curves["seconds"][key(setting.settings, path)])
    return [seconds * epoch for epoch in range(1, setting.settings.epochs + 1)]


def _timing(records: Records, baseline: Comparison) -> Record | None:
    """The record of step times; None where there is none, or where a baseline run broke off."""
    diverged = any(run.diverged for cell in CELLS for run in baseline.of(cell).runs)
    return None if diverged else step_time_record(records)


def _path_claims(record: Record, path: str, where: str, study: Study, baseline: Comparison) -> list[Claim]:
    whole = {cell: epoch_ends(record, baseline.of(cell), path)[-1] for cell in CELLS}
    stop, epochs = min(whole.values()), study.base.epochs
    done = {cell: epochs * stop / seconds for cell, seconds in whole.items()}
    lstm, gru = ([_after(done[cell], run.annealing_curve) for run in baseline.of(cell).runs] for cell in CELLS)
    spread, words = _spread(study, min(done.values())), LOWER_IN_A_SENTENCE
    found = words[sign(lstm, gru, spread)]
    paths = (record.path, *baseline.lstm.records, *baseline.gru.records)

    def counted(cell: str) -> float:
        """Seconds of a run: the windows that its epochs' tokens make, by numpy's median of a step."""
        name = key(baseline.of(cell).settings, path)
        tokens = baseline.of(cell).runs[0].record.curves["tokens"]
        windows = sum(math.ceil(count / record.curves["tokens"][name]) for count in tokens)
        return windows * float(np.median(record.curves["seconds"][name]))

    def check(candidate: str) -> Evidence:
        seconds = {cell: counted(cell) for cell in CELLS}
        again = {}
        for cell in CELLS:
            at = epochs * min(seconds.values()) / seconds[cell]
            curves = [run.annealing_curve for run in baseline.of(cell).runs]
            again[cell] = [float(np.interp(at, range(1, epochs + 1), curve)) for curve in curves]
        computed = words[sign_by_probability(again["LSTM"], again["GRU"], spread)]
        require(candidate == computed, computed, candidate, "posterior probability of the sign")
        route = "epochs done by then, from tokens and numpy's median; posterior probability of the sign, by quadrature"
        return Evidence(route, computed, records=paths)

    return [
        claim(
            f"2e.race.{path}.stop",
            stop,
            f"when the quicker cell's training ends at the baseline, {where}",
            agrees(
                lambda: min(map(counted, CELLS)),
                "windows that the epochs' tokens make, by numpy's median of a step",
                tolerance=1e-6 * stop,
                records=paths,
            ),
            distinct(
                stop,
                ".0f",
                Control(max(whole.values()), "the slower cell's end"),
                Control(stop / epochs, "an epoch"),
                Control(sum(whole.values()), "both cells"),
            ),
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


def _spread(study: Study, epochs: float) -> Spread | None:
    """The deviation over seeds after so many epochs: in the middle of training it is not that of the end."""
    whole = [setting for setting in study.repeated if not any(run.diverged for run in setting.runs)]
    return pooled_spread([[_after(epochs, run.annealing_curve) for run in setting.runs] for setting in whole])


def _after(epochs: float, losses: Sequence[float]) -> float:
    """The loss after so many epochs, on the straight line between two of them."""
    before = min(math.floor(epochs), len(losses) - 1)
    if before < 1:
        raise WriteupError(f"perplexity against time: after {epochs:.2f} epochs; legal are 1 to {len(losses)}")
    return losses[before - 1] + (losses[before] - losses[before - 1]) * (epochs - before)
