"""2: what the recorded runs show: the error at each size, and whether it falls as the first question says."""

import math

import numpy as np

from experiments import circle
from writeup.claims import Answer
from writeup.facts import Facts, by
from writeup.figures import Plot, Series
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    record = records["circle/four_sizes"]  # made by `writeup experiments`
    a = Facts("2").on(record)
    sizes = record.settings["sizes"]
    errors = np.abs(np.array(record.curves["estimates"]) - math.pi)  # (seeds, sizes)
    # What happens when the sample grows a hundredfold: an estimate over seeds, with its interval and its usual slips.
    a.ratio("gain", errors[:, 1].tolist(), errors[:, 3].tolist(), "{:.0f}")
    a("seeds", len(errors), by("seeds in the record", lambda: len(record.seeds)))
    # A sentence that compares rests on a predicate over facts, and on data with which that must fail.
    a.say("as_expected", lambda gain: gain.low < 10 < gain.high, {"gain": 1.0}, {"gain": 100.0})
    # One of the recorded values is computed again whenever the answer is checked.
    first = record.curves["estimates"]
    a.rerun("estimate", record, [row[0] for row in first], lambda k: circle.estimate(record.seeds[k], sizes[0]), 1e-12)
    return a.answer(figures={"errors": plot(sizes, errors)})


def plot(sizes: list[int], errors: np.ndarray) -> Plot:
    root_mean_square = np.sqrt((errors**2).mean(0)).tolist()
    expected = [math.sqrt(math.pi * (4 - math.pi) / size) for size in sizes]
    return Plot(
        [
            Series("expected", sizes, expected, dashed=True, colour="grey"),
            Series("measured", sizes, root_mean_square, style="marks", colour="ink"),
        ],
        "points",
        "error",
        x_scale="log",
        y_scale="log",
        legend="below",
    )
