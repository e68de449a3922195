"""1.2b: what dropout does and why it is useful: exact on small cases, measured on real images."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import torch

from answers.shown.dropout import curve_plot, effect_plot
from experiments.regularisation import overfitting, stopping
from experiments.regularisation.overfitting import FEW, MANY, MISLABELLED, Settings
from lab.regularisation import dropout, thinned
from lab.regularisation.dropout_runs import accuracies, halfway, last_pass, measured
from lab.uncompiled import uncompiled
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.figures import Panels
from writeup.records.store import Record, Records

MODERATE, MUCH, SEVERE = 0.5, 0.7, 0.9
ONE_IMAGE = 0.011  # of 100 training images; five of the 500 for test
SCALES = {"1/(1-p)": lambda p: 1 / (1 - p), "1": lambda _: Fraction(1), "1/p": lambda p: 1 / p, "1-p": lambda p: 1 - p}
THINNED = {"2^n": lambda n: 2**n, "n^2": lambda n: n**2, "2n": lambda n: 2 * n, "2^n-1": lambda n: 2**n - 1}


def answer(records: Records) -> Answer:
    a = Facts("1.2b")
    few, many, mislabelled = (records[f"{overfitting.KIND}/{s.name}"] for s in (FEW, MANY, MISLABELLED))
    exact(a)
    setting(a)
    scarce(a.on(few), few)
    plenty(a.on(many), many)
    noisy(a.on(mislabelled), mislabelled)
    stopped = records[f"{stopping.KIND}/{stopping.Settings().name}"]
    early(a.on(mislabelled, stopped), mislabelled, stopped)
    effects = [effect_plot(record, SEVERE, f"{record.settings['train_images']:,} images") for record in (few, many)]
    curves = [curve_plot(mislabelled, 0.0, "without dropout"), curve_plot(mislabelled, MODERATE, "with dropout")]
    figures = {"thinned": thinned.picture(), "curves": Panels(curves, share_y=True)}
    return a.answer(figures=figures | {"effect": Panels(effects, share_y=True)})


def exact(a: Facts) -> None:
    """Over all masks: the expectation that is kept, the networks that there are."""

    def moved(tex: str) -> float:
        kept = [dropout.expectation(p, SCALES[tex](p)) for p in (Fraction(1, 3), Fraction(1, 2), Fraction(3, 4))]
        return float(sum(abs(y - x) for ys in kept for x, y in zip(dropout.ACTIVATIONS, ys, strict=True)))

    def miscounted(tex: str) -> float:
        return sum(abs(len(list(dropout.masks(n, Fraction(1, 2)))) - THINNED[tex](n)) for n in range(1, 8))

    a.one_of("scale", SCALES, gap("mean over all masks, in exact fractions", moved, 0.0), code=True)
    a.one_of("networks", THINNED, gap("masks of one to seven units, counted", miscounted, 0.0), code=True)


def setting(a: Facts) -> None:
    """The network, the rates of dropping and the images, as they come out of the code that trains."""

    def dropped(p: float) -> float:
        layer = overfitting.make_network(FEW.hidden, p)[2]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return float((layer(torch.ones(100_000)) == 0).double().mean())

    route, drawn = "share of ones that the layer drops", "images drawn for a seed"
    for name, p in (("p_moderate", MODERATE), ("p_much", MUCH), ("p_severe", SEVERE)):
        a(name, p, by(route, dropped, p, within=0.01, seed=0))
    weights = overfitting.make_network(MISLABELLED.hidden, MODERATE)[0].weight
    a("hidden_units", MISLABELLED.hidden, by("rows of the first layer's weights", len, weights))
    a("few_digits", FEW.train_images, by(drawn, len, overfitting.digits(FEW, 0).train[0]))
    a("many_digits", MANY.train_images, by(drawn, len, overfitting.digits(MANY, 0).train[0]))
    a("noisy_digits", MISLABELLED.train_images, by(drawn, len, overfitting.digits(MISLABELLED, 0).train[0]))
    true, given = (overfitting.digits(s, 0).train[1] for s in (replace(MISLABELLED, mislabelled=0), MISLABELLED))
    share = MISLABELLED.mislabelled / MISLABELLED.train_images
    differ = by("labels that differ", lambda: float((true != given).double().mean()), within=1e-9)
    a("mislabelled", share, differ, {share * 0.9: "a tenth of random labels are right"}, "{:.0%}")


def scarce(a: Facts, record: Record) -> None:
    a("few_seeds", len(FEW.seeds), by("runs in the record", len, measured(record, MODERATE, "rate")))
    a("few_passes", FEW.epochs, by("last pass of a curve", last_pass, record))
    a.effect("few_gain", *accuracies(record), "{:.1f} points", again=in_images(record, FEW, MODERATE))
    a.say(
        "few_helps",
        lambda few_gain, noisy_gain: few_gain.positive and few_gain.high < noisy_gain.low,
        {"few_gain": 0.0},
        {"noisy_gain": 1.0},
    )
    a("learning_rates", len(FEW.rates), by("accuracies tried for a seed", len, record.curves["0"]["tried"][0]))
    costs(a, record, FEW, SEVERE, "severe_costs_few", "{:.0f} points")
    highest_chosen(a, record, FEW, "severe_rate_few")
    for p in (0.0, MODERATE, SEVERE):
        again(a, record, FEW, p, "test_accuracy")


def plenty(a: Facts, record: Record) -> None:
    a("many_seeds", len(MANY.seeds), by("runs in the record", len, measured(record, MODERATE, "rate")))
    a("many_passes", MANY.epochs, by("last pass of a curve", last_pass, record))
    a.effect("many_gain", *accuracies(record), "{:+.1f} points", again=in_images(record, MANY, MODERATE))
    a.say(
        "many_does_not_show",
        lambda many_gain: many_gain.low < 0 < many_gain.high,
        {"many_gain": 2.0},
        {"many_gain": -2.0},
    )
    costs(a, record, MANY, MUCH, "much_costs", "{:.1f} points")
    costs(a, record, MANY, SEVERE, "severe_costs", "{:.0f} points")
    highest_chosen(a, record, MANY, "severe_rate")
    lowest = by("rates of the record's runs", lambda: min(min(arm["rate"]) for arm in record.curves.values()))
    a("lowest_rate", min(MANY.rates), lowest, {max(MANY.rates): "the highest"}, "{:g}")
    a.say(
        "severe_at_lowest",
        lambda severe_costs, severe_costs_few, severe_rate, severe_rate_few, lowest_rate: (
            severe_costs.positive and severe_costs_few.positive and severe_rate == severe_rate_few == lowest_rate
        ),
        {"severe_costs": 0.0},
        {"severe_costs_few": 0.0},
        {"severe_rate": 0.1},
        {"severe_rate_few": 0.1},
        {"lowest_rate": 0.001},
    )
    a.say("much_hurts", lambda much_costs: much_costs.positive, {"much_costs": 0.0})
    for p in (0.0, MODERATE, MUCH, SEVERE):
        again(a, record, MANY, p, "test_accuracy")


def noisy(a: Facts, record: Record) -> None:
    """Both arms at one learning rate: what they end with, and where the test loss of the plain network goes."""
    for name, p in (("change_without", 0.0), ("change_with", MODERATE)):
        a.effect(name, halfway(record, p), measured(record, p, "test_loss"), "{:+.2f} nats")
    a("noisy_seeds", len(MISLABELLED.seeds), by("curves in the record", len, record.curves["0"]["along"]))
    rates = by("rates of the runs", lambda: max(rate for arm in record.curves.values() for rate in arm["rate"]))
    a("noisy_learning_rate", MISLABELLED.rates[0], rates, form="{:.3f}")
    a("noisy_passes", MISLABELLED.epochs, by("last pass of a curve", last_pass, record))
    a.effect("noisy_gain", *accuracies(record), "{:.1f} points", again=in_images(record, MISLABELLED, MODERATE))
    a.mean("noisy_accuracy", accuracies(record)[1], "{:.0f} %", again=counted(record, MISLABELLED, MODERATE))
    a.mean("noisy_labels_fit", measured(record, 0.0, "train_accuracy"), "{:.0f} %")
    a.say(
        "turns_up",
        lambda noisy_labels_fit, mislabelled, change_without, change_with: (
            noisy_labels_fit.low > 100 * (1 - mislabelled) and change_without.positive and change_with.negative
        ),
        {"noisy_labels_fit": 75.0},
        {"mislabelled": 0.01},
        {"change_without": 0.0},
        {"change_with": 0.0},
    )
    for p in (0.0, MODERATE):
        again(a, record, MISLABELLED, p, "test_accuracy")


def early(a: Facts, record: Record, stopped: Record) -> None:
    """The plain network stopped where its test loss is lowest, against the end of training with dropout."""
    without, dropped = [100 * share for share in stopped.curves["test_accuracy"]], accuracies(record)[1]
    a.effect("stopped_gain", without, dropped, "{:.1f} points")
    a.say(
        "noisy_helps",
        lambda noisy_gain, stopped_gain: stopped_gain.positive and stopped_gain.high < noisy_gain.low / 2,
        {"noisy_gain": 0.0},
        {"stopped_gain": 0.0},
    )

    @uncompiled()
    def again(k: int) -> float:
        seed = stopping.Settings().seeds[k]
        return float(stopping.trained(seed, int(stopped.curves["pass"][k]))["test_accuracy"])

    a.rerun("test accuracy where it is stopped", stopped, stopped.curves["test_accuracy"], again, within=ONE_IMAGE)


def costs(a: Facts, record: Record, settings: Settings, p: float, name: str, form: str) -> None:
    """What dropping with `p` takes from the test accuracy."""
    dropped, without = reversed(accuracies(record, p))
    way, gained = in_images(record, settings, p)
    a.effect(name, dropped, without, form, again=(way, [-points for points in gained]))


def highest_chosen(a: Facts, record: Record, settings: Settings, name: str) -> None:
    """The highest rate that validation images chose for any seed at p = 0.9."""
    arm, rates = record.curves[f"{SEVERE:g}"], settings.rates
    tried = by("validation accuracies of every rate", lambda: max(rates[of.index(max(of))] for of in arm["tried"]))
    a(name, max(arm["rate"]), tried, {rates[-1]: "the highest tried"}, "{:g}")


def in_images(record: Record, settings: Settings, p: float) -> tuple[str, list[float]]:
    """What dropping with `p` adds, in points."""
    way, right = counted(record, settings, 0.0)
    return way, [more - fewer for fewer, more in zip(right, counted(record, settings, p)[1], strict=True)]


def counted(record: Record, settings: Settings, p: float) -> tuple[str, list[float]]:
    """Test accuracy in per cent, as images counted, which are drawn anew."""
    images = len(overfitting.digits(settings, 0).test[1])
    shares = record.curves[f"{p:g}"]["test_accuracy"]
    return "test images counted", [100 * round(images * share) / images for share in shares]


def again(a: Facts, record: Record, settings: Settings, p: float, measure: str) -> None:
    """One of the runs is trained again, at the rate that was chosen for it."""
    arm, seeds = record.curves[f"{p:g}"], settings.seeds
    train = uncompiled()(lambda k: float(overfitting.train(settings, seeds[k], p, arm["rate"][k])[1][measure]))
    a.rerun(f"{measure} at p = {p:g}", record, arm[measure], train, within=ONE_IMAGE)
