"""Claims of 1.3b on small batches, where batch norm can fail, with intervals over seeds."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

from answers.regularisation.batch_norm_sweep import accuracies
from answers.regularisation.paired import effect_claims, retrained_claim
from experiments.regularisation import small_batches
from experiments.regularisation.digits import split
from writeup.claims import Claim, agrees, claim
from writeup.records.store import Records

SMALL = {s.layers: f"{small_batches.KIND}/{s.name}" for s in (small_batches.CONVOLUTIONAL, small_batches.CONNECTED)}
LOWER = ("lower", "higher")


def small_again(records: Records, norm: str) -> Claim:
    """One seed with connected layers trained again, at the size and rate at which rounding stays smallest."""
    settings = replace(small_batches.CONNECTED, seeds=(0,))
    size, rate = max(settings.batch_sizes), min(settings.rates)
    arm = next(arm for arm in records[SMALL["connected"]].curves[f"{norm}-{size}"] if arm["rate"] == rate)

    def again() -> float:
        data = split(settings.seeds, settings.train_images, settings.test_images)
        return float(small_batches.train_arm(settings, data, norm, size, rate)["evaluation_mode_loss"][0])

    text = f"loss of the first seed, connected layers, batches of {size}, norm: {norm}"
    return retrained_claim(
        f"1.3b.{norm}_small_again", arm["evaluation_mode_loss"], again, text, [SMALL["connected"]], 0.005
    )


def small_batch_claims(records: Records) -> list[Claim]:
    """Batch norm against group norm at the smallest batch, in connected and in convolutional layers."""
    claims: list[Claim] = []
    for layers, path in SMALL.items():
        curves = records[path].curves
        for size in (2, 8, 40):
            first, second = (
                max(curves[f"{norm}-{size}"], key=lambda arm: fmean(arm["test_accuracy"]))
                for norm in ("group", "batch")
            )
            claims += effect_claims(
                f"1.3b.{layers}_{size}",
                accuracies(first),
                accuracies(second),
                f"test accuracy of batch norm less that of group norm, {layers} layers, batches of {size}",
                [path],
                LOWER,
                "points",
                "+.1f",
                small_batches.CONNECTED.test_images,
            )
    sizes = small_batches.CONNECTED.batch_sizes
    smallest = min(sizes)
    worst = max(
        records[SMALL["connected"]].curves[f"batch-{smallest}"],
        key=lambda arm: fmean(arm["test_accuracy"]),
    )
    for norm in ("group", "batch"):
        claims.append(small_again(records, norm))
    claims += effect_claims(
        "1.3b.mismatch",
        worst["evaluation_mode_loss"],
        worst["training_mode_loss"],
        "loss of the last epoch in training mode less that in evaluation mode, connected layers, smallest batches",
        [SMALL["connected"]],
        LOWER,
        "nats",
        "+.2f",
    )
    return [
        *claims,
        claim(
            "1.3b.smallest",
            smallest,
            "smallest batch compared",
            agrees(
                lambda: min(int(name.rpartition("-")[2]) for name in records[SMALL["connected"]].curves),
                "the record's arms",
                records=list(SMALL.values()),
            ),
            [max(sizes)],
        ),
        claim(
            "1.3b.largest",
            max(sizes),
            "largest batch compared",
            agrees(
                lambda: max(int(name.rpartition("-")[2]) for name in records[SMALL["connected"]].curves),
                "the record's arms",
                records=list(SMALL.values()),
            ),
            [min(sizes)],
        ),
    ]
