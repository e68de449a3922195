"""Claims about training time from the record of `experiments/step_time`: ratios within a round, where load cancels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean, median

from scipy import stats

from answers.study.run_claims import distinct
from experiments.language_model.train import Settings
from experiments.step_time import interleaved
from writeup.claims import Claim, Control, Evidence, claim, require
from writeup.records.store import Record, Records

PROBABILITY = 0.05
# The ratio of total seconds, which a burst of other work in one round moves, may lie so far from the median ratio.
TOTALS_TOLERANCE = 0.3


def step_time_record(records: Records) -> Record | None:
    """The measurement at the example's sizes; None where there is none yet."""
    wanted = interleaved.StepTimeSettings()
    found = [
        record
        for record in records.of_kind(interleaved.KIND)
        if record.settings["corpus"] == wanted.corpus and record.settings["hidden_size"] == wanted.hidden_size
    ]
    return found[-1] if found else None


def key(settings: Settings, path: str = "stock") -> str:
    """The name of a training run's settings in the record, on that path."""
    return interleaved.key(replace(settings, path=path))


def ratios(record: Record, first: str, second: str) -> list[float]:
    """Seconds a token of `first` by those of `second`, one for each round."""
    seconds, tokens = record.curves["seconds"], record.curves["tokens"]
    return [a / tokens[first] / (b / tokens[second]) for a, b in zip(seconds[first], seconds[second], strict=True)]


def ratio_claim(id: str, record: Record, first: str, second: str, text: str) -> Claim:
    """The median over rounds of the time that `first` takes for a token, in units of what `second` takes."""
    found = ratios(record, first, second)
    value = median(found)
    seconds, tokens = record.curves["seconds"], record.curves["tokens"]

    def check(candidate: float) -> Evidence:
        below, above = sum(ratio < candidate for ratio in found), sum(ratio > candidate for ratio in found)
        require(below == above, "as many rounds below as above", (below, above), "median ratio")
        totals = sum(seconds[first]) * tokens[second] / (sum(seconds[second]) * tokens[first])
        near = abs(math.log(candidate / totals)) <= TOTALS_TOLERANCE
        require(near, totals, candidate, "ratio of the seconds of all rounds together")
        route = "as many rounds lie below as above; near the ratio of the seconds of all rounds together"
        return Evidence(route, totals, records=(record.path,))

    controls = distinct(
        value,
        ".2f",
        Control(value * tokens[first] / tokens[second], "a step's time, not a token's"),
        Control(1 / value, "upside down"),
        Control(median(seconds[first]), "seconds for a ratio"),
        Control(value - 1, "the excess for the ratio"),
    )
    return claim(id, value, text, check, controls, form=".2f")


def quicker_claim(id: str, record: Record, first: str, second: str, text: str, words: Mapping[int, str]) -> Claim:
    """Whether `first` needs less time for a token (-1), more (1), or the rounds leave it open (0)."""
    logarithms = [math.log(ratio) for ratio in ratios(record, first, second)]
    found = words[sign_by_count(logarithms)]

    def check(candidate: str) -> Evidence:
        computed = words[sign_by_flips(logarithms)]
        require(candidate == computed, computed, candidate, "sides of the rounds among all that could be")
        return Evidence("sides of the rounds among all ways they could fall", computed, records=(record.path,))

    others = [Control(word, "another outcome") for word in words.values() if word != found]
    return claim(id, found, text, check, others)


def sign_by_count(values: Sequence[float]) -> int:
    """The sign that prevails by the exact binomial test on the number of negative values, else 0."""
    negative = sum(value < 0 for value in values)
    if stats.binomtest(negative, len(values)).pvalue > PROBABILITY:
        return 0
    return -1 if 2 * negative > len(values) else 1


def sign_by_flips(values: Sequence[float]) -> int:
    """The same by trying all ways to flip the signs: few of them may be as one-sided as the one that was measured."""
    sides = [-1 if value < 0 else 1 for value in values]
    one_sided = [abs(sum(flips)) >= abs(sum(sides)) for flips in product((1, -1), repeat=len(values))]
    if fmean(one_sided) > PROBABILITY:
        return 0
    return -1 if median(values) < 0 else 1


def step_claim(id: str, record: Record, name: str, text: str) -> Claim:
    """The median milliseconds of a step."""
    times = [1000 * second for second in record.curves["seconds"][name]]
    value = median(times)

    def check(candidate: float) -> Evidence:
        below, above = sum(time < candidate for time in times), sum(time > candidate for time in times)
        require(below == above, "as many rounds below as above", (below, above), "median step")
        return Evidence("as many rounds are quicker as are slower", (below, above), records=(record.path,))

    controls = distinct(value, ".0f", Control(min(times), "the best round"), Control(fmean(times), "the mean round"))
    return claim(id, value, text, check, [*controls, Control(value / 35, "a row of the window")], "ms", ".0f")
