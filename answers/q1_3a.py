"""1.3a: what a mini-batch is, why its gradient may stand for the whole, and what its size trades."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from experiments.regularisation import batch_size, gradient_noise, throughput
from experiments.regularisation.digits import all_digits, split
from lab import mini_batch
from lab.uncompiled import uncompiled
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.figures import Panels, Plot, Series
from writeup.records.store import Record, Records

BATCH = 64
EXACT = 1e-12
# Variance of the gradient of b out of n images, by that of one image; the first formula is the true one.
WITHOUT = {
    r"\frac{v}{B} \cdot \frac{M-B}{M-1}": lambda b, n: (n - b) / (b * (n - 1)),
    r"\frac{v}{B}": lambda b, _n: 1 / b,
    r"\frac{v}{B} \cdot \frac{M-B}{M}": lambda b, n: (n - b) / (b * n),
}
WITH = {r"\frac{v}{B}": lambda b, _n: 1 / b, r"\frac{v}{\sqrt{B}}": lambda b, _n: b**-0.5}


def answer(records: Records) -> Answer:
    a = Facts("1.3a")
    noise, timed, trained = (records[f"{e.KIND}/{e.Settings().name}"] for e in (gradient_noise, throughput, batch_size))
    counting(a)
    exact(a)
    drawn = by("gradients taken for a seed", lambda: len(gradient_noise.sample_gradients(gradient_noise.Settings(), 0)))
    a.on(noise)("images_left", noise.settings["images"], drawn, {max(noise.settings["batch_sizes"]): "the batch's"})
    losses = trade(a.on(trained), trained)
    speed(a.on(timed), timed)
    return a.answer(figures={"trade": Panels([variance_plot(noise), loss_plot(losses)])})


def counting(a: Facts) -> None:
    images = len(all_digits()[0])
    updates = math.ceil(images / BATCH)
    loaded = [len(batch) for (batch,) in DataLoader(TensorDataset(torch.arange(images)), batch_size=BATCH)]
    route = "torch's DataLoader, run for one epoch"
    a("digits", images, by(route, sum, loaded), {updates * BATCH: "every batch full"})
    a("batch", BATCH, by(route, max, loaded))
    a("updates", updates, by(route, len, loaded), {images // BATCH: "the last, smaller batch forgotten"})
    a("last_images", images - (updates - 1) * BATCH, by(route, lambda: loaded[-1]), {BATCH: "every batch full"})


def exact(a: Facts) -> None:
    """Every batch of a small set is run: the mean of their gradients, and their variance."""
    n, route = mini_batch.IMAGES, "backward pass of every batch, in double precision"

    def bias(reduction: str) -> float:
        full = mini_batch.full_gradient()
        return max(float((mini_batch.mean_over_batches(b, reduction) - full).abs().max()) for b in range(1, n + 1))

    def misfit(formulas: dict[str, Any], replacement: bool, largest: int) -> Callable[[str], float]:
        found = {size: mini_batch.variance_over_batches(size, replacement) for size in range(1, largest + 1)}
        return lambda tex: max(abs(v / found[1] - formulas[tex](size, n)) for size, v in found.items())

    a("gradient_reduction", "mean", gap(route, bias, EXACT), {"sum": "grows with the batch"})
    a.one_of("variance_with", WITH, gap(route, misfit(WITH, True, 3), EXACT), code=True)
    a.one_of("variance_without", WITHOUT, gap(route, misfit(WITHOUT, False, n), EXACT), code=True)


def trade(a: Facts, record: Record) -> dict[int, list[float]]:
    """Training loss by batch size after equally many passes: the rate chosen on some seeds, the loss of the others."""
    settings = batch_size.Settings()
    half = len(settings.seeds) // 2
    best = {int(s): min(arms, key=lambda arm: fmean(arm["train_loss"][:half])) for s, arms in record.curves.items()}
    loss = {size: arm["train_loss"][half:] for size, arm in best.items()}
    full, small = settings.train_images, min(loss, key=lambda size: fmean(loss[size]))
    route = by("images seen, by updates recorded", lambda: settings.epochs * full // best[small]["updates"])
    a("best_size", small, route)
    counted = by("batches of every pass", lambda: settings.epochs * full // small)
    a("small_updates", best[small]["updates"], counted, {full // small: "of one pass"})
    a("passes", settings.epochs, by("full-batch updates: one a pass", lambda: best[full]["updates"]))
    a(
        "train_images",
        full,
        by("images drawn", lambda: len(split((0,), full, settings.test_images).train_labels)),
    )
    a(
        "tried_rates",
        len(settings.rates),
        by("rates of the full batch's runs", lambda: len({arm["rate"] for arm in record.curves[str(full)]})),
    )
    a(
        "trade_seeds",
        len(settings.seeds) - half,
        by("losses shown", lambda: min(map(len, loss.values()))),
    )
    means = [[fmean(arm["train_loss"][:half]) for arm in arms] for arms in record.curves.values()]
    ends = by("mean losses, the lowest at an end", lambda: sum(min(of) in (of[0], of[-1]) for of in means))
    a("at_an_end", sum(arm["rate"] in (settings.rates[0], settings.rates[-1]) for arm in best.values()), ends)
    a.effect("gain", loss[small], loss[full], "{:.2f} nats")
    a.say(
        "small_beats_full",
        lambda gain, at_an_end: gain.positive and at_an_end == 0,
        {"gain": 0.0},
        {"at_an_end": 1},
    )

    for size in (small, full):
        a.rerun(f"training loss with batches of {size}", record, loss[size], seed_again(size, best[size]["rate"]), 0.01)
    return loss


def seed_again(size: int, rate: float) -> Callable[[int], float]:
    """The training loss of one of the seeds that are shown, trained alone."""
    settings = batch_size.Settings()

    @uncompiled()
    def train(k: int) -> float:
        seed = settings.seeds[len(settings.seeds) // 2 + k]
        data = split((seed,), settings.train_images, settings.test_images)
        return batch_size.train_arm(replace(settings, seeds=(seed,)), data, size, rate)["train_loss"][0]

    return train


def speed(a: Facts, record: Record) -> None:
    """Images a second in the largest batch over those in a batch of one, in the fastest repetition of each."""
    largest, seconds = record.settings["batch_sizes"][-1], np.asarray(record.curves["seconds"])  # (repetitions, sizes)
    one, all_at_once = seconds.min(axis=0)[[0, -1]]
    typical_one, typical_all = np.median(seconds, axis=0)[[0, -1]]
    a("largest_batch", largest, by("the column that is timed last", lambda: 2 ** (seconds.shape[1] - 1)))
    images = np.asarray(record.settings["batch_sizes"])[:, None] / seconds.T
    fastest = by(
        "the highest numbers of images a second", lambda: float(images[-1].max() / images[0].max()), within=1e-9
    )
    slips = {
        float(largest): "time independent of the batch",
        float(largest * typical_one / typical_all): "medians, which other work on the machine moves",
    }
    a("times_as_many", float(largest * one / all_at_once), fastest, slips, "{:~1}")
    a.say("is_faster", lambda times_as_many: times_as_many > 1, {"times_as_many": 1.0})


def variance_plot(record: Record) -> Plot:
    """Measured variance against batch size for both ways of drawing, over that of one image, on both formulas.

    Small batches are the same either way, so what is drawn without replacement is shown where it leaves the other.
    """
    sizes, images = record.settings["batch_sizes"], record.settings["images"]
    apart = [k for k, size in enumerate(sizes) if size >= images / 8]
    one = np.asarray(record.curves["one_sample"])[:, None]
    kept, drawn = ((np.asarray(record.curves[f"{way}_replacement"]) / one).mean(0) for way in ("with", "without"))
    fine = [images / 8 * 2 ** (k / 16) for k in range(43)]
    return Plot(
        [
            Series(r"with: $1/B$", [1.0, images], [1.0, 1 / images], colour="lstm", label_at=(14, 0.16)),
            Series("", sizes, kept.tolist(), style="marks", colour="lstm"),
            Series(
                r"without: $\frac{M-B}{B(M-1)}$",
                fine,
                [(images - b) / (b * (images - 1)) for b in fine],
                colour="green",
                label_at=(1.6, 6e-4),
            ),
            Series("", [sizes[k] for k in apart], drawn[apart].tolist(), style="marks", colour="green", mark="s"),
        ],
        "images in a batch $B$",
        "variance of the gradient",
        x_scale="log",
        y_scale="log",
        y_limits=(2e-4, 1.3),
        height=4.5,
    )


def loss_plot(losses: dict[int, list[float]]) -> Plot:
    """Training loss after equally many passes against batch size: seeds and their mean."""
    sizes = sorted(losses)
    each = [(size, loss) for size in sizes for loss in losses[size]]
    return Plot(
        [
            Series("", [size for size, _ in each], [loss for _, loss in each], style="dots", colour="ink"),
            Series("", sizes, [fmean(losses[size]) for size in sizes], style="both", colour="ink"),
        ],
        "images in a batch $B$",
        "training loss (nats)",
        x_scale="log",
        x_ticks=sizes,
        y_limits=(0, 2.5),
        height=4.5,
    )
