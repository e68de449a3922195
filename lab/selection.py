r"""How much the best of several noisy numbers flatters itself.

Where \(N\) runs are equally good and a text shows each loss with normal noise of deviation \(\sigma\), the lowest lies
\(\sigma e_N\) too low on average,

.. math:: e_N = N \int x \, \varphi(x) \, \Phi(x)^{N-1} \, dx

being the expected maximum of \(N\) standard normal values [David and Nagaraja 2003, section 3.1].
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy import integrate, special


def expected_maximum(count: int) -> float:
    """e_N by quadrature."""

    def density(x: float) -> float:
        bell = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return float(count * x * bell * special.ndtr(x) ** (count - 1))

    return float(integrate.quad(density, -12, 12, epsabs=1e-12)[0])


@cache
def simulated_maximum(count: int, draws: int = 200_000) -> float:
    """The mean of the largest of so many normal numbers, by simulation."""
    generator = np.random.default_rng(0)
    return float(np.mean([generator.standard_normal((draws // 100, count)).max(1).mean() for _part in range(100)]))
