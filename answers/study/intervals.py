r"""Differences between groups of runs, held against the spread over seeds; each statement by two routes.

Model: runs that differ only in their seed scatter normally around their setting's mean, with one common standard
deviation, which is estimated by pooling all settings that were run with several seeds. A setting with a single seed
borrows that deviation. Then a difference of means has a Student t interval (`difference`). The second route to the same
statement knows no t distribution: it averages the normal probability of a sign over what the pooled deviation leaves
possible for the true one (`probability_below`), which is the posterior under Jeffreys' prior (Gelman et al., Bayesian
Data Analysis, 3rd ed., section 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from scipy import integrate, special, stats

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """Standard deviation over seeds (of losses in nats) and the degrees of freedom behind it."""

    deviation: float
    freedom: int


@dataclass(frozen=True)
class Difference:
    """The mean of one group less that of another, and half the width of its interval."""

    centre: float
    half_width: float

    @property
    def low(self) -> float:
        return self.centre - self.half_width

    @property
    def high(self) -> float:
        return self.centre + self.half_width


def pooled_spread(groups: Sequence[Sequence[float]]) -> Spread | None:
    """The common deviation of all groups of two or more values; None where there is no such group."""
    repeated = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in repeated)
    if not freedom:
        return None
    squares = sum(variance(group) * (len(group) - 1) for group in repeated)
    return Spread(math.sqrt(squares / freedom), freedom)


def difference(first: Sequence[float], second: Sequence[float], spread: Spread, level: float = LEVEL) -> Difference:
    """mean(first) - mean(second) with its Student t interval."""
    quantile = float(stats.t.ppf((1 + level) / 2, spread.freedom))
    return Difference(fmean(first) - fmean(second), quantile * spread.deviation * _width(first, second))


def sign(first: Sequence[float], second: Sequence[float], spread: Spread | None) -> int:
    """-1: the first group is lower beyond the spread over seeds; 1: higher; 0: the seeds leave it open."""
    if spread is None:
        return 0
    found = difference(first, second, spread)
    return -1 if found.high < 0 else 1 if found.low > 0 else 0


def probability_below(
    first: Sequence[float], second: Sequence[float], spread: Spread | None, offset: float = 0.0
) -> float:
    """Posterior probability that mean(first) - mean(second) is below `offset`; without a spread nothing is known."""
    if spread is None:
        return 0.5
    distance, half = offset - (fmean(first) - fmean(second)), spread.freedom / 2
    width = math.hypot(len(first) ** -0.5, len(second) ** -0.5)  # each mean's own deviation, not the other route's

    def weighted(chi: float) -> float:
        deviation = spread.deviation * math.sqrt(spread.freedom) / chi
        # The density of chi, not of its square, which has a pole at zero for one degree of freedom; scipy.stats' own
        # functions check their arguments anew at every point.
        logarithm = (spread.freedom - 1) * math.log(chi) - chi**2 / 2 - (half - 1) * math.log(2) - math.lgamma(half)
        return float(special.ndtr(distance / (deviation * width))) * math.exp(logarithm)

    upper = math.sqrt(stats.chi2.isf(1e-14, spread.freedom))
    # Where the normal probability leaves one half for one or zero; the turn may be steep.
    turn = spread.deviation * math.sqrt(spread.freedom) * width / max(abs(distance), 1e-12)
    points = [point for point in (turn, 10 * turn) if point < upper] or None
    found, _error = integrate.quad(weighted, 0, upper, epsabs=1e-10, limit=200, points=points)
    return float(found)


def sign_by_probability(
    first: Sequence[float], second: Sequence[float], spread: Spread | None, level: float = LEVEL
) -> int:
    """`sign` by the second route."""
    below = probability_below(first, second, spread)
    tail = (1 - level) / 2
    return -1 if below > 1 - tail else 1 if below < tail else 0


def _width(first: Sequence[float], second: Sequence[float]) -> float:
    """The standard deviation of a difference of means, in units of that of one run."""
    return math.sqrt(1 / len(first) + 1 / len(second))
