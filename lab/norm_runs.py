"""The recorded runs with and without norms: which arm is read, and single seeds of them trained again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from statistics import fmean, geometric_mean, median
from typing import Any

from torch import nn

from experiments.regularisation import learning_rates, normalised, small_batches
from experiments.regularisation.digits import CLASSES, split
from lab.uncompiled import uncompiled

GUESS = math.log(CLASSES)  # nats
LEARNS = 0.9  # of a guess's loss: what a network that has learnt something ends below

Arm = Mapping[str, Any]  # of one rate: "rate", and lists over seeds


def losses(arm: Arm) -> list[float]:
    """Final training losses; a run that diverged counts as a guess."""
    return [GUESS if loss is None else loss for loss in arm["train_loss"]]


def usable_rate(arms: Sequence[Arm]) -> float:
    """The highest rate at which all seeds learn: their training loss ends below nine tenths of a guess's."""
    return _highest(arms, lambda arm: max(losses(arm)) < LEARNS * GUESS)


def usable_by_accuracy(arms: Sequence[Arm]) -> float:
    """The same on other images and by another measure: every seed's test accuracy is above twice that of guessing."""
    return _highest(arms, lambda arm: min(arm["test_accuracy"]) > 2 / CLASSES)


def accurate(arm: Arm) -> int:
    """How many seeds' test accuracies are above twice that of guessing."""
    return sum(share > 2 / CLASSES for share in arm["test_accuracy"])


def _highest(arms: Sequence[Arm], usable: Callable[[Arm], bool]) -> float:
    """Half the lowest rate where none is usable."""
    return float(max((arm["rate"] for arm in arms if usable(arm)), default=min(arm["rate"] for arm in arms) / 2))


def lowest_loss(arms: Sequence[Arm]) -> Arm:
    """The arm of the lowest mean training loss."""
    return min(arms, key=lambda arm: fmean(losses(arm)))


def best_by_accuracy(arms: Sequence[Arm]) -> float:
    """The rate whose median test accuracy is the highest."""
    return float(max(arms, key=lambda arm: median(arm["test_accuracy"]))["rate"])


def best_by_geometric_mean(arms: Sequence[Arm]) -> float:
    """The rate of the lowest geometric mean of the training losses."""
    return float(min(arms, key=lambda arm: geometric_mean(losses(arm)))["rate"])


def best_on_training_images(arms: Sequence[Arm]) -> Arm:
    """The arm of the lowest mean training loss in evaluation mode."""
    return min(arms, key=lambda arm: fmean(arm["evaluation_mode_loss"]))


def best_by_product(arms: Sequence[Arm]) -> Arm:
    """The same by the geometric mean."""
    return sorted(arms, key=lambda arm: geometric_mean(arm["evaluation_mode_loss"]))[0]


def accuracies(curves: Mapping[str, Sequence[Arm]], size: int) -> tuple[list[float], list[float]]:
    """Per cent with batch and with group norm in small batches, each at the rate that its training images chose."""
    best = (best_on_training_images(curves[f"{norm}-{size}"]) for norm in ("batch", "group"))
    batch, group = ([100 * share for share in arm["test_accuracy"]] for arm in best)
    return batch, group


def convolutions() -> int:
    """Convolutions of 3 x 3 in the network of the sweep."""
    settings = learning_rates.Settings()
    layers = normalised.make_network(1, "batch", settings.channels, settings.depth)
    return sum(isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) for layer in layers)


@cache
@uncompiled()
def swept_again(norm: str, rate: float, seed: int) -> Arm:
    """One seed of the sweep, trained alone."""
    alone = replace(learning_rates.Settings(), seeds=(seed,))
    return learning_rates.train_arm(alone, split(alone.seeds, alone.train_images, alone.test_images), norm, rate)


def loss_at_rate(norm: str, rate: float) -> Callable[[int], float]:
    """The training loss of one seed."""
    return lambda seed: losses(swept_again(norm, rate, seed))[0]


def accuracy_at_rate(norm: str, rate: float) -> Callable[[int], float]:
    """Its test accuracy."""
    return lambda seed: float(swept_again(norm, rate, seed)["test_accuracy"][0])


def train_small_batches(norm: str, size: int, rate: float) -> Callable[[int], float]:
    """The test accuracy of one seed of the connected network."""

    @uncompiled()
    def train(seed: int) -> float:
        alone = replace(small_batches.Settings(), seeds=(seed,))
        data = split(alone.seeds, alone.train_images, alone.test_images)
        return float(small_batches.train_arm(alone, data, norm, size, rate)["test_accuracy"][0])

    return train
