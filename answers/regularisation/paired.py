r"""Means over seeds and paired differences with intervals, as claims.

First route: mean and Student's t interval by the textbook formula, d +- t s / sqrt(n). Second routes: scipy's own
paired t test for the interval, and, for the verdict, a test that knows no normal distribution: under "no effect" every
seed's difference may as well have the other sign, so the observed mean is held against the means under random signs
(Fisher 1935; Ernst 2004, "Permutation methods: a basis for exact inference").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import fmean, stdev

import numpy as np
from scipy import stats

from writeup.claims import Check, Claim, Control, Evidence, agrees, claim, require

LEVEL = 0.95
ROUND_OFF = 1e-9
WHOLE = 0.1  # images: what rounding in the record may add up to over the seeds
FLIPS = 20_000
# What a verdict says of the sign of a difference.
MEANING = {"lower": -1, "smaller": -1, "indistinguishable": 0, "higher": 1, "larger": 1}

Values = Sequence[float]


def percent(fractions: Values) -> list[float]:
    """Fractions of a record in per cent; raises `CheckFailed` for what is no fraction."""
    for fraction in fractions:
        require(0 <= fraction <= 1, "a fraction", fraction, "accuracies of a record")
    return [100 * fraction for fraction in fractions]


def differences(first: Values, second: Values) -> list[float]:
    """second - first, seed by seed."""
    return [b - a for a, b in zip(first, second, strict=True)]


def interval(values: Values, level: float = LEVEL) -> tuple[float, float]:
    """Student's t interval of the mean of independent values."""
    reach = float(stats.t.ppf((1 + level) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return fmean(values) - reach, fmean(values) + reach


def mean_claim(
    id: str,
    values: Values,
    text: str,
    records: Sequence[str],
    wrong: Control,
    unit: str = "",
    form: str = "",
    images: int = 0,
) -> Claim:
    """The mean over seeds; checked by numpy as the level about which the deviations cancel.

    Values in per cent of so many `images` must add up to a whole number of these, or they are scaled wrongly.
    """

    def check(candidate: float) -> Evidence:
        counted = candidate * len(values) * images / 100
        off = abs(counted - round(counted))
        require(off < WHOLE, "a whole number of images", counted, f"of {images} for each of the seeds")
        left = float(np.sum(np.asarray(values) - candidate)) / len(values)
        require(abs(left) < ROUND_OFF, "deviations that cancel", left, "mean deviation of the seeds from it")
        return Evidence("deviations of the seeds' values from it cancel", left, ROUND_OFF, records=tuple(records))

    return claim(id, fmean(values), text, check, [wrong], unit=unit, form=form)


def effect_claims(
    id: str,
    first: Values,
    second: Values,
    text: str,
    records: Sequence[str],
    words: tuple[str, str],
    unit: str = "",
    form: str = "",
    images: int = 0,
) -> list[Claim]:
    """What changing the first arm into the second does, seed by seed, as three claims; `images` as for `mean_claim`.

    `id`: the mean difference. `id`_interval: its interval. `id`_verdict: `words` = (word if lower, word if higher), or
    "indistinguishable" when the interval holds zero.
    """
    found = differences(first, second)
    low, high = interval(found)
    verdict = verdict_of(low, high, words)
    return [
        mean_claim(id, found, text, records, Control(-fmean(found), "the arms swapped"), unit, form, images),
        claim(
            f"{id}_interval",
            (low, high),
            f"{text}: interval over seeds",
            paired_interval_check(first, second, records),
            _distinct(
                (low, high),
                form,
                Control(_unpaired(first, second), "the pairing by seed thrown away"),
                Control(_deviation_only(found), "standard deviation in place of standard error"),
                Control((-high, -low), "the arms swapped"),
            ),
            form=form,
        ),
        claim(
            f"{id}_verdict",
            verdict,
            f"{text}: what the seeds allow to say",
            sign_flip_check(found, records),
            [Control(word) for word in (*words, "indistinguishable") if word != verdict],
        ),
    ]


def verdict_of(low: float, high: float, words: tuple[str, str]) -> str:
    return words[0] if high < 0 else words[1] if low > 0 else "indistinguishable"


def paired_interval_check(first: Values, second: Values, records: Sequence[str]) -> Check:
    def by_scipy() -> tuple[float, ...]:
        made = stats.ttest_rel(second, first).confidence_interval(LEVEL)
        return float(made.low), float(made.high)

    return agrees(by_scipy, "scipy's paired t test", tolerance=ROUND_OFF, records=records)


def sign_flip_check(found: Values, records: Sequence[str]) -> Check:
    """The verdict must mean the sign where the sign-flip test rejects, else "indistinguishable"."""
    probability = sign_flip_probability(found)

    def check(candidate: str) -> Evidence:
        computed = 0 if probability > 1 - LEVEL else int(math.copysign(1, fmean(found)))
        meant = MEANING.get(candidate)
        require(meant == computed, computed, candidate, f"sign-flip test, p = {probability:.2g}")
        return Evidence("sign-flip permutation test over the seeds", probability, seed=0, records=tuple(records))

    return check


def sign_flip_probability(found: Values) -> float:
    """Two-sided: how often random signs bring the mean as far from zero as it is; never below 1 / (FLIPS + 1)."""
    values = np.asarray(found)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(FLIPS, len(values)))
    as_far = np.abs(signs @ values) >= abs(values.sum()) - 1e-12
    return float((as_far.sum() + 1) / (FLIPS + 1))


def ratio_claims(id: str, first: Sequence[float], second: Sequence[float], text: str, record: str) -> list[Claim]:
    """exp(mean(second - first)) of logarithms, its interval and its verdict: how many times as large."""
    difference = [b - a for a, b in zip(first, second, strict=True)]
    low, high = interval(difference)
    value = math.exp(fmean(difference))

    def geometric() -> float:
        ratios = np.exp(np.asarray(second)) / np.exp(np.asarray(first))
        return float(np.prod(ratios) ** (1 / len(ratios)))

    def interval_by_scipy() -> tuple[float, ...]:
        made = stats.ttest_rel(second, first).confidence_interval()
        return math.exp(made.low), math.exp(made.high)

    words = ("smaller", "larger")
    verdict = verdict_of(low, high, words)
    return [
        claim(
            id,
            value,
            text,
            agrees(geometric, "geometric mean of the seeds' ratios", tolerance=1e-9, records=[record]),
            [Control(1 / value, "the arms swapped"), Control(1 + math.log(value), "logarithm for ratio")],
            form=".2f",
        ),
        claim(
            f"{id}_interval",
            (math.exp(low), math.exp(high)),
            f"{text}: interval over seeds",
            agrees(interval_by_scipy, "scipy's paired t test of the logarithms", tolerance=1e-9, records=[record]),
            [Control((math.exp(-high), math.exp(-low)), "the arms swapped")],
            form=".2f",
        ),
        claim(
            f"{id}_verdict",
            verdict,
            f"{text}: what the seeds allow to say",
            sign_flip_check(difference, [record]),
            [word for word in (*words, "indistinguishable") if word != verdict],
        ),
    ]


def retrained_claim(
    id: str, stored: Values, train: Callable[[], float], text: str, records: Sequence[str], tolerance: float
) -> Claim:
    """The first seed's result as recorded, where it was trained beside all others; trained again here, alone.

    `tolerance` covers what other machines' rounding grows to; the control is the nearest seed outside it.
    """
    rivals = sorted((abs(value - stored[0]), value) for value in stored[1:] if abs(value - stored[0]) > 2 * tolerance)
    return claim(
        id,
        stored[0],
        text,
        agrees(train, "the same seed trained again, alone", tolerance=tolerance, seed=0, records=records),
        [Control(rivals[0][1], "another seed's")],
        form=".3f",
    )


def level_claim(id: str) -> Claim:
    """How often such an interval holds the true mean; found by drawing many normal samples."""
    return claim(
        id,
        LEVEL,
        "share of such intervals that hold the true mean",
        agrees(coverage, "coverage over 1000 simulated samples of twenty", tolerance=0.025, seed=0),
        [Control(0.9, "a 90 % interval"), Control(0.68, "one standard error")],
        form=".0%",
    )


@cache
def coverage() -> float:
    samples = np.random.default_rng(0).normal(size=(1000, 20))
    ends = [interval(list(sample)) for sample in samples]
    return sum(low < 0 < high for low, high in ends) / len(ends)


def _distinct(value: tuple[float, float], form: str, *controls: Control) -> list[Control]:
    """The controls that read differently from the value in print; others could not mislead a reader."""

    def printed(ends: Sequence[float]) -> list[str]:
        return [format(end, form) for end in ends]

    return [control for control in controls if printed(control.value) != printed(value)]  # type: ignore[arg-type]


def _unpaired(first: Values, second: Values) -> tuple[float, float]:
    made = stats.ttest_ind(second, first).confidence_interval(LEVEL)
    return float(made.low), float(made.high)


def _deviation_only(found: Values) -> tuple[float, float]:
    reach = stdev(found)
    return fmean(found) - reach, fmean(found) + reach
