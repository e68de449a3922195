r"""Dropout's mathematics on cases small enough to run every mask.

Inverted dropout: :math:`y = x b / (1 - p)`, :math:`b \sim` Bernoulli(1 - p), so that :math:`E y = x` (Srivastava et al.
2014; Goodfellow et al., Deep Learning, section 7.12). In evaluation y = x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

import numpy as np
from scipy import optimize

ACTIVATIONS = (3, -1, 2, 5)


def masks(units: int, p: Fraction) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every mask of `units` zeros and ones, with its probability; together they have probability one."""
    for mask in product((0, 1), repeat=units):
        kept = sum(mask)
        yield mask, (1 - p) ** kept * p ** (units - kept)


def expectation(p: Fraction, scale: Fraction) -> list[Fraction]:
    """Each of `ACTIVATIONS` after dropout, averaged over all masks; survivors are multiplied by `scale`."""
    return [
        sum((chance * x * mask[i] * scale for mask, chance in masks(len(ACTIVATIONS), p)), Fraction(0))
        for i, x in enumerate(ACTIVATIONS)
    ]


def regression_data() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (examples, inputs) of unequal size and targets (examples,)."""
    generator, examples, inputs = np.random.default_rng(0), 30, 5
    x = generator.normal(size=(examples, inputs)) * np.arange(1, inputs + 1)
    return x, x @ generator.normal(size=inputs) + generator.normal(size=examples)


def penalised_solution(weights: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    r"""argmin :math:`|y - X w|^2 + \sum_j a_j w_j^2` in closed form; `weights` gives a for :math:`\sum_i x_{ij}^2`."""
    x, y = regression_data()
    return np.linalg.solve(x.T @ x + np.diag(weights((x**2).sum(0))), x.T @ y)


def dropout_solution(p: float) -> np.ndarray:
    """The minimum of the squared error averaged over all masks of the inputs, found by a general optimiser."""
    x, y = regression_data()
    inputs = x.shape[1]
    patterns = np.array(list(product((0.0, 1.0), repeat=inputs)))  # (2^inputs, inputs)
    chances = (p ** (inputs - patterns.sum(1))) * ((1 - p) ** patterns.sum(1))
    dropped = patterns[:, None, :] * x[None] / (1 - p)  # (2^inputs, examples, inputs)

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        left = dropped @ w - y
        gradient = 2 * np.einsum("m,me,mej->j", chances, left, dropped)
        return float(chances @ (left**2).sum(1)), gradient

    found = optimize.minimize(objective, np.zeros(inputs), jac=True, method="BFGS", options={"gtol": 1e-9})
    return np.asarray(found.x)
