"""Claims of 1.3b that hold exactly: statistics, the backward pass, symmetries, degenerate batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from answers.regularisation import batch_norm
from answers.regularisation.batch_norm import EPS, MOMENTUM, SHAPE, normal
from writeup.claims import Check, Claim, Control, Evidence, agrees, claim, require

EXACT = 1e-12
SMALL_EPS = (1e-5, 1e-6, 1e-7, 1e-8)

BACKWARD = {
    r"(g_i - \bar g - \hat x_i \overline{g \hat x}) / s": "",
    r"(g_i - \bar g) / s": "projection",
    r"(g_i - \hat x_i \overline{g \hat x}) / s": "mean",
}
AXES = {
    "all images and places of a channel": (0, 2, 3),
    "all channels and places of an image": (1, 2, 3),
    "the places of one channel of one image": (2, 3),
}


def gap_check(gap: Callable[[str], float], what: str, route: str) -> Check:
    """A check that `gap(candidate)` vanishes to rounding in double precision."""

    def check(candidate: str) -> Evidence:
        found = gap(candidate)
        require(found < EXACT, what, found, f"largest difference for {candidate!r}")
        return Evidence(route, found, EXACT, seed=0)

    return check


def forward_claims() -> list[Claim]:
    """Which statistics, which variance, where; and the rule of the running averages."""
    x = normal(*SHAPE, seed=3)

    def axes_gap(candidate: str) -> float:
        axes = AXES[candidate]
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
        plain = nn.BatchNorm2d(SHAPE[1], eps=EPS, affine=False).double()
        return _gap((x - mean) / (variance + EPS).sqrt(), plain(x))

    def training_gap(candidate: str) -> float:
        module, _ = batch_norm.trained_module()
        return _gap(batch_norm.by_hand(x, module, unbiased=candidate == "unbiased"), module.train()(x))

    def evaluation_gap(candidate: str) -> float:
        module, _ = batch_norm.trained_module()
        by_hand = batch_norm.by_hand_in_evaluation if candidate == "running" else batch_norm.by_hand
        return _gap(by_hand(x, module), module.eval()(x))

    def running_gap(candidate: str) -> float:
        module, batches = batch_norm.trained_module()
        assert module.running_var is not None
        return _gap(batch_norm.running_variance_by_hand(batches, candidate == "unbiased"), module.running_var)

    def momentum_check(candidate: float) -> Evidence:
        module, batches = batch_norm.trained_module()
        assert module.running_var is not None
        found = _gap(batch_norm.running_variance_by_hand(batches, True, candidate), module.running_var)
        require(found < EXACT, "nn.BatchNorm2d's running variance", found, f"rule with weight {candidate} of the new")
        return Evidence("the rule applied by hand to five batches", found, EXACT, seed=0)

    by_hand = "by hand against nn.BatchNorm2d, in double precision"
    return [
        claim(
            "1.3b.averaged_over",
            next(iter(AXES)),
            "what mean and variance are taken over",
            gap_check(axes_gap, "nn.BatchNorm2d's output", by_hand),
            [Control(list(AXES)[1], "layer norm"), Control(list(AXES)[2], "instance norm")],
        ),
        claim(
            "1.3b.training_variance",
            "biased",
            "variance that normalises in training",
            gap_check(training_gap, "nn.BatchNorm2d's output", by_hand),
            ["unbiased"],
        ),
        claim(
            "1.3b.evaluation_statistics",
            "running",
            "statistics that normalise in evaluation",
            gap_check(evaluation_gap, "nn.BatchNorm2d's output", by_hand),
            [Control("batch", "as in training")],
        ),
        claim(
            "1.3b.running_variance",
            "unbiased",
            "variance that the running average collects",
            gap_check(running_gap, "nn.BatchNorm2d's running variance", by_hand),
            ["biased"],
        ),
        claim(
            "1.3b.momentum",
            nn.BatchNorm2d(1).momentum or 0.0,
            "weight of the new statistics in the running average",
            momentum_check,
            [Control(1 - MOMENTUM, "weight of the old"), Control(0.5)],
        ),
    ]


def backward_claims() -> list[Claim]:
    """The gradient through batch norm: derived with sympy, equal to autograd."""
    full = next(iter(BACKWARD))
    if not batch_norm.backward_by_symbols():
        raise AssertionError("sympy does not confirm the backward formula")
    return [
        claim(
            "1.3b.backward",
            full,
            "gradient of the loss by an input of batch norm (derived with sympy)",
            gap_check(
                lambda c: batch_norm.backward_gap(BACKWARD[c]),
                "autograd's gradient",
                "autograd through nn.BatchNorm2d, in double precision",
            ),
            [Control(tex, f"without the {term}") for tex, term in BACKWARD.items() if term],
            code=True,
        ),
    ]


def symmetry_claims() -> list[Claim]:
    """Scale of the weights before, their gradient, the bias before, and what scale and shift give back."""

    def direction(candidate: str) -> Evidence:
        cosine = batch_norm.gradient_cosine(0.0)
        plain = batch_norm.gradient_cosine(0.0, normalised=False)
        require(("orthogonal" if cosine < EXACT else "oblique") == candidate, cosine, candidate, "cosine at eps = 0")
        return Evidence("autograd at eps = 0, in double precision (cosine; without batch norm)", (cosine, plain), EXACT)

    def scaling(candidate: str) -> Evidence:
        gap = batch_norm.scale_gap({"any positive factor": 7.0, "a factor of one only": 1.0}[candidate])
        alone = batch_norm.scale_gap(-7.0)  # a negative factor flips the sign: the check must be able to see a change
        require(gap < EXACT and alone > 1, "an unchanged output", gap, candidate)
        if candidate != "any positive factor":
            require(
                batch_norm.scale_gap(7.0) > EXACT, "a change at other factors", batch_norm.scale_gap(7.0), candidate
            )
        return Evidence("weights multiplied by seven at eps = 0, in double precision", gap, EXACT, seed=0)

    def eps_order(candidate: str) -> Evidence:
        power = {r"\epsilon": 1.0, r"\epsilon^2": 2.0, r"\sqrt{\epsilon}": 0.5}[candidate]
        cosines = [batch_norm.gradient_cosine(eps) for eps in SMALL_EPS]
        slope = float(np.polyfit(np.log(SMALL_EPS), np.log(cosines), 1)[0])
        require(abs(slope - power) < 0.01, slope, power, "slope of log cosine against log epsilon")
        return Evidence("regression of log cosine on four values of log epsilon", slope, 0.01, seed=0)

    def bias(candidate: str) -> Evidence:
        found = batch_norm.bias_gradient(nn.BatchNorm2d(3) if candidate == "zero" else nn.Identity())
        require(found < EXACT, "a vanishing gradient", found, f"{candidate} gradient of the bias")
        return Evidence("backward pass through a convolution and nn.BatchNorm2d", found, EXACT, seed=0)

    return [
        claim(
            "1.3b.rescaling",
            "any positive factor",
            "positive factors on the weights before that leave the output as it is",
            scaling,
            ["a factor of one only"],
        ),
        claim(
            "1.3b.direction",
            "orthogonal",
            "gradient of the weights before batch norm, to those weights",
            direction,
            [Control("oblique", "as without batch norm")],
        ),
        claim(
            "1.3b.eps_order",
            r"\epsilon",
            "order in which the cosine between weights and gradient vanishes with epsilon",
            eps_order,
            [Control(r"\epsilon^2", "squared"), Control(r"\sqrt{\epsilon}", "as epsilon stands under a root")],
            code=True,
        ),
        claim(
            "1.3b.gradient_factor",
            0.5,
            "factor on that gradient when the weights are doubled",
            agrees(
                lambda: batch_norm.gradient_norm(2) / batch_norm.gradient_norm(1),
                "autograd at eps = 0",
                tolerance=1e-9,
                seed=0,
            ),
            [Control(2.0, "inverse"), Control(1.0, "no change")],
        ),
        claim(
            "1.3b.bias_gradient",
            "zero",
            "gradient of a bias before batch norm",
            bias,
            [Control("usual", "as without batch norm")],
        ),
        claim(
            "1.3b.restoring_scale",
            r"\gamma = s",
            "scale at which batch norm returns the batch itself",
            gap_check(
                lambda c: batch_norm.restored_gap(c == r"\gamma = s", True),
                "the batch itself",
                "nn.BatchNorm2d with these parameters",
            ),
            [Control(r"\gamma = 1", "the initial scale")],
            code=True,
        ),
        claim(
            "1.3b.restoring_shift",
            r"\beta = \mu",
            "shift at which batch norm returns the batch itself",
            gap_check(
                lambda c: batch_norm.restored_gap(True, c == r"\beta = \mu"),
                "the batch itself",
                "nn.BatchNorm2d with these parameters",
            ),
            [Control(r"\beta = 0", "the initial shift")],
            code=True,
        ),
    ]


def degenerate_claims() -> list[Claim]:
    """Batches of one and two, and what an image's output depends on."""

    def two(candidate: str) -> Evidence:
        pairs = 1000 * normal(2, 200)  # far apart, so that epsilon hardly counts
        made = nn.BatchNorm1d(200, affine=False).double()(pairs)
        signs = torch.sign(pairs - pairs.mean(0))
        typical = float((made - {"the sign": signs, "the value": pairs}[candidate]).abs().median())
        require(typical < 1e-6, "nn.BatchNorm1d's output", typical, f"median difference from {candidate}")
        return Evidence("two hundred pairs through nn.BatchNorm1d", typical, 1e-6, seed=0)

    def one() -> str:
        try:
            nn.BatchNorm1d(3).train()(torch.ones(1, 3))
        except Exception as error:
            return type(error).__name__
        return "nothing"

    def depends(training: bool) -> str:
        module, _ = batch_norm.trained_module()
        module.train(training)
        batch = normal(*SHAPE, seed=3)
        others = torch.cat([batch[:1], batch[1:] + 1])
        return "depends" if _gap(module(batch)[:1], module(others)[:1]) > EXACT else "does not depend"

    words = ("depends", "does not depend")
    return [
        claim(
            "1.3b.of_two",
            "the sign",
            "what training-mode batch norm keeps of the difference of two numbers",
            two,
            [Control("the value", "as it came")],
        ),
        claim(
            "1.3b.of_one",
            "ValueError",
            "what nn.BatchNorm1d raises for a batch of one in training",
            agrees(one, "one image through nn.BatchNorm1d"),
            ["RuntimeError", "nothing"],
            code=True,
        ),
        *[
            claim(
                f"1.3b.others_{mode}",
                word,
                f"whether an image's output depends on the rest of its batch, {mode}",
                agrees(lambda t=training: depends(t), "the other images of the batch changed", seed=0),  # type: ignore[misc]
                [w for w in words if w != word],
            )
            for mode, training, word in (("training", True, words[0]), ("evaluation", False, words[1]))
        ],
    ]


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max())
