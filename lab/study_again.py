"""What 2e says of its settings, found a second time: by other fields of the records, or by other statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import geometric_mean

from scipy import stats

from lab.study import Run
from writeup.estimators import least_squares, simulated_quantile


def mean_of(runs: list[Run]) -> float:
    """The geometric mean of the lowest perplexities that the epochs' curves show."""
    return geometric_mean(math.exp(min(run.curve)) for run in runs)


def last_of(runs: list[Run]) -> float:
    """The geometric mean of the perplexities after the last of the runs' epochs."""
    return geometric_mean(math.exp(run.curve[-1]) for run in runs)


def lowest_rate(grid: dict[float, list[Run]]) -> float:
    """The rate at which the first seed had the lowest loss of any epoch."""
    found = {rate: min(runs[0].curve) for rate, runs in grid.items()}
    return min(found, key=found.__getitem__)


def probability_again(groups: Sequence[Sequence[float]], weights: Sequence[float]) -> float:
    """Of a contrast so far from zero by chance, two-sided: Student's t of its least squares."""
    middle, error, freedom = least_squares(groups, weights)
    return float(2 * stats.t.sf(abs(middle) / error, freedom))


def adjusted_again(contrasts: Mapping[str, tuple[list[list[float]], list[float]]], name: str) -> float:
    """One contrast's probability times the contrasts that are no less likely by chance, itself included [Holm 1979]."""
    chances = {other: probability_again(*contrast) for other, contrast in contrasts.items()}
    return chances[name] * sum(chance >= chances[name] for chance in chances.values())


def holm_again(contrasts: Mapping[str, tuple[list[list[float]], list[float]]]) -> tuple[str, ...]:
    """Which contrasts stand read together: the largest t first, against ever lower simulated quantiles [Holm 1979]."""
    solved = {name: least_squares(*contrast) for name, contrast in contrasts.items()}
    sizes = {name: abs(middle) / error for name, (middle, error, _) in solved.items()}
    found: list[str] = []
    for left, name in zip(range(len(sizes), 0, -1), sorted(sizes, key=sizes.__getitem__, reverse=True), strict=True):
        if sizes[name] < simulated_quantile(solved[name][2] + 1, 1 - 0.05 / left):
            break
        found.append(name)
    return tuple(sorted(found))
