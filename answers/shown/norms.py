"""What 1.3b shows: batch norm's values and gradients, what the norms average over, loss over the learning rate."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from statistics import fmean

from lab import norm_runs
from writeup.errors import WriteupError
from writeup.figures import Drawing, Plot, Reference, Series, projected, slab
from writeup.records.store import Record


def cube(d: Drawing, at: tuple[float, float], channels: int, bar: tuple[float, float, float],
         together: Collection[tuple[int, int]]) -> None:  # fmt: skip
    """A bar of places for each image (away) and channel (to the right); those with common statistics in blue."""
    width, height, depth = bar
    blue = dict.fromkeys(together, "lstm")
    for n, c in product(reversed(range(4)), range(channels)):
        corner = projected(at, c * width, 0, n * depth)
        slab(d, corner, width, height, depth, fill=blue.pop((n, c), "paper"), weight=0.35)
    if blue:
        raise WriteupError(f"no bar stands at (image, channel) {[*blue]}")


def norm_drawing() -> Drawing:
    """Where values and gradients go in training, what evaluation takes, and what the other norms average over."""
    d = Drawing("norm")
    cube(d, (0.35, 0), 5, (0.28, 1.35, 0.36), [(n, 2) for n in range(4)])
    for at, axis, turn in (((1.05, -0.22), "$C$", 0), ((0.1, 0.65), "$HW$", 90), ((2.3, 0.12), "$N$", 0)):
        d.text(at, axis, colour="dim", turn=turn)
    d.node("stats", (4.9, 2.3), "mean, variance", r"$\mu_c,\ \sigma_c^2$ over $N,H,W$", width=3.3)
    d.node("norm", (4.9, 0.5), "normalise", r"$\hat x=(x-\mu_c)/\sqrt{\sigma_c^2+\epsilon}$", width=3.3)
    d.node("scale", (8.9, 0.5), "scale, shift", r"$y=\gamma_c\,\hat x+\beta_c$", width=2.3)
    d.node("run", (9.65, 2.3), "running averages", r"of $\mu_c$, unbiased $\sigma_c^2$", width=2.8, stroke="green")
    pairs = (((2.5, 0.5), "norm.west"), ("norm.east", "scale.west"), ("scale.east", (11.6, 0.5)))
    for start, end, dx, dy in (*((*pair, 0, 0.13) for pair in pairs), ("stats.south", "norm.north", 0.13, 0)):
        d.arrow(d.at(start, -dx, dy), d.at(end, -dx, dy), colour="lstm")
        d.arrow(d.at(end, dx, -dy), d.at(start, dx, -dy), colour="gru", dashed=True)
    d.arrow((1.4, 2.0), d.at("stats.west", dy=0.13), colour="lstm", via="|-")
    d.arrow(d.at("stats.west", dy=-0.13), (1.66, 2.0), colour="gru", dashed=True, via="-|")
    d.arrow("stats", "run", "training", colour="green")
    taken = d.at("norm.north", dx=1.1)
    way = [(None, 1.45), (taken[0], None)]
    d.arrow("run.south", taken, "evaluation, in their place", via=way, colour="green", side="above", place=0.45)
    d.text((10.95, 0.87), "values", size=7.5, colour="lstm")
    d.text((10.95, 0.12), "gradients", size=7.5, colour="gru")
    kinds = (
        (0.35, "Batch norm", "one channel\nof all images", [(n, 2) for n in range(4)]),
        (4.3, "Layer norm", "all channels\nof one image", [(0, c) for c in range(4)]),
        (8.25, "Group norm", "some channels\nof one image", [(0, 0), (0, 1)]),
    )
    for x, name, words, together in kinds:
        cube(d, (x, -2), 4, (0.2, 0.8, 0.22), together)
        d.text((x + 1.45, -1.25), name, "left", bold=True)
        d.text((x + 1.45, -1.75), words, "left", size=7.5, colour="dim")
    return d


def sweep_plot(record: Record) -> Plot:
    """Training loss against the rate: means as lines, seeds as dots, the highest usable rates as upright lines."""
    styles = {"none": ("no norm", "ink", (0.031, 1.0), 0.97), "batch": ("batch norm", "green", (0.0118, 0.235), 1.03)}
    series, references = [], [Reference(norm_runs.GUESS, "guessing", place=0.12)]
    for norm, (label, colour, place, aside) in styles.items():  # the dots of both stand beside each other
        arms = record.curves[norm]
        x, means = [arm["rate"] for arm in arms], [fmean(norm_runs.losses(arm)) for arm in arms]
        each, ends = zip(*((arm["rate"] * aside, loss) for arm in arms for loss in norm_runs.losses(arm)), strict=True)
        series.append(Series("", each, ends, style="dots", colour=colour))
        series.append(Series(label, x, means, colour=colour, weight=1.8, label_at=place))
        usable = norm_runs.usable_rate(arms)
        references.append(Reference(usable, f"{label}: {usable:g}", axis="x", colour=colour, dashed=True))
    ticks = record.settings["rates"]
    return Plot(series, "learning rate", "training loss (nats)", x_scale="log", y_scale="log", x_ticks=ticks,
                references=references, height=6.0)  # fmt: skip
