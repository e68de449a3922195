r"""Dropout's mathematics on cases small enough to run every mask.

Inverted dropout: y = x b / (1 - p) with b ~ Bernoulli(1 - p), so E y = x and Var y = p / (1 - p) x^2
(Srivastava et al. 2014; Goodfellow et al., Deep Learning, section 7.12).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
import sympy
import torch
from scipy import optimize
from sklearn.datasets import load_sample_image
from torch import Tensor, nn

from experiments.regularisation.digits import all_digits

ACTIVATIONS = (3, -1, 2, 5)


def masks(units: int, p: Fraction) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every mask of `units` zeros and ones, with its probability; together they have probability one."""
    for mask in product((0, 1), repeat=units):
        kept = sum(mask)
        yield mask, (1 - p) ** kept * p ** (units - kept)


def moments(p: Fraction, scale: Fraction) -> tuple[list[Fraction], list[Fraction]]:
    """Exact expectation and variance of each of `ACTIVATIONS` after dropout, over all masks."""
    first = [Fraction(0)] * len(ACTIVATIONS)
    second = [Fraction(0)] * len(ACTIVATIONS)
    for mask, chance in masks(len(ACTIVATIONS), p):
        for i, (x, b) in enumerate(zip(ACTIVATIONS, mask, strict=True)):
            first[i] += chance * x * b * scale
            second[i] += chance * (x * b * scale) ** 2
    return first, [s - f**2 for f, s in zip(first, second, strict=True)]


def sampled_variance_factor(p: float, samples: int = 200_000) -> float:
    """Variance of nn.Dropout's output for an input of ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return float(nn.Dropout(p)(torch.ones(samples, dtype=torch.float64)).var())


def softmax_linear_gap(p: float, scaled_by: float, units: int = 10, classes: int = 4) -> float:
    """Largest difference between two predictions of one softmax-linear model with `units` dropped inputs.

    One is the renormalised geometric mean of the predictions under all 2^units masks (not rescaled), weighted by their
    probability; the other is a single forward pass with the weights multiplied by `scaled_by`.
    """
    generator = torch.Generator().manual_seed(0)
    weight, bias, inputs = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((classes, units), (classes,), (units,))
    )
    mask = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * units)  # (2^units, units)
    chance = ((1 - p) * mask + p * (1 - mask)).prod(1)
    log_probabilities = ((mask * inputs) @ weight.T + bias).log_softmax(1)  # (2^units, classes)
    ensemble = (chance @ log_probabilities).softmax(0)
    single = (scaled_by * weight @ inputs + bias).softmax(0)
    return float((ensemble - single).abs().max())


def penalty_by_symbols() -> str:
    """What dropout on the inputs adds to one example's expected squared error in linear regression, derived.

    Returns it for two inputs as text, in symbols p, w1, w2, x1, x2.
    """
    p, y = sympy.symbols("p y")
    x, w = sympy.symbols("x1 x2"), sympy.symbols("w1 w2")
    expected = sum(
        p ** (2 - sum(b))
        * (1 - p) ** sum(b)
        * (y - sum(wi * xi * bi / (1 - p) for wi, xi, bi in zip(w, x, b, strict=True))) ** 2
        for b in product((0, 1), repeat=2)
    )
    plain = (y - sum(wi * xi for wi, xi in zip(w, x, strict=True))) ** 2
    return str(sympy.factor(sympy.simplify(expected - plain)))


def regression_data(examples: int = 30, inputs: int = 5) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(examples, inputs)) * np.arange(1, inputs + 1)
    return x, x @ generator.normal(size=inputs) + generator.normal(size=examples)


def ridge_like_solution(p: float) -> np.ndarray:
    r"""argmin |y - X w|^2 + p/(1-p) sum_j (X^T X)_jj w_j^2, in closed form."""
    x, y = regression_data()
    gram = x.T @ x
    return np.linalg.solve(gram + p / (1 - p) * np.diag(np.diag(gram)), x.T @ y)


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
    return found.x


def window_noise(side: int, p: Fraction, whole_map: bool) -> Fraction:
    """Exact variance of the mean over a side x side window of equal activations of one, over all masks."""
    places = 1 if whole_map else side * side
    first = second = Fraction(0)
    for mask, chance in masks(places, p):
        mean = Fraction(sum(mask), places) / (1 - p)
        first += chance * mean
        second += chance * mean**2
    return second - first**2


def photograph() -> Tensor:
    """The middle of a real photograph in grey: (1, 1, 128, 128), in [0, 1]."""
    return torch.tensor(load_sample_image("china.jpg").mean(2) / 255)[None, None, 150:278, 256:384]


def digit_images() -> Tensor:
    """Some of the 8x8 digits: (400, 1, 8, 8), in [0, 1]."""
    return all_digits()[0].double()[:400, None]


def neighbour_correlation(images: Tensor, filters: int = 8) -> float:
    """Correlation of horizontally adjacent activations of random 3 x 3 filters with ReLU, mean over the filters."""
    generator = torch.Generator().manual_seed(0)
    kernels = torch.randn(filters, 1, 3, 3, generator=generator, dtype=torch.float64)
    maps = nn.functional.conv2d(images - images.mean(), kernels).relu().transpose(0, 1)  # (filters, images, h, w)
    pairs = [torch.stack([m[..., :-1].flatten(), m[..., 1:].flatten()]) for m in maps]
    return float(torch.stack([torch.corrcoef(pair)[0, 1] for pair in pairs]).mean())


def neighbour_correlation_by_differences(images: Tensor, filters: int = 8) -> float:
    """The same from mean squared differences: with equal spreads, E (a - b)^2 / 2 = var (1 - correlation)."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for kernel in torch.randn(filters, 1, 3, 3, generator=generator, dtype=torch.float64):
        patches = nn.functional.unfold(images - images.mean(), 3)  # (images, 9, places)
        columns = images.shape[-1] - 2
        map = torch.einsum("npk,p->nk", patches, kernel.flatten()).clamp_min(0).unflatten(1, (-1, columns))
        a, b = map[..., :-1], map[..., 1:]
        level = (a.mean() - b.mean()) ** 2
        found.append(float((a.var() + b.var() - ((a - b).square().mean() - level)) / (2 * (a.var() * b.var()).sqrt())))
    return sum(found) / filters
