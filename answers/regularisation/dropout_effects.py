"""Claims of 1.2b that training on real images supports, with intervals over seeds, and the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from answers.regularisation.paired import differences, effect_claims, interval, mean_claim, percent, retrained_claim
from experiments.regularisation import dropout
from experiments.regularisation.digits import split
from experiments.regularisation.dropout import FEW, MANY, arm_name
from writeup.claims import Check, Claim, Control, Evidence, agrees, claim, require
from writeup.figures import Plot, Reference, Series
from writeup.records.store import Records

PATHS = {"few": f"{dropout.KIND}/{FEW.name}", "many": f"{dropout.KIND}/{MANY.name}"}
MODERATE, SEVERE = 0.5, 0.9
BETTER = ("lower", "higher")
HALVES = 10  # draws of the maps to silence, over which the experiment averages an accuracy


def values(records: Records, data: str, form: str, p: float, measure: str) -> list[float]:
    """Per seed; accuracies in percent."""
    found: list[float] = records[PATHS[data]].curves[arm_name(form, p)][measure]
    return percent(found) if measure.endswith("accuracy") else found


def regularisation_claims(records: Records) -> list[Claim]:
    """Accuracy on few and on many images: without dropout, and what each probability changes."""
    claims = size_claims(records)
    for data, settings in (("few", FEW), ("many", MANY)):
        plain = values(records, data, "channel", 0.0, "test_accuracy")
        fitted = values(records, data, "channel", 0.0, "train_accuracy")
        claims += [
            mean_claim(
                f"1.2b.{data}_test",
                plain,
                f"test accuracy without dropout, {data} images",
                [PATHS[data]],
                Control(fmean(fitted), "the training accuracy"),
                "%",
                ".1f",
                settings.test_images,
            ),
            mean_claim(
                f"1.2b.{data}_train",
                fitted,
                f"training accuracy without dropout, {data} images",
                [PATHS[data]],
                Control(fmean(plain), "the test accuracy"),
                "%",
                ".1f",
                settings.train_images,
            ),
        ]
        for form, p in settings.arms[1:]:
            claims += effect_claims(
                f"1.2b.{data}_{form}_{round(100 * p)}",
                plain,
                values(records, data, form, p, "test_accuracy"),
                f"change of test accuracy with {form} dropout at p = {p:g}, {data} images",
                [PATHS[data]],
                BETTER,
                "points",
                "+.2f",
                settings.test_images,
            )
    for p in (0.3, MODERATE, 0.7):
        claims += effect_claims(
            f"1.2b.gap_{round(100 * p)}",
            gap(records, 0.0),
            gap(records, p),
            f"change of the gap between training and test accuracy with channel dropout at p = {p:g}, few images",
            [PATHS["few"]],
            ("smaller", "larger"),
            "points",
            "+.2f",
            math.lcm(FEW.train_images, FEW.test_images),
        )
    fitted = values(records, "few", "channel", SEVERE, "train_accuracy")
    plain = values(records, "few", "channel", 0.0, "train_accuracy")
    claims.append(
        mean_claim(
            "1.2b.few_train_severe",
            fitted,
            f"training accuracy with channel dropout at p = {SEVERE:g}, few images",
            [PATHS["few"]],
            Control(fmean(plain), "that without dropout"),
            "%",
            ".1f",
            FEW.train_images,
        )
    )
    return claims


def gap(records: Records, p: float) -> list[float]:
    train, test = (values(records, "few", "channel", p, f"{part}_accuracy") for part in ("train", "test"))
    return differences(test, train)


def size_claims(records: Records) -> list[Claim]:
    """How many images, seeds and what probabilities."""
    claims = []
    for data, settings in (("few", FEW), ("many", MANY)):
        claims.append(
            claim(
                f"1.2b.{data}_images",
                settings.train_images,
                f"training images, {data}",
                agrees(
                    lambda s=settings: len(split(s.seeds[:1], s.train_images, s.test_images).train_labels),  # type: ignore[misc]
                    "the split, made anew and counted",
                    records=[PATHS[data]],
                ),
                [settings.test_images, settings.train_images - 1],
                form=",d",
            )
        )
    seeds = [len(values(records, data, "channel", 0.0, "test_loss")) for data in PATHS]
    return [
        *claims,
        claim(
            "1.2b.test_images",
            FEW.test_images,
            "test images of every seed",
            accuracies_count_images(records),
            [FEW.test_images - 1, FEW.train_images],
        ),
        claim(
            "1.2b.seeds",
            len(FEW.seeds),
            "seeds of every setting",
            agrees(lambda: min(seeds), "values in the records, counted", records=list(PATHS.values())),
            [len(FEW.seeds) - 1],
        ),
        *[
            claim(
                f"1.2b.{name}",
                p,
                f"the {name} probability of dropping",
                agrees(lambda p=p: _named_probability(records, p), "the records' arms", records=list(PATHS.values())),  # type: ignore[misc]
                [round(1 - p, 2)] if p != MODERATE else [0.3],
            )
            for name, p in (("moderate", MODERATE), ("strong", 0.7), ("severe", SEVERE))
        ],
    ]


def accuracies_count_images(records: Records) -> Check:
    """An accuracy over n images is a whole number of n-ths; all recorded ones must be."""
    recorded = [
        accuracy
        for path in PATHS.values()
        for arm in records[path].curves.values()
        for accuracy in arm["test_accuracy"]
    ]

    def check(candidate: int) -> Evidence:
        off = max(abs(accuracy * candidate - round(accuracy * candidate)) for accuracy in recorded)
        require(off < 0.01, "whole numbers of images", off, f"largest remainder of accuracies over {candidate} images")
        return Evidence("recorded accuracies, as whole numbers of images", off, 0.01, records=tuple(PATHS.values()))

    return check


def _named_probability(records: Records, p: float) -> float:
    """The probability in the name of the arm that both records have for it."""
    arms = set(records[PATHS["few"]].curves) & set(records[PATHS["many"]].curves)
    return next(float(arm.removeprefix("channel-")) for arm in arms if arm == f"channel-{p:g}")


def feature_claims(records: Records) -> list[Claim]:
    """Co-adaptation: what happens when half of the maps are silenced; and how much the maps repeat each other."""
    claims = [
        mean_claim(
            f"1.2b.half_removed_{name}",
            values(records, "few", "channel", p, "half_removed_accuracy"),
            f"test accuracy with half of the maps silenced, trained at p = {p:g}",
            [PATHS["few"]],
            Control(fmean(values(records, "few", "channel", p, "test_accuracy")), "with all maps"),
            "%",
            ".1f",
            HALVES * FEW.test_images,
        )
        for name, p in (("without", 0.0), ("with", MODERATE))
    ]
    for id, measure, words, form, images in (
        ("half_removed", "half_removed_accuracy", BETTER, "+.2f", HALVES * FEW.test_images),
        ("redundancy", "channel_correlation", ("lower", "higher"), "+.3f", 0),
    ):
        claims += effect_claims(
            f"1.2b.{id}",
            values(records, "few", "channel", 0.0, measure),
            values(records, "few", "channel", MODERATE, measure),
            f"{measure.replace('_', ' ')}: trained with channel dropout at p = {MODERATE:g} less trained without",
            [PATHS["few"]],
            words,
            "points" if images else "",
            form,
            images,
        )
    return claims


def form_claims(records: Records) -> list[Claim]:
    """Dropping maps against dropping elements at the same probability, and how correlated the dropped maps are."""
    correlation = values(records, "few", "channel", 0.0, "neighbour_correlation")
    return [
        *effect_claims(
            "1.2b.form",
            values(records, "few", "element", MODERATE, "test_accuracy"),
            values(records, "few", "channel", MODERATE, "test_accuracy"),
            f"test accuracy of channel dropout less that of element dropout, both at p = {MODERATE:g}",
            [PATHS["few"]],
            BETTER,
            "points",
            "+.2f",
            FEW.test_images,
        ),
        mean_claim(
            "1.2b.map_correlation",
            correlation,
            "correlation of adjacent activations in the maps that are dropped",
            [PATHS["few"]],
            Control(fmean(values(records, "few", "channel", 0.0, "channel_correlation")), "that of different maps"),
            form=".2f",
        ),
    ]


def cost_claims(records: Records) -> list[Claim]:
    """After the same number of passes over many images the training loss is still higher."""
    alone = replace(MANY, seeds=(0,))

    def again() -> float:
        data = split(alone.seeds, alone.train_images, alone.test_images)
        return float(dropout.train_arm(alone, data, "channel", 0.0)["test_loss"][0])

    return [
        retrained_claim(
            "1.2b.plain_again",
            values(records, "many", "channel", 0.0, "test_loss"),
            again,
            "test loss (nats) of the first seed without dropout, many images",
            [PATHS["many"]],
            0.005,
        ),
        *effect_claims(
            "1.2b.cost",
            values(records, "many", "channel", 0.0, "train_loss"),
            values(records, "many", "channel", MODERATE, "train_loss"),
            f"training loss with channel dropout at p = {MODERATE:g} less that without, many images, equal passes",
            [PATHS["many"]],
            BETTER,
            "nats",
            "+.3f",
        ),
    ]


def figure(records: Records) -> Plot:
    """Change of test accuracy against p, with intervals; p = 0.9 would leave the picture."""
    shown = {
        "maps dropped, few images": ("few", "channel"),
        "elements dropped, few images": ("few", "element"),
        "maps dropped, many images": ("many", "channel"),
    }
    return Plot(
        [_series(records, label, *arm, shift=0.008 * k) for k, (label, arm) in enumerate(shown.items(), start=-1)],
        "probability of dropping $p$",
        "accuracy change, points",
        references=[Reference(0.0)],
        height=5.5,
    )


def _series(records: Records, label: str, data: str, form: str, shift: float) -> Series:
    plain = values(records, data, "channel", 0.0, "test_accuracy")
    settings: Mapping[str, Any] = records[PATHS[data]].settings
    probabilities: Sequence[float] = [p for f, p in settings["arms"] if f == form and 0 < p < SEVERE]
    found = [differences(plain, values(records, data, form, p, "test_accuracy")) for p in probabilities]
    ends = [interval(d) for d in found]
    return Series(
        label,
        [p + shift for p in probabilities],
        [fmean(d) for d in found],
        [low for low, _ in ends],
        [high for _, high in ends],
        "both",
    )
