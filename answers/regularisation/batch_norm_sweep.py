"""Claims of 1.3b from the sweep over learning rates, with intervals over seeds, and the figure."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import Any

from torch import nn

from answers.regularisation.paired import (
    differences,
    effect_claims,
    interval,
    mean_claim,
    percent,
    ratio_claims,
    retrained_claim,
    sign_flip_probability,
    verdict_of,
)
from experiments.regularisation import learning_rates
from experiments.regularisation.digits import CLASSES, split
from experiments.regularisation.normalised import make_network
from writeup.claims import Claim, Control, agrees, claim
from writeup.figures import Plot, Reference, Series
from writeup.records.store import Records

SWEEP = f"{learning_rates.KIND}/{learning_rates.Settings().name}"
NORMS = ("none", "batch", "layer", "group")
CHANCE = math.log(CLASSES)  # nats: the loss of a guess
LOWER = ("lower", "higher")


def losses(arm: dict[str, Any]) -> list[float]:
    """Final training losses, seed by seed; a run that diverged counts as no better than a guess."""
    return [CHANCE if loss is None else loss for loss in arm["train_loss"]]


def accuracies(arm: dict[str, Any]) -> list[float]:
    """Of every seed, in per cent."""
    return percent(arm["test_accuracy"])


def best(records: Records, norm: str) -> dict[str, Any]:
    return min(records[SWEEP].curves[norm], key=lambda arm: fmean(losses(arm)))


def at_rate(records: Records, norm: str, rate: float) -> dict[str, Any]:
    return next(arm for arm in records[SWEEP].curves[norm] if arm["rate"] == rate)


def learns(arm: dict[str, Any]) -> list[bool]:
    """Which seeds are not left guessing: training loss a tenth or more below a guess's."""
    return [loss < 0.9 * CHANCE for loss in losses(arm)]


def usable_rate(records: Records, norm: str) -> float:
    """The largest rate at which no seed is left guessing."""
    return max(arm["rate"] for arm in records[SWEEP].curves[norm] if all(learns(arm)))


def usable_by_accuracy(records: Records, norm: str) -> float:
    """The same decided on other images and another measure: every seed's test accuracy is above twice chance."""
    return max(arm["rate"] for arm in records[SWEEP].curves[norm] if min(arm["test_accuracy"]) > 2 / CLASSES)


def usable_by_seed(records: Records, norm: str) -> list[float]:
    """Per seed the logarithm of the largest rate at which it is not left guessing."""
    arms = records[SWEEP].curves[norm]
    by_seed = zip(*(learns(arm) for arm in arms), strict=True)
    return [math.log(max(arm["rate"] for arm, fine in zip(arms, seed, strict=True) if fine)) for seed in by_seed]


def convolutions(settings: learning_rates.Settings) -> int:
    """Convolutions of 3 x 3 in one model of the sweep."""
    layers = make_network(1, "batch", settings.channels, settings.depth)
    return sum(isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) for layer in layers)


def sweep_claims(records: Records) -> list[Claim]:
    """Per norm: highest usable rate, loss and accuracy at its own best rate; and the differences that matter."""
    rates = learning_rates.Settings().rates
    claims: list[Claim] = []
    for norm in NORMS:
        usable, arm = usable_rate(records, norm), best(records, norm)
        accuracy = accuracies(arm)
        other = rates[rates.index(usable) + 1]
        rival = best(records, "batch" if norm != "batch" else "none")
        claims += [
            claim(
                f"1.3b.{norm}_usable",
                usable,
                f"highest learning rate at which no seed is left guessing, norm: {norm}",
                agrees(
                    lambda norm=norm: usable_by_accuracy(records, norm),  # type: ignore[misc]
                    "test accuracy of every seed above twice chance",
                    records=[SWEEP],
                ),
                [Control(other, "one step too high"), Control(rates[rates.index(usable) - 1], "one step too low")],
                form="g",
            ),
            mean_claim(
                f"1.3b.{norm}_loss",
                losses(arm),
                f"training loss at its own best rate, norm: {norm}",
                [SWEEP],
                Control(fmean(losses(rival)), "another norm's"),
                "nats",
                ".3f",
            ),
            mean_claim(
                f"1.3b.{norm}_accuracy",
                accuracy,
                f"test accuracy at its own best rate, norm: {norm}",
                [SWEEP],
                Control(fmean(accuracies(rival)), "another norm's"),
                "%",
                ".1f",
                learning_rates.Settings().test_images,
            ),
        ]
    for id, norm in (("gain", "none"), ("over_layer", "layer"), ("over_group", "group")):
        first, second = best(records, norm), best(records, "batch")
        claims += effect_claims(
            f"1.3b.{id}",
            losses(first),
            losses(second),
            f"training loss with batch norm less that with norm: {norm}, each at its best rate",
            [SWEEP],
            LOWER,
            "nats",
            "+.3f",
        )
        claims += effect_claims(
            f"1.3b.{id}_accuracy",
            accuracies(first),
            accuracies(second),
            f"test accuracy with batch norm less that with norm: {norm}, each at its best rate",
            [SWEEP],
            LOWER,
            "points",
            "+.1f",
            learning_rates.Settings().test_images,
        )
    claims += [*grid_claims(records), *retrained_claims(records)]
    ratio = usable_rate(records, "batch") / usable_rate(records, "none")
    claims += ratio_claims(
        "1.3b.seed_usable",
        usable_by_seed(records, "none"),
        usable_by_seed(records, "batch"),
        "highest rate at which a seed is not left guessing, with batch norm over without",
        SWEEP,
    )
    return [
        *claims,
        claim(
            "1.3b.usable_ratio",
            round(ratio),
            "highest usable rate with batch norm over that without",
            agrees(
                lambda: usable_by_accuracy(records, "batch") / usable_by_accuracy(records, "none"),
                "test accuracy of every seed above twice chance",
                tolerance=1e-9,
                records=[SWEEP],
            ),
            [Control(1, "no difference"), Control(round(ratio) * 2, "one step of the grid more")],
        ),
        claim(
            "1.3b.depth",
            learning_rates.Settings().depth,
            "convolutions of the network",
            agrees(lambda: convolutions(learning_rates.Settings()), "the network, built and its layers counted"),
            [Control(learning_rates.Settings().depth + 1, "the readout counted too")],
        ),
        claim(
            "1.3b.seeds",
            len(learning_rates.Settings().seeds),
            "seeds of every setting",
            agrees(
                lambda: min(len(a["test_accuracy"]) for n in NORMS for a in records[SWEEP].curves[n]),
                "values in the record, counted",
                records=[SWEEP],
            ),
            [len(learning_rates.Settings().seeds) - 1],
        ),
    ]


def retrained_claims(records: Records) -> list[Claim]:
    """One seed of the sweep trained again, with and without batch norm, at a rate at which rounding stays small."""
    settings, rate = replace(learning_rates.Settings(), seeds=(0,)), 0.05

    def again(norm: str) -> float:
        data = split(settings.seeds, settings.train_images, settings.test_images)
        return float(learning_rates.train_arm(settings, data, norm, rate)["train_loss"][0])

    return [
        retrained_claim(
            f"1.3b.{norm}_again",
            losses(at_rate(records, norm, rate)),
            lambda norm=norm: again(norm),  # type: ignore[misc]
            f"training loss of the first seed at the rate {rate:g}, norm: {norm}",
            [SWEEP],
            0.01,
        )
        for norm in ("none", "batch")
    ]


def grid_claims(records: Records) -> list[Claim]:
    """At how many rates of the grid batch norm ends lower, at how many higher, beyond the spread of the seeds."""
    rates = learning_rates.Settings().rates
    pairs = [[losses(at_rate(records, norm, rate)) for norm in ("none", "batch")] for rate in rates]
    found = [differences(plain, normed) for plain, normed in pairs]
    by_interval = [verdict_of(*interval(values), LOWER) for values in found]

    def by_signs(word: str) -> int:
        sign = -1 if word == "lower" else 1
        return sum(sign_flip_probability(values) < 0.05 and sign * fmean(values) > 0 for values in found)

    return [
        claim(
            "1.3b.rates",
            len(rates),
            "learning rates of the grid",
            agrees(lambda: len(records[SWEEP].curves["batch"]), "arms in the record", records=[SWEEP]),
            [len(rates) - 1],
        ),
        *[
            claim(
                f"1.3b.rates_{word}",
                by_interval.count(word),
                f"rates at which batch norm ends {word}, beyond the spread of the seeds",
                agrees(lambda word=word: by_signs(word), "sign-flip tests, rate by rate", records=[SWEEP]),  # type: ignore[misc]
                [by_interval.count(word) + 1, len(rates)],
            )
            for word in LOWER
        ],
    ]


def figure(records: Records) -> Plot:
    """Final training loss against the learning rate, with intervals over seeds."""
    labels = {"none": "without", "batch": "batch norm", "group": "group norm", "layer": "layer norm"}
    curves = records[SWEEP].curves
    series = []
    for norm, label in labels.items():
        ends = [interval(losses(arm)) for arm in curves[norm]]
        # a loss is positive: where the seeds scatter widely the t interval would reach below zero, off a log axis
        series.append(
            Series(
                label,
                [arm["rate"] for arm in curves[norm]],
                [fmean(losses(arm)) for arm in curves[norm]],
                [max(low, min(losses(arm))) for (low, _), arm in zip(ends, curves[norm], strict=True)],
                [high for _, high in ends],
                "both",
            )
        )
    return Plot(
        series,
        "learning rate",
        "training loss, nats",
        x_scale="log",
        y_scale="log",
        references=[Reference(CHANCE)],
        height=5.5,
    )
