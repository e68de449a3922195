"""Claims of 1.3b on why batch norm helps: smoothness along the gradient, and the shift of distributions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, replace_all_batch_norm_modules_

from answers.regularisation.paired import (
    effect_claims,
    ratio_claims,
)
from experiments.regularisation import landscape
from experiments.regularisation.digits import split
from experiments.regularisation.normalised import make_network
from experiments.regularisation.side_by_side import batches, seed_weights
from writeup.claims import Claim, Control, agrees, claim
from writeup.records.store import Records

WALKS = f"{landscape.KIND}/{landscape.Settings().name}"
LOWER = ("lower", "higher")


def per_seed(records: Records, arm: str, measure: str) -> list[float]:
    """The logarithm of the median over the walked steps, seed by seed."""
    rows = records[WALKS].curves[arm][measure]
    return [math.log(median(column)) for column in zip(*rows, strict=True)]


def landscape_claims(records: Records) -> list[Claim]:
    """Smoothness along the gradient, and the distribution shift that does not decide."""
    arms = records[WALKS].curves
    claims = walk_claims(records)
    for measure, text in (
        ("smoothness", "change of the gradient per length walked along it"),
        ("gradient_change", "largest change of the gradient along the walk, relative"),
        ("loss_range", "range of the loss along the walk"),
    ):
        plain, normed = (per_seed(records, arm, measure) for arm in ("none", "batch"))
        claims += ratio_claims(f"1.3b.{measure}", plain, normed, f"{text}, with batch norm over without", WALKS)
    shift = {arm: [math.log(v) for v in arms[arm]["shift"]] for arm in arms}
    claims += ratio_claims(
        "1.3b.shift",
        shift["none"],
        shift["batch"],
        "movement of a layer's inputs per step, with batch norm over without",
        WALKS,
    )
    claims += ratio_claims(
        "1.3b.noisy_shift",
        shift["none"],
        shift["noisy"],
        "the same with noise behind batch norm, over without batch norm",
        WALKS,
    )
    for id, first, text in (("noisy_gain", "none", "the plain network"), ("noise_cost", "batch", "batch norm alone")):
        claims += effect_claims(
            f"1.3b.{id}",
            arms[first]["train_loss"],
            arms["noisy"]["train_loss"],
            f"training loss with noise behind batch norm less that of {text}",
            [WALKS],
            LOWER,
            "nats",
            "+.3f",
        )
    return claims


def walked_range(arm: str) -> float:
    """The range of the loss along the first seed's first gradient, walked here without the experiment's own code."""
    settings = landscape.Settings()
    data = split((0,), settings.train_images, settings.test_images)
    network = make_network(1, landscape.ARMS[arm][0], settings.channels, settings.depth)
    seed_weights(network, [0])
    replace_all_batch_norm_modules_(network)  # running statistics would be changed in place
    batch = next(batches(settings.train_images, settings.batch_size, torch.Generator().manual_seed(0)))
    images, labels = data.train_images[batch], data.train_labels[batch, 0]

    def loss(weights: Mapping[str, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(functional_call(network, dict(weights), (images,)).flatten(1), labels)

    here = {name: parameter.detach() for name, parameter in network.named_parameters()}
    slope = grad(loss)(here)
    lengths = [0.0, *(stretch * settings.learning_rate for stretch in settings.stretches)]
    met = [float(loss({name: here[name] - length * slope[name] for name in here})) for length in lengths]
    return max(met) - min(met)


def walk_claims(records: Records) -> list[Claim]:
    """The first row of the record, with and without batch norm, found again."""
    found = {arm: float(records[WALKS].curves[arm]["loss_range"][0][0]) for arm in ("none", "batch")}
    return [
        claim(
            f"1.3b.{arm}_walk",
            found[arm],
            f"range of the loss along the first gradient of the first seed, norm: {arm}",
            agrees(
                lambda arm=arm: walked_range(arm),  # type: ignore[misc]
                "walked anew by functional calls",
                tolerance=1e-3,
                seed=0,
                records=[WALKS],
            ),
            [Control(found[other], "the other arm's")],
            form=".3f",
        )
        for arm, other in (("none", "batch"), ("batch", "none"))
    ]
