"""Claims of 1.2b that hold exactly: moments, penalty, ensemble, noise in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
import torch
from torch import nn

from answers.regularisation import dropout_masks as masks
from answers.regularisation.paired import effect_claims, mean_claim, percent
from experiments.regularisation import ensemble
from experiments.regularisation.digits import split
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.records.store import Records

PROBABILITIES = (Fraction(1, 3), Fraction(1, 2), Fraction(3, 4))
OPTIMISER_ERROR = 1e-6  # relative, of a quasi-Newton method stopped at a gradient of 1e-9
EXACT = 1e-12
SIDE = 3

VARIANCES: dict[str, Callable[[Fraction], Fraction]] = {
    r"x^2 p/(1-p)": lambda p: p / (1 - p),
    r"x^2 p(1-p)": lambda p: p * (1 - p),
    r"x^2 (1-p)/p": lambda p: (1 - p) / p,
}
# Weight of w_j^2, given p and sum_i x_ij^2.
PENALTIES: dict[str, Callable[[float, np.ndarray], np.ndarray]] = {
    r"\frac{p}{1-p} \sum_j w_j^2 \sum_i x_{ij}^2": lambda p, squares: p / (1 - p) * squares,
    r"p \sum_j w_j^2 \sum_i x_{ij}^2": lambda p, squares: p * squares,
    r"\frac{p}{1-p} \sum_j w_j^2": lambda p, squares: p / (1 - p) * np.ones_like(squares),
}


def mask_claims() -> list[Claim]:
    """Expectation and variance over all masks, in exact fractions; and how many masks there are."""

    def expectation(candidate: str) -> Evidence:
        scales = {"1/(1-p)": lambda p: 1 / (1 - p), "1": lambda _: Fraction(1), "1-p": lambda p: 1 - p}
        for p in PROBABILITIES:
            mean, _ = masks.moments(p, scales[candidate](p))
            require(mean == list(masks.ACTIVATIONS), masks.ACTIVATIONS, mean, f"expectation at p = {p}")
        return Evidence("expectation over all masks of four units, in exact fractions", len(PROBABILITIES))

    def variance(candidate: str) -> Evidence:
        for p in PROBABILITIES:
            _, found = masks.moments(p, 1 / (1 - p))
            wanted = [VARIANCES[candidate](p) * x**2 for x in masks.ACTIVATIONS]
            require(found == wanted, found, wanted, f"variance at p = {p}")
        return Evidence("variance over all masks of four units, in exact fractions", len(PROBABILITIES))

    def count(candidate: str) -> Evidence:
        n = sympy.Symbol("n")
        formula = sympy.sympify(candidate.replace("^", "**"), {"n": n})
        for units in range(1, 8):
            found = sum(1 for _ in masks.masks(units, Fraction(1, 2)))
            require(found == formula.subs(n, units), found, str(formula.subs(n, units)), f"masks of {units} units")
        return Evidence("masks of one to seven units, counted", candidate)

    p = 0.3
    return [
        claim(
            "1.2b.scale",
            "1/(1-p)",
            "factor that keeps the expected activation as it is",
            expectation,
            [Control("1", "no scaling"), Control("1-p", "the weight scaling of the original paper, at the wrong time")],
            code=True,
        ),
        claim(
            "1.2b.variance",
            r"x^2 p/(1-p)",
            "variance that dropout adds to an activation x",
            variance,
            [Control(r"x^2 p(1-p)", "the scaling forgotten"), Control(r"x^2 (1-p)/p", "p for 1-p")],
            code=True,
        ),
        claim(
            "1.2b.variance_example",
            p / (1 - p),
            "variance of a dropped one at a dropping probability of 0.3",
            agrees(lambda: masks.sampled_variance_factor(p), "200000 samples of nn.Dropout", tolerance=0.005, seed=0),
            [Control(p * (1 - p), "the scaling forgotten"), Control((1 - p) / p, "p for 1-p")],
            form=".2f",
        ),
        claim(
            "1.2b.thinned",
            "2^n",
            "number of networks that n droppable units define",
            count,
            [Control("n^2", "pairs of units"), Control("2*n", "on or off, unit by unit")],
            code=True,
        ),
    ]


def penalty_claims() -> list[Claim]:
    """Linear regression: derived with symbols, confirmed by minimising the error averaged over all masks."""
    p = sympy.Symbol("p")
    w, x = sympy.symbols("w1 w2"), sympy.symbols("x1 x2")
    derived = sympy.sympify(masks.penalty_by_symbols())
    value = next(
        tex
        for tex, weight in PENALTIES.items()
        if sympy.simplify(
            derived - sum(wj**2 * k for wj, k in zip(w, weight(p, np.array([v**2 for v in x])), strict=True))
        )
        == 0
    )

    def check(candidate: str) -> Evidence:
        inputs, targets = masks.regression_data()
        gram = inputs.T @ inputs
        worst = 0.0
        for probability in (0.2, 0.5):
            penalty = np.diag(PENALTIES[candidate](probability, np.diag(gram)))
            penalised = np.linalg.solve(gram + penalty, inputs.T @ targets)
            optimised = masks.dropout_solution(probability)
            worst = max(worst, float(np.abs(penalised - optimised).max() / np.abs(optimised).max()))
        require(worst < OPTIMISER_ERROR, "the weights that dropout training finds", worst, "relative difference")
        return Evidence("BFGS on the squared error averaged over all masks", worst, OPTIMISER_ERROR, seed=0)

    return [
        claim(
            "1.2b.penalty",
            value,
            "what dropout on the inputs adds to the squared error of linear regression, in expectation",
            check,
            [Control(tex) for tex in PENALTIES if tex != value],
            code=True,
        )
    ]


def ensemble_claims(records: Records) -> list[Claim]:
    """Weight scaling against the average over all thinned networks: exact for one layer, close for three."""
    path = f"{ensemble.KIND}/{ensemble.Settings().name}"
    raw = records[path].curves

    def weight_factor(candidate: str) -> Evidence:
        factors = {"1-p": lambda p: 1 - p, "1": lambda _: 1.0, "p": lambda p: p}
        worst = max(masks.softmax_linear_gap(p, factors[candidate](p)) for p in (0.2, 0.5, 0.7))
        require(worst < EXACT, "the ensemble's probabilities", worst, "largest difference")
        return Evidence("normalised geometric mean over all masks of ten inputs", worst, EXACT, seed=0)

    shares = {name: percent(raw[name]) for name in raw if not name.startswith("first")}
    masks_run = 2 ** (2 * ensemble.Settings().hidden)
    return [
        claim(
            "1.2b.weight_factor",
            "1-p",
            "factor on the weights at which one pass equals the ensemble of a softmax-linear model",
            weight_factor,
            [Control("1", "weights as they are"), Control("p", "p for 1-p")],
            code=True,
        ),
        claim(
            "1.2b.deep_masks",
            masks_run,
            "thinned networks of the deep example, all of them run",
            agrees(
                lambda: sum(1 for _ in masks.masks(sum(len(b) for b in raw["first_weights"][1:4:2]), Fraction(1, 2))),
                "hidden units counted in the stored biases, their masks enumerated",
                records=[path],
            ),
            [Control(2 * ensemble.Settings().hidden, "units"), Control(2 ** ensemble.Settings().hidden, "one layer")],
            form=",d",
        ),
        mean_claim(
            "1.2b.deep_distance",
            shares["distance"],
            "total variation distance between weight scaling and the ensemble of a deep network",
            [path],
            Control(2 * sum(shares["distance"]) / len(shares["distance"]), "sum of differences, not halved"),
            form=".1f",
            unit="points",
        ),
        mean_claim(
            "1.2b.deep_agreement",
            shares["agreement"],
            "test images on which both predict the same class",
            [path],
            Control(sum(shares["scaled_accuracy"]) / len(shares["scaled_accuracy"]), "the accuracy"),
            form=".1f",
            unit="%",
            images=ensemble.Settings().test_images,
        ),
        ensemble_by_sampling(raw, path),
        *effect_claims(
            "1.2b.ensemble_gain",
            shares["single_accuracy"],
            shares["ensemble_accuracy"],
            "test accuracy of the ensemble less that of one thinned network",
            [path],
            ("lower", "higher"),
            form="+.1f",
            unit="points",
            images=ensemble.Settings().test_images,
        ),
    ]


def ensemble_by_sampling(raw: Mapping[str, Any], path: str) -> Claim:
    """One of the recorded ensemble probabilities, found again by drawing masks with nn.Dropout."""
    settings = ensemble.Settings()
    network = ensemble.make_network(1, settings.hidden, settings.p)
    for parameter, stored in zip(network.parameters(), raw["first_weights"], strict=True):
        parameter.data = torch.tensor(stored).reshape(parameter.shape)
    image = split(settings.seeds, settings.train_images, settings.test_images).test_images[:1, :1]
    with torch.no_grad():
        scaled = network.eval()(image).flatten().softmax(0)
    recorded = raw["first_probabilities"][0]
    label = max(range(len(recorded)), key=lambda k: abs(recorded[k] - float(scaled[k])))

    def by_sampling() -> float:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            scores = network.train()(image.expand(60_000, -1, -1, -1)).flatten(1)
        return float(scores.log_softmax(1).mean(0).softmax(0)[label])

    return claim(
        "1.2b.ensemble_probability",
        recorded[label],
        "probability that the ensemble gives to one class of the first test image",
        agrees(by_sampling, "60000 masks drawn by nn.Dropout", tolerance=0.005, seed=0, records=[path]),
        [Control(float(scaled[label]), "that of the weight-scaled network")],
        form=".3f",
    )


def window_claims() -> list[Claim]:
    """What is left of the noise when the next layer averages over neighbours that say the same."""
    half = Fraction(1, 2)
    ratio = masks.window_noise(SIDE, half, whole_map=True) / masks.window_noise(SIDE, half, whole_map=False)

    def sampled() -> float:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            ones = torch.ones(20_000, 4, SIDE, SIDE)
            noise = [module(ones).mean((2, 3)).var() for module in (nn.Dropout2d(0.5), nn.Dropout(0.5))]
        return float(noise[0] / noise[1])

    images = {"photograph": masks.photograph(), "digits": masks.digit_images()}
    found = {name: masks.neighbour_correlation(given) for name, given in images.items()}
    return [
        claim(
            "1.2b.window_ratio",
            int(ratio),
            "noise of channel dropout over that of element dropout in a mean over "
            f"a {SIDE} x {SIDE} window of equal activations",
            agrees(sampled, "samples of nn.Dropout2d and nn.Dropout", tolerance=0.3, seed=0),
            [Control(SIDE, "the square root"), Control(1, "no difference")],
        ),
        *[
            claim(
                f"1.2b.{name}_correlation",
                found[name],
                f"correlation of adjacent activations of random filters on the {name}",
                agrees(
                    lambda given=given: masks.neighbour_correlation_by_differences(given),  # type: ignore[misc]
                    "mean squared differences, with the filters applied patch by patch",
                    tolerance=0.002,
                    seed=0,
                ),
                [Control(found[name] ** 2, "share of explained variance"), Control(1 - found[name], "distance")],
                form=".2f",
            )
            for name, given in images.items()
        ],
    ]
