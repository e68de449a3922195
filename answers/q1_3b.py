"""1.3b: what batch norm does, exactly; why it is useful and where not, on recorded runs."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy

from answers.shown.norms import norm_drawing, sweep_plot
from experiments.regularisation import learning_rates, small_batches
from experiments.regularisation.digits import CLASSES, split
from lab import batch_norm, norm_runs
from lab.regularisation.dropout_runs import dealt
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.records.store import Record, Records

EXACT = 1e-12
AXES = {"n, h, w": (0, 2, 3), "c, h, w": (1, 2, 3), "h, w": (2, 3)}
DIVISORS = {"NHW": 0, "NHW - 1": 1}
ROOTS = {
    r"\frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}}": batch_norm.inside,
    r"\frac{x - \mu_c}{\sqrt{\sigma_c^2} + \epsilon}": batch_norm.outside,
}
UNDOING = {r"\gamma_c = \sqrt{\sigma_c^2 + \epsilon}": batch_norm.inside, r"\gamma_c = \sigma_c": batch_norm.plain}
POWERS = {r"\mathrm{BN}(a V u) = \mathrm{BN}(V u)": 0, r"\mathrm{BN}(a V u) = a \mathrm{BN}(V u)": 1}


def answer(records: Records) -> Answer:
    a = Facts("1.3b")
    sweep = records[f"{learning_rates.KIND}/{learning_rates.Settings().name}"]
    connected = records[f"{small_batches.KIND}/{small_batches.Settings().name}"]
    exact(a)
    rates(a.on(sweep), sweep)
    limits(a.on(connected), connected)
    return a.answer(figures={"norm": norm_drawing(), "sweep": sweep_plot(sweep)})


def exact(a: Facts) -> None:
    """By hand against torch, in double precision."""
    forward = "nn.BatchNorm2d's output"
    a.one_of("axes", AXES, gap(forward, lambda c: batch_norm.training_gap(axes=AXES[c]), EXACT, 0), code=True)
    a.one_of("count", DIVISORS, gap(forward, lambda c: batch_norm.training_gap(less=DIVISORS[c]), EXACT, 0), code=True)
    a.one_of("normal", ROOTS, gap(forward, lambda c: batch_norm.training_gap(root=ROOTS[c]), EXACT, 0), code=True)
    a.one_of("undo", UNDOING, gap("the batch itself", lambda c: batch_norm.undone_gap(UNDOING[c]), EXACT, 0), code=True)
    a.one_of("rescaled", POWERS, gap("both run", lambda c: batch_norm.rescaled_gap(POWERS[c]), EXACT, 0), code=True)
    weight = torch.nn.BatchNorm2d(1).momentum or 0.0
    evaluated = gap("nn.BatchNorm2d in evaluation", batch_norm.evaluation_gap, EXACT, 0)
    divided = gap("the same", lambda c: batch_norm.evaluation_gap(less=DIVISORS[c]), EXACT, 0)
    a.one_of("running_count", reversed(DIVISORS), divided, code=True)
    a("weight", weight, evaluated, {1 - weight: "weight of the old"}, "{:.1f}")


def rates(a: Facts, record: Record) -> None:
    """The highest rate at which all seeds learn, and the loss at the rate that suits each."""
    plain, normed = (record.curves[norm] for norm in ("none", "batch"))
    swept = learning_rates.Settings()
    seeds, depth = swept.seeds, swept.depth
    a("seeds", len(seeds), by("values of every arm", lambda: min(len(arm["train_loss"]) for arm in plain + normed)))
    a("convolutions", depth, by("the network built", norm_runs.convolutions), {depth + 1: "the readout counted too"})
    guess = cross_entropy(torch.zeros(CLASSES), torch.tensor(0)).item()
    learns = norm_runs.LEARNS * norm_runs.GUESS
    blind = by("of the loss of equal scores", lambda: 0.9 * guess, within=1e-6)
    a("learns", learns, blind, {norm_runs.GUESS: "guessing itself"}, "{:.2f} nats")
    over = by("that over the loss of equal scores", lambda: learns / guess, within=1e-6)
    a("share_of_guess", norm_runs.LEARNS, over, {1.0: "guessing itself"}, "{:.0%}")
    named = by("the record's name", lambda: int(record.name.rpartition("-epochs")[0].rpartition("-")[2]))
    drawn = by("images drawn for a seed", lambda: len(split((0,), swept.train_images, 1).train_labels))
    a("sweep_images", swept.train_images, drawn)
    a("sweep_batch", swept.batch_size, by("images in the first batch that is dealt", dealt, swept))
    a("sweep_passes", swept.epochs, named)
    for name, arms in (("usable_without", plain), ("usable_with", normed)):
        route = by("every seed's test accuracy above twice that of guessing", norm_runs.usable_by_accuracy, arms)
        rate = norm_runs.usable_rate(arms)
        a(name, rate, route, {rate * 2: "one step too high", rate / 2: "one step too low"}, "{:~1}")
    (same_rate,) = (arm for arm in plain if arm["rate"] == norm_runs.usable_rate(normed))
    learnt = sum(loss < norm_runs.LEARNS * norm_runs.GUESS for loss in norm_runs.losses(same_rate))
    accurate = by("test accuracies above twice that of guessing", lambda: norm_runs.accurate(same_rate))
    a("plain_learn", learnt, accurate)
    a.say(
        "goes_higher",
        lambda usable_with, usable_without, plain_learn: usable_with > usable_without and plain_learn == 0,
        {"usable_with": 0.2},
        {"usable_without": 10.0},
        {"plain_learn": 1},
    )
    with_norm, without = (norm_runs.lowest_loss(arms) for arms in (normed, plain))
    by_accuracy = by("the highest median of the test accuracies", norm_runs.best_by_accuracy, normed)
    by_product = by("the lowest geometric mean of the losses", norm_runs.best_by_geometric_mean, plain)
    for name, arm, route in (("best_rate", with_norm, by_accuracy), ("plain_best_rate", without, by_product)):
        rate = arm["rate"]
        a(name, rate, route, {rate * 2: "one step too high", rate / 2: "one step too low"}, "{:~1}")
    a.effect("gain", norm_runs.losses(with_norm), norm_runs.losses(without), "{:.2f} nats")
    before, after = ([100 * share for share in arm["test_accuracy"]] for arm in (without, with_norm))
    a.effect("gain_test", before, after, "{:.0f} points")
    a.say(
        "gains",
        lambda gain, gain_test, best_rate, plain_best_rate, usable_with: (
            gain.positive and gain_test.positive and best_rate == plain_best_rate and best_rate < usable_with
        ),
        {"gain": 0.0},
        {"gain_test": 0.0},
        {"best_rate": 0.4},
        {"plain_best_rate": 0.1},
        {"usable_with": 0.1},
    )
    for norm, arms in (("none", plain), ("batch", normed)):
        best = norm_runs.lowest_loss(arms)
        # alone, a seed rounds otherwise than beside others
        loss, accuracy = (again(norm, best["rate"]) for again in (norm_runs.loss_at_rate, norm_runs.accuracy_at_rate))
        a.rerun(f"training loss, norm: {norm}", record, norm_runs.losses(best), loss, within=0.05)
        a.rerun(f"test accuracy, norm: {norm}", record, best["test_accuracy"], accuracy, within=0.05)


def limits(a: Facts, record: Record) -> None:
    """Batches of two, and for comparison of eight, where only images are averaged over."""
    few, more = min(record.settings["batch_sizes"]), max(record.settings["batch_sizes"])
    sizes = {int(name.rpartition("-")[2]) for name in record.curves}
    a("few", few, by("sizes in the names of the arms", min, sizes))
    a("more", more, by("sizes in the names of the arms", max, sizes))
    tried = by("rates of the runs", lambda: len({arm["rate"] for arm in record.curves[f"batch-{few}"]}))
    a("tried_rates", len(record.settings["rates"]), tried)
    way = "test images counted, rates by the geometric means of the losses"
    (batch, group), again = norm_runs.accuracies(record.curves, few), counted(record, few)
    less = [y - x for x, y in zip(*again, strict=True)]
    a.effect("deficit", batch, group, "{:.0f} points", again=(way, less))
    a.mean("few_accuracy", batch, "{:.0f} %", again=(way, again[0]))
    a.mean(
        "more_accuracy", norm_runs.accuracies(record.curves, more)[0], "{:.0f} %", again=(way, counted(record, more)[0])
    )
    rates, arms = record.settings["rates"], record.curves[f"batch-{more}"]
    by_mean = by("geometric means of the losses", lambda: norm_runs.best_by_product(arms)["rate"] == max(rates))
    at_highest = norm_runs.best_on_training_images(arms)["rate"] == max(rates)
    a("more_at_highest", at_highest, by_mean, {not at_highest: "otherwise"})
    a.say(
        "fails_with_few",
        lambda few, deficit, few_accuracy, more_accuracy, more_at_highest: (
            few == 2 and deficit.positive and few_accuracy.high < more_accuracy.low and more_at_highest
        ),
        {"few": 4},
        {"deficit": 0.0},
        {"few_accuracy": 90.0},
        {"more_accuracy": 40.0},
        {"more_at_highest": False},
    )
    # of two numbers batch norm keeps the sign, which rounding can turn: one seed ends far from itself
    for norm, size, within in (
        ("batch", few, 0.35),
        ("batch", more, 0.05),
        ("group", few, 0.05),
        ("group", more, 0.05),
    ):
        best = norm_runs.best_on_training_images(record.curves[f"{norm}-{size}"])
        train = norm_runs.train_small_batches(norm, size, best["rate"])
        a.rerun(f"test accuracy, {norm} norm, batches of {size}", record, best["test_accuracy"], train, within)


def counted(record: Record, size: int) -> tuple[list[float], list[float]]:
    """Test accuracies with batch and with group norm: images counted, the rates chosen by another mean."""
    images = record.settings["test_images"]
    best = (norm_runs.best_by_product(record.curves[f"{norm}-{size}"]) for norm in ("batch", "group"))
    batch, group = ([100 * round(images * share) / images for share in arm["test_accuracy"]] for arm in best)
    return batch, group
