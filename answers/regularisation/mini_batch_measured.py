"""Claims of 1.3a on gradient noise, throughput and memory, from records, and the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

import numpy as np
import torch
from scipy import stats

from answers.regularisation.paired import interval, sign_flip_check, verdict_of
from experiments.regularisation import gradient_noise, throughput
from experiments.regularisation.normalised import make_network
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.figures import Plot, Series
from writeup.records.store import Records

NOISE = f"{gradient_noise.KIND}/{gradient_noise.Settings().name}"
SPEED = f"{throughput.KIND}/{throughput.Settings().name}"
SIZES = gradient_noise.Settings().batch_sizes
HALF = 512


def slopes(records: Records) -> list[float]:
    """Per seed the least-squares slope of log variance against log batch size, drawn with replacement."""
    x = [math.log(size) for size in SIZES]
    centred = [value - fmean(x) for value in x]
    return [
        sum(c * math.log(v) for c, v in zip(centred, row, strict=True)) / sum(c * c for c in centred)
        for row in records[NOISE].curves["with_replacement"]
    ]


def noise_claims(records: Records) -> list[Claim]:
    """The slope of the variance, and the finite-population factor at half the data."""
    found = slopes(records)
    rows = records[NOISE].curves
    images = gradient_noise.Settings().images

    def by_scipy() -> float:
        fits = [stats.linregress(np.log(SIZES), np.log(row)).slope for row in rows["with_replacement"]]
        return float(np.mean(fits))

    def interval_by_scipy() -> tuple[float, ...]:
        made = stats.ttest_1samp(found, -1.0).confidence_interval()
        return float(made.low), float(made.high)

    def measured_ratio() -> float:
        at = SIZES.index(HALF)
        pairs = zip(rows["without_replacement"], rows["with_replacement"], strict=True)
        return fmean(without[at] / drawn[at] for without, drawn in pairs)

    low, high = interval(found)
    deviation = float(np.std(found, ddof=1))
    verdict = verdict_of(low + 1, high + 1, ("lower", "higher"))
    return [
        claim(
            "1.3a.slope",
            fmean(found),
            "slope of log variance of the gradient against log batch size",
            agrees(by_scipy, "scipy's regression, seed by seed", tolerance=1e-9, records=[NOISE]),
            [Control(-0.5, "the slope of the standard deviation"), Control(1.0, "sign")],
            form=".3f",
        ),
        claim(
            "1.3a.slope_interval",
            (low, high),
            "interval of the slope over seeds",
            agrees(interval_by_scipy, "scipy's t test of one sample", tolerance=1e-9, records=[NOISE]),
            [Control((fmean(found) - deviation, fmean(found) + deviation), "standard deviation for standard error")],
            form=".3f",
        ),
        claim(
            "1.3a.slope_verdict",
            verdict,
            "the slope against minus one: what the seeds allow to say",
            sign_flip_check([value + 1 for value in found], [NOISE]),
            [word for word in ("lower", "higher", "indistinguishable") if word != verdict],
        ),
        claim(
            "1.3a.noise_seeds",
            len(gradient_noise.Settings().seeds),
            "seeds of the noise experiment",
            agrees(lambda: len(rows["one_sample"]), "values in the record, counted", records=[NOISE]),
            [len(gradient_noise.Settings().seeds) - 1],
        ),
        claim(
            "1.3a.half_batch",
            HALF,
            "a batch of half the images",
            agrees(lambda: images // 2, "half the images of the experiment", records=[NOISE]),
            [images],
        ),
        claim(
            "1.3a.noise_images",
            images,
            "images of the noise experiment",
            agrees(lambda: 2 * HALF, "twice the batch of half", records=[NOISE]),
            [HALF],
            form=",d",
        ),
        claim(
            "1.3a.finite_factor",
            (images - HALF) / (images - 1),
            "variance without replacement over that with replacement, for half the data",
            agrees(
                measured_ratio, "random batches of the experiment, mean over seeds", tolerance=0.03, records=[NOISE]
            ),
            [Control(1.0, "no correction"), Control(((images - HALF) / (images - 1)) ** 2, "squared")],
            form=".2f",
        ),
    ]


def cost_claims(records: Records) -> list[Claim]:
    """Time and memory of one training step."""
    record = records[SPEED]
    sizes: Sequence[int] = throughput.Settings().batch_sizes
    seconds = np.asarray(record.curves["seconds"])  # (repetitions, sizes)
    largest = sizes[-1]
    ratio = median(largest * row[0] / row[-1] for row in seconds.tolist())

    def speed_up(candidate: float) -> Evidence:
        draws = np.random.default_rng(0).integers(len(seconds), size=(2000, len(seconds)))
        ratios = largest * np.median(seconds[:, 0][draws], axis=1) / np.median(seconds[:, -1][draws], axis=1)
        low, high = (float(end) for end in np.quantile(ratios, [0.0005, 0.9995]))
        require(low <= candidate <= high, (low, high), candidate, "bootstrap interval of the ratio of medians")
        return Evidence("bootstrap over the timed repetitions", (low, high), seed=0, records=(SPEED,))

    saved = record.curves["saved_bytes"]
    per_image = (saved[-1] - saved[0]) / (sizes[-1] - sizes[0]) / 1000

    def fresh() -> float:
        settings = throughput.Settings()
        network = make_network(1, "batch", settings.channels, settings.depth)
        counted = [
            throughput.saved_bytes(network, torch.rand(b, 1, 8, 8), torch.zeros(b, 1, dtype=torch.int64))
            for b in (3, 13)
        ]
        return (counted[1] - counted[0]) / 10 / 1000

    straight = max(abs(s - saved[0] - 1000 * per_image * (b - sizes[0])) for b, s in zip(sizes, saved, strict=True))
    return [
        claim(
            "1.3a.largest",
            largest,
            "largest batch timed",
            agrees(
                lambda: max(sizes, key=lambda b: saved[sizes.index(b)]),
                "the batch that keeps most memory",
                records=[SPEED],
            ),
            [sizes[-2]],
        ),
        claim(
            "1.3a.speed_up",
            ratio,
            "images a second in the largest batch over those in a batch of one",
            speed_up,
            [Control(float(largest), "time independent of the batch"), Control(1.0, "time proportional to it")],
            form=".0f",
        ),
        claim(
            "1.3a.memory",
            per_image,
            "memory kept for the backward pass, per image",
            agrees(fresh, "two other batch sizes, measured anew", tolerance=0.05, records=[SPEED]),
            [Control(saved[-1] / 1000 / sizes[0], "the whole batch's"), Control(per_image / 4, "one byte a number")],
            unit="kB",
            form=".1f",
        ),
        claim(
            "1.3a.memory_growth",
            "linearly" if straight < 0.01 * saved[-1] else "not linearly",
            "how kept memory grows with the batch",
            agrees(
                lambda: "linearly" if float(np.corrcoef(sizes, saved)[0, 1]) > 0.99999 else "not linearly",
                "correlation of bytes with batch size",
                records=[SPEED],
            ),
            ["not linearly"],
        ),
    ]


def figure(records: Records) -> Plot:
    """Measured variance against batch size for both ways of drawing, over that of one sample, with both formulas."""
    rows = records[NOISE].curves
    images = gradient_noise.Settings().images
    x = [float(size) for size in SIZES]

    def relative(way: str) -> list[float]:
        return [
            fmean(row[i] / one for row, one in zip(rows[way], rows["one_sample"], strict=True)) for i in range(len(x))
        ]

    fine = [float(f"{2 ** (k / 8):.4g}") for k in range(8 * 10)]
    return Plot(
        [
            Series("with replacement", x, relative("with_replacement"), style="marks"),
            Series("without replacement", x, relative("without_replacement"), style="marks"),
            Series(r"$1/B$", fine, [1 / b for b in fine]),
            Series(r"$(N-B)/(B(N-1))$", fine, [(images - b) / (b * (images - 1)) for b in fine]),
        ],
        "images in a batch $B$",
        "variance of the gradient",
        x_scale="log",
        y_scale="log",
        height=5.5,
    )
