r"""Estimates over seeds: a mean, a difference or a ratio with its interval, and how each is checked.

All stand on Student's interval [Student 1908],

.. math:: \bar x \pm t_{n-1} \, s / \sqrt n, \qquad s^2 = \frac{1}{n-1} \sum_i (x_i - \bar x)^2,

of the values, of paired differences, or of logarithms of ratios. The second route takes no table of t: its quantile is
simulated from samples of n normal numbers. What the slips are is known once for all, and tried on every estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist, fmean, pstdev, stdev

import numpy as np

from writeup.errors import WriteupError

LEVEL = 0.95
SIMULATED = 400_000
RESOLVED = 0.01  # of the half width: the simulated quantile is no finer


@dataclass(frozen=True)
class Estimate:
    """A number and its interval, in the units in which it is printed."""

    value: float
    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def positive(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0

    @property
    def negative(self) -> bool:
        return self.high < 0

    def moved_to(self, value: float) -> Estimate:
        """The same interval around another value: the data with which a statement must fail."""
        return Estimate(value, self.low + value - self.value, self.high + value - self.value)

    def parts(self) -> tuple[float, float, float]:
        return self.value, self.low, self.high


def student(values: Sequence[float]) -> Estimate:
    """Mean and Student's interval of at least two values."""
    if len(values) < 2:
        raise WriteupError(f"an interval needs at least two seeds, got {len(values)} value(s)")
    half = quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    middle = fmean(values)
    return Estimate(middle, middle - half, middle + half)


def differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """Seed by seed, after less before."""
    return [b - a for a, b in zip(before, after, strict=True)]


def log_ratios(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Seed by seed, the logarithm of `one` over `other`."""
    return [math.log(a / b) for a, b in zip(one, other, strict=True)]


def exponential(estimate: Estimate) -> Estimate:
    """An estimate of logarithms as one of ratios."""
    return Estimate(*(math.exp(part) for part in estimate.parts()))


def logarithm(estimate: Estimate) -> Estimate:
    return Estimate(*(math.log(part) if part > 0 else -math.inf for part in estimate.parts()))


def percent(logs: Estimate) -> Estimate:
    """A difference of logarithms as a change in per cent."""
    return Estimate(*(100 * math.expm1(part) for part in logs.parts()))


def logarithms(change: Estimate) -> Estimate:
    """A change in per cent as a difference of logarithms."""
    return Estimate(*(math.log1p(max(part, -99.9) / 100) for part in change.parts()))


def quantile(freedom: float) -> float:
    """The size that Student's t exceeds with probability 1 - `LEVEL`."""
    from scipy import special  # slow to import, and the command line needs none of it

    return float(special.stdtrit(freedom, (1 + LEVEL) / 2))


@cache
def simulated_quantile(count: int, level: float = LEVEL) -> float:
    """The size of t that so many normal numbers exceed with probability 1 - `level`, by simulation."""
    random, total, squares = np.random.default_rng(count), np.zeros(SIMULATED), np.zeros(SIMULATED)
    for _ in range(count):  # one of each sample's numbers at a time: faster than all at once
        drawn = random.standard_normal(SIMULATED)
        total += drawn
        squares += drawn * drawn
    error = np.sqrt((squares - total**2 / count) / (count * (count - 1)))
    return float(np.quantile(np.abs(total / count) / error, level))


def misfit(values: Sequence[float], candidate: Estimate) -> str:
    """What is wrong with the candidate for the mean of `values` and its interval; empty when nothing is."""
    x = np.asarray(values, dtype=float)
    error = float(np.sqrt(((x - x.mean()) ** 2).sum() / (len(x) * (len(x) - 1))))
    return _misplaced(float(x.mean()), simulated_quantile(len(x)) * error, candidate)


def _misplaced(middle: float, half: float, candidate: Estimate) -> str:
    if abs(candidate.value - middle) > 1e-9 * max(1.0, abs(middle)):
        return f"the mean is {middle:.6g}"
    for end, found, due in (("lower", candidate.low, middle - half), ("upper", candidate.high, middle + half)):
        if abs(found - due) > RESOLVED * half + 1e-12:
            return f"the {end} end is {due:.6g}"
    return ""


def slips(values: Sequence[float]) -> Mapping[str, Estimate]:
    """Intervals that a careful person could have computed instead, by the slip that gives each."""
    middle, spread, root = fmean(values), stdev(values), math.sqrt(len(values))
    t = quantile(len(values) - 1)
    halves = {
        "standard deviation for standard error": t * spread,
        "one standard error": spread / root,
        "the normal distribution's quantile": NormalDist().inv_cdf((1 + LEVEL) / 2) * spread / root,
        "division by n for n - 1": t * pstdev(values) / root,
    }
    made = {why: Estimate(middle, middle - half, middle + half) for why, half in halves.items()}
    return {why: slip for why, slip in made.items() if misfit(values, slip)}


def pooled(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> Estimate:
    """Sum of weight times mean of each group, the spread taken to be one and the same and pooled over all groups.

    A group of weight 0 only helps to know the spread.
    """
    freedom, error = _within(groups, weights)
    middle = sum(w * fmean(values) for w, values in zip(weights, groups, strict=True))
    half = quantile(freedom) * error
    return Estimate(middle, middle - half, middle + half)


def pooled_probability(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> float:
    """Two-sided probability of a sum so far from zero where the true one is zero."""
    from scipy import special  # slow to import, and the command line needs none of it

    freedom, error = _within(groups, weights)
    return float(2 * special.stdtr(freedom, -abs(pooled(groups, weights).value) / error))


def _within(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[int, float]:
    """Degrees of freedom within the groups, and the standard error of the weighted sum of means."""
    freedom = sum(len(values) - 1 for values in groups)
    if not freedom:
        raise WriteupError("a pooled spread needs a group of at least two seeds, got one value in each")
    variance = sum((x - fmean(values)) ** 2 for values in groups for x in values) / freedom
    return freedom, math.sqrt(variance * sum(w * w / len(v) for w, v in zip(weights, groups, strict=True)))


def least_squares(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[float, float, int]:
    """The sum of `pooled` by least squares with one constant a group, its standard error by the covariance of the
    solution, and the degrees of freedom."""
    y = np.concatenate([np.asarray(values, dtype=float) for values in groups])
    design = np.repeat(np.eye(len(groups)), [len(values) for values in groups], axis=0)
    means, (squares,), _, _ = np.linalg.lstsq(design, y, rcond=None)
    freedom = len(y) - len(groups)
    variance = squares / freedom * (np.asarray(weights) @ np.linalg.inv(design.T @ design) @ np.asarray(weights))
    return float(np.dot(weights, means)), math.sqrt(variance), freedom


def pooled_misfit(groups: Sequence[Sequence[float]], weights: Sequence[float], candidate: Estimate) -> str:
    """As `misfit`, by least squares."""
    middle, error, freedom = least_squares(groups, weights)
    return _misplaced(middle, simulated_quantile(freedom + 1) * error, candidate)


def pooled_slips(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> Mapping[str, Estimate]:
    made = pooled(groups, weights)
    half, (freedom, _) = made.high - made.value, _within(groups, weights)
    halves = {
        "the normal distribution's quantile": half * NormalDist().inv_cdf((1 + LEVEL) / 2) / quantile(freedom),
        "division by all values, not by degrees of freedom": half * math.sqrt(freedom / sum(map(len, groups))),
    }
    wrong = {why: Estimate(made.value, made.value - h, made.value + h) for why, h in halves.items()}
    wrong["the difference taken the other way round"] = Estimate(-made.value, -made.high, -made.low)
    return {why: slip for why, slip in wrong.items() if pooled_misfit(groups, weights, slip)}


def holm(probabilities: Mapping[str, float]) -> set[str]:
    """Which of several findings stand when all are read together [Holm 1979]."""
    found: set[str] = set()
    ordered = sorted(probabilities, key=probabilities.__getitem__)
    for rank, name in enumerate(ordered):
        if probabilities[name] > (1 - LEVEL) / (len(ordered) - rank):
            break
        found.add(name)
    return found


Misfit = Callable[[Estimate], str]
