"""1: the standard error of the estimate, by a formula; checked by drawing many estimates."""

from math import pi, sqrt

import numpy as np

from writeup.claims import Answer
from writeup.facts import Facts, by
from writeup.records.store import Records

POINTS = 10_000


def answer(_records: Records) -> Answer:
    a = Facts("1")
    # One fact: name, value, second route, the values that a slip would give, form. `<< error >>` prints it.
    expected = sqrt(pi * (4 - pi) / POINTS)
    slips = {
        4 * sqrt(0.25 / POINTS): "both outcomes taken as equally likely",
        expected / 4: "the factor of 4 forgotten",
    }
    a("error", expected, by("the spread of simulated estimates", simulated, within=2e-4, seed=0), slips, "{:.3f}")
    a("points", POINTS, by("points of one simulated estimate", lambda: len(draw(0, POINTS))))
    return a.answer()


def draw(seed: int, count: int) -> np.ndarray:
    """Random points in the unit square."""
    return np.random.default_rng(seed).random((count, 2))  # (count, 2)


def simulated() -> float:
    """The standard deviation of many estimates, each of so many points."""
    inside = np.random.default_rng(0).binomial(POINTS, pi / 4, size=200_000)
    return float((4 * inside / POINTS).std())
