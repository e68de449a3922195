"""1.3b: what batch norm does, exactly; why it is useful and where not, on recorded runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import takewhile
from statistics import fmean

import torch

from experiments.regularisation import landscape, learning_rates, small_batches
from lab import batch_norm, norm_runs
from writeup.claims import Answer
from writeup.estimators import log_ratios
from writeup.facts import Facts, by, gap
from writeup.figures import Drawing, Plot, Reference, Series, projected, slab
from writeup.records.store import Record, Records

EXACT = 1e-12
AXES = {"n, h, w": (0, 2, 3), "c, h, w": (1, 2, 3), "h, w": (2, 3)}
DIVISORS = {"NHW": 0, "NHW - 1": 1}
ROOTS = {
    r"\frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}": batch_norm.inside,
    r"\frac{x - \mu_c}{\sqrt{\sigma_c^2} + \epsilon}": batch_norm.outside,
}
UNDOING = {r"\gamma_c = \sqrt{\sigma_c^2 + \epsilon}": batch_norm.inside, r"\gamma_c = \sigma_c": batch_norm.plain}
TERMS = {  # of the gradient: whether it runs through the mean, and through the variance
    r"g - \bar g - \hat x \overline{g \hat x}": (True, True),
    r"g - \bar g": (True, False),
    r"g - \hat x \overline{g \hat x}": (False, True),
}
POWERS = {r"\mathrm{BN}(a W x) = \mathrm{BN}(W x)": 0, r"\mathrm{BN}(a W x) = a \mathrm{BN}(W x)": 1}


def answer(records: Records) -> Answer:
    a = Facts("1.3b")
    sweep, walks = (records[f"{e.KIND}/{e.Settings().name}"] for e in (learning_rates, landscape))
    layers = (small_batches.CONNECTED, small_batches.CONVOLUTIONAL)
    connected, convolved = (records[f"{small_batches.KIND}/{settings.name}"] for settings in layers)
    exact(a)
    rates(a.on(sweep), sweep)
    reasons(a.on(walks), walks)
    limits(a.on(connected), connected)
    places(a.on(convolved), convolved)
    return a.answer(figures={"norm": norm_drawing(), "sweep": sweep_plot(sweep)})


def exact(a: Facts) -> None:
    """By hand against torch, in double precision."""
    forward, backward = "nn.BatchNorm2d's output", "autograd through nn.BatchNorm2d"
    a.one_of("axes", AXES, gap(forward, lambda c: batch_norm.training_gap(axes=AXES[c]), EXACT, 0), code=True)
    a.one_of("count", DIVISORS, gap(forward, lambda c: batch_norm.training_gap(less=DIVISORS[c]), EXACT, 0), code=True)
    a.one_of("normal", ROOTS, gap(forward, lambda c: batch_norm.training_gap(root=ROOTS[c]), EXACT, 0), code=True)
    a.one_of("undo", UNDOING, gap("the batch itself", lambda c: batch_norm.undone_gap(UNDOING[c]), EXACT, 0), code=True)
    a.one_of("gradient", TERMS, gap(backward, lambda c: batch_norm.gradient_gap(*TERMS[c]), EXACT, 0), code=True)
    a.one_of("rescaled", POWERS, gap("both run", lambda c: batch_norm.rescaled_gap(POWERS[c]), EXACT, 0), code=True)
    weight = torch.nn.BatchNorm2d(1).momentum or 0.0
    evaluated = gap("nn.BatchNorm2d in evaluation", batch_norm.evaluation_gap, EXACT, 0)
    divided = gap("the same", lambda c: batch_norm.evaluation_gap(less=DIVISORS[c]), EXACT, 0)
    a.one_of("running_count", reversed(DIVISORS), divided, code=True)
    a("weight", weight, evaluated, {1 - weight: "weight of the old"}, "{:.1f}")


def rates(a: Facts, record: Record) -> None:
    """The highest rate at which all seeds learn, and the loss at the rate that suits each."""
    plain, normed = (record.curves[norm] for norm in ("none", "batch"))
    seeds, depth = learning_rates.Settings().seeds, learning_rates.Settings().depth
    a("seeds", len(seeds), by("values of every arm", lambda: min(len(arm["train_loss"]) for arm in plain + normed)))
    a("depth", depth, by("the network built", norm_runs.convolutions), {depth + 1: "the readout counted too"})
    for name, arms in (("usable_without", plain), ("usable", normed)):
        route = by("every seed's test accuracy above twice that of guessing", norm_runs.usable_by_accuracy, arms)
        rate = norm_runs.usable_rate(arms)
        a(name, rate, route, {rate * 2: "one step too high", rate / 2: "one step too low"}, "{:~1}")
    a.say("goes_higher", lambda usable, usable_without: usable > usable_without, {"usable": 0.2})
    with_norm, without = (norm_runs.losses(norm_runs.best_on_test_images(arms)) for arms in (normed, plain))
    a.effect("gain", with_norm, without, "{:.2f} nats")
    a.say("gains", lambda gain: gain.positive, {"gain": 0.0})
    for norm, arms in (("none", plain), ("batch", normed)):
        best = norm_runs.best_on_test_images(arms)
        train = norm_runs.train_at_rate(norm, best["rate"])  # alone, a seed rounds otherwise than beside others
        a.rerun(f"training loss, norm: {norm}", record, norm_runs.losses(best), train, within=0.05)


def reasons(a: Facts, record: Record) -> None:
    """How far a layer's inputs move, also with noise that moves them, and how the loss varies along the gradient."""
    arms = record.curves
    a.ratio("noise_moves", arms["noisy"]["shift"], arms["none"]["shift"], "{:.1f} times")
    a.effect("noisy_gain", arms["noisy"]["train_loss"], arms["none"]["train_loss"], "{:.2f} nats")
    a.say(
        "shift_decides_little",
        lambda noise_moves, noisy_gain: noise_moves.low > 1 and noisy_gain.positive,
        {"noise_moves": 1.0},
        {"noisy_gain": 0.0},
    )
    found = [log_ratios(*rows) for rows in zip(arms["batch"]["loss_range"], arms["none"]["loss_range"], strict=True)]
    resolved, again = norm_runs.signs(found), norm_runs.signs_by_t(found)
    epochs, images, batch, every = (record.settings[k] for k in ("epochs", "train_images", "batch_size", "walk_every"))
    a("points", len(found), by("updates, every so many", lambda: len(range(0, epochs * images // batch, every))))
    a("flatter", resolved.count(-1), by("t tests after Holm", again.count, -1))
    leading = by("t tests after Holm, from the start on", lambda: len([*takewhile(lambda sign: sign > 0, again)]))
    a("rougher", resolved.count(1), leading)
    a.say("both_ways", lambda flatter, points, rougher: flatter > points / 2 > rougher > 0, {"flatter": 3})
    for arm, loss in (("none", 0.1), ("noisy", 0.15)):
        for measure, within in (("shift", 0.1), ("train_loss", loss)):
            a.rerun(f"{measure}, arm {arm}", record, arms[arm][measure], norm_runs.walked(arm, measure), within)
    for arm, within in (("none", 1.5), ("batch", 0.7)):
        last = [math.log(value) for value in arms[arm]["loss_range"][-1]]
        a.rerun(f"log of the last range of the loss, arm {arm}", record, last, norm_runs.last_range(arm), within)


def limits(a: Facts, record: Record) -> None:
    """Batches of two, where only images are averaged over."""
    size = min(record.settings["batch_sizes"])
    a("few", size, by("sizes in the names of the arms", lambda: min(int(n.rpartition("-")[2]) for n in record.curves)))
    best = {norm: norm_runs.best_on_training_images(record.curves[f"{norm}-{size}"]) for norm in ("batch", "group")}
    a.effect("deficit", *norm_runs.accuracies(record.curves, size), "{:.0f} points")
    a.say("fails_with_few", lambda few, deficit: few == 2 and deficit.positive, {"few": 4}, {"deficit": 0.0})
    # of two numbers batch norm keeps the sign, which rounding can turn: one seed ends far from itself
    for norm, within in (("batch", 0.35), ("group", 0.05)):
        train = norm_runs.train_small_batches(norm, size, best[norm]["rate"])
        a.rerun(f"test accuracy, {norm} norm, batches of {size}", record, best[norm]["test_accuracy"], train, within)


def places(a: Facts, record: Record) -> None:
    """The same where places are averaged over, too."""
    batch, group = norm_runs.accuracies(record.curves, min(record.settings["batch_sizes"]))
    a.effect("conv_difference", group, batch, "{:.1f} points")
    a.say("convolutions_do_better", lambda conv_difference: conv_difference.low > 0, {"conv_difference": 0.0})


def cube(d: Drawing, at: tuple[float, float], channels: int, bar: tuple[float, float, float],
         together: Callable[[int, int], bool]) -> None:  # fmt: skip
    """A bar of places for each channel (to the right) and image (away); those with common statistics in blue."""
    width, height, depth = bar
    for n in reversed(range(4)):
        for c in range(channels):
            colour, tint = ("lstm", 60) if together(n, c) else ("grey", 25)
            corner = projected(at, c * width, 0, n * depth)
            slab(d, corner, width, height, depth, fill=colour, tint=tint, weight=0.35)


def norm_drawing() -> Drawing:
    """Where values and gradients go in training, what evaluation takes, and what the other norms average over."""
    d = Drawing("norm")
    cube(d, (0.35, 0), 5, (0.28, 1.35, 0.36), lambda _, c: c == 2)
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
        (0.35, "Batch norm", "one channel\nof all images", lambda _, c: c == 2),
        (4.3, "Layer norm", "all channels\nof one image", lambda n, _: n == 0),
        (8.25, "Group norm", "some channels\nof one image", lambda n, c: n == 0 and c < 2),
    )
    for x, name, words, together in kinds:
        cube(d, (x, -2), 4, (0.2, 0.8, 0.22), together)
        d.text((x + 1.45, -1.25), name, "left", bold=True)
        d.text((x + 1.45, -1.75), words, "left", size=7.5, colour="dim")
    return d


def sweep_plot(record: Record) -> Plot:
    """Training loss against the rate: means as lines, seeds as dots, the highest usable rates as upright lines."""
    styles = {"none": ("no norm", "ink", (0.031, 1.0), 0.97), "batch": ("batch norm", "green", (0.0128, 0.25), 1.03)}
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
