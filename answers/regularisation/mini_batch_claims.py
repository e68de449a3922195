"""Claims of 1.3a: epochs and updates, exact expectation and variance, batch sizes trained against each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

import torch
from torch.utils.data import DataLoader, TensorDataset

from answers.regularisation import mini_batch
from answers.regularisation.paired import effect_claims, mean_claim, retrained_claim
from experiments.regularisation import batch_size
from experiments.regularisation.digits import all_digits, split
from writeup.claims import Check, Claim, Control, Evidence, agrees, claim, require
from writeup.records.store import Records

SIZE = 3  # of the batches that are all enumerated
EXAMPLE = 64
EXACT = 1e-12
SINGLE, SMALL, FULL = "1", "20", "500"

# Factor on the one-sample variance, given batch size B and number of images N.
WITHOUT: dict[str, Callable[[int, int], float]] = {
    r"\frac{v}{B} \frac{N-B}{N-1}": lambda b, n: (n - b) / (b * (n - 1)),
    r"\frac{v}{B}": lambda b, n: 1 / b,  # noqa: ARG005  # one signature
    r"\frac{v}{B} \frac{N-B}{N}": lambda b, n: (n - b) / (b * n),
}
WITH: dict[str, Callable[[int, int], float]] = {
    r"\frac{v}{B}": lambda b, n: 1 / b,  # noqa: ARG005
    r"v/\sqrt{B}": lambda b, n: b**-0.5,  # noqa: ARG005
    "v/B^2": lambda b, n: b**-2.0,  # noqa: ARG005
}


def counting_claims() -> list[Claim]:
    """One epoch of all digits in batches, counted by formula and by torch's own loader."""
    images = len(all_digits()[0])
    updates = math.ceil(images / EXAMPLE)

    def loaded() -> list[int]:
        loader = DataLoader(TensorDataset(torch.arange(images)), batch_size=EXAMPLE, shuffle=False)
        return [len(batch) for (batch,) in loader]

    route = "torch's DataLoader, run for one epoch"
    return [
        claim(
            "1.3a.images",
            images,
            "digits in the set",
            agrees(lambda: sum(loaded()), route),
            [Control(updates * EXAMPLE, "every batch full")],
            form=",d",
        ),
        claim(
            "1.3a.batch",
            EXAMPLE,
            "images in a batch of the example",
            agrees(lambda: max(loaded()), route),
            [Control(images, "the full batch")],
        ),
        claim(
            "1.3a.updates",
            updates,
            "updates in one epoch",
            agrees(lambda: len(loaded()), route),
            [Control(images // EXAMPLE, "the last, smaller batch forgotten"), Control(1, "one update an epoch")],
        ),
        claim(
            "1.3a.last",
            images - (updates - 1) * EXAMPLE,
            "images in the last batch",
            agrees(lambda: loaded()[-1], route),
            [Control(EXAMPLE, "every batch full")],
        ),
    ]


def exact_claims() -> list[Claim]:
    """Every batch of eight images is run: the mean of their gradients, and their variance."""

    def unbiased(candidate: str) -> Evidence:
        gap = float((mini_batch.mean_over_batches(SIZE, candidate) - mini_batch.full_gradient()).abs().max())
        require(gap < EXACT, "the full gradient", gap, f"largest difference with the batch's {candidate}")
        return Evidence("backward pass of every batch, in double precision", gap, EXACT)

    def variance_is(formulas: dict[str, Callable[[int, int], float]], replacement: bool, sizes: range) -> Check:
        def check(candidate: str) -> Evidence:
            one = mini_batch.variance_over_batches(1, replacement=False)
            worst = 0.0
            for size in sizes:
                found = mini_batch.variance_over_batches(size, replacement)
                worst = max(worst, abs(found / one - formulas[candidate](size, mini_batch.IMAGES)))
            require(worst < EXACT, "the variance over all batches", worst, "largest difference, relative to one sample")
            return Evidence("backward pass of every batch, in double precision", worst, EXACT)

        return check

    without, with_replacement = next(iter(WITHOUT)), next(iter(WITH))
    return [
        claim(
            "1.3a.small_set",
            mini_batch.IMAGES,
            "images of which all batches are run",
            agrees(lambda: len({i for b in mini_batch.all_batches(SIZE) for i in b}), "images in those batches"),
            [Control(SIZE, "the batch")],
        ),
        claim(
            "1.3a.small_batch",
            SIZE,
            "images in each of these batches",
            agrees(lambda: len(next(iter(mini_batch.all_batches(SIZE)))), "the first of them"),
            [SIZE - 1],
        ),
        claim(
            "1.3a.batches",
            math.comb(mini_batch.IMAGES, SIZE),
            "batches of that size",
            agrees(lambda: sum(1 for _ in mini_batch.all_batches(SIZE)), "enumeration"),
            [Control(math.perm(mini_batch.IMAGES, SIZE), "order counted"), Control(mini_batch.IMAGES * SIZE)],
        ),
        claim(
            "1.3a.reduction",
            "mean",
            "what of its examples' losses a batch's loss must be",
            unbiased,
            [Control("sum", "grows with the batch")],
        ),
        claim(
            "1.3a.variance_without",
            without,
            "variance of the batch gradient, drawn without replacement",
            variance_is(WITHOUT, False, range(1, mini_batch.IMAGES + 1)),
            [Control(tex) for tex in WITHOUT if tex != without],
            code=True,
        ),
        claim(
            "1.3a.variance_with",
            with_replacement,
            "variance of the batch gradient, drawn with replacement",
            variance_is(WITH, True, range(1, SIZE + 1)),
            [Control(tex) for tex in WITH if tex != with_replacement],
            code=True,
        ),
    ]


def comparison_claims(records: Records) -> list[Claim]:
    """Single samples, small batches and the full batch after the same number of passes, each at its best rate."""
    settings = batch_size.Settings()
    path = f"{batch_size.KIND}/{settings.name}"
    curves = records[path].curves
    best = {size: min(curves[size], key=lambda arm: fmean(arm["train_loss"])) for size in (SINGLE, "5", SMALL, FULL)}
    names = {SINGLE: "single", "5": "five", SMALL: "small", FULL: "full"}
    claims: list[Claim] = []
    for size, name in names.items():
        number = int(size)
        claims += [
            claim(
                f"1.3a.{name}_size",
                number,
                f"batch size, {name}",
                agrees(
                    lambda size=size: math.ceil(settings.epochs * settings.train_images / best[size]["updates"]),  # type: ignore[misc]
                    "images seen, by updates recorded",
                    records=[path],
                ),
                [Control(number + 1, "off by one")],
            ),
            claim(
                f"1.3a.{name}_updates",
                settings.epochs * math.ceil(settings.train_images / number),
                f"updates in all epochs, batches of {size}",
                agrees(lambda size=size: best[size]["updates"], "steps that training made", records=[path]),  # type: ignore[misc]
                [Control(math.ceil(settings.train_images / number), "those of one epoch")],
                form=",d",
            ),
            mean_claim(
                f"1.3a.{name}_loss",
                best[size]["train_loss"],
                f"training loss, batches of {size}",
                [path],
                Control(fmean(best[SMALL if size != SMALL else FULL]["train_loss"]), "another batch size's"),
                "nats",
                ".2f",
            ),
        ]
    for id, first, second in (("small_full", FULL, SMALL), ("five_small", SMALL, "5"), ("five_single", SINGLE, "5")):
        claims += effect_claims(
            f"1.3a.{id}",
            best[first]["train_loss"],
            best[second]["train_loss"],
            f"training loss with batches of {second} less that with batches of {first}",
            [path],
            ("lower", "higher"),
            "nats",
            "+.3f",
        )
    alone = replace(settings, seeds=(0,))

    def again() -> float:
        data = split(alone.seeds, alone.train_images, alone.test_images)
        return float(batch_size.train_arm(alone, data, int(SMALL), best[SMALL]["rate"])["train_loss"][0])

    text = f"training loss of the first seed with batches of {SMALL}"
    return [
        *claims,
        retrained_claim("1.3a.small_again", best[SMALL]["train_loss"], again, text, [path], 0.01),
        claim(
            "1.3a.passes",
            settings.epochs,
            "passes over the images",
            agrees(lambda: best[FULL]["updates"], "full-batch updates: one a pass", records=[path]),
            [settings.epochs + 1],
        ),
        claim(
            "1.3a.seeds",
            len(settings.seeds),
            "seeds of every setting",
            agrees(
                lambda: min(len(arm["train_loss"]) for arms in curves.values() for arm in arms),
                "values in the record, counted",
                records=[path],
            ),
            [len(settings.seeds) - 1],
        ),
    ]
