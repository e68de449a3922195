r"""Dropout's mathematics on cases small enough to run every mask.

Inverted dropout: :math:`y = x b / (1 - p)`, :math:`b \sim` Bernoulli(1 - p), so that :math:`E y = x` (Srivastava et al.
2014; Goodfellow et al., Deep Learning, section 7.12). In evaluation y = x.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

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
