"""Part 2: what the notebook's cells print and its sentences say, and the chains that it builds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from conv_solve import running
from experiments.part_two.echo import remembered
from experiments.part_two.echo_trials import FIXED, LONGEST_LAG, VARIABLE, unpacked
from experiments.part_two.echo_trials import KIND as ECHO
from experiments.part_two.language_model import NOT_SCORED, reference_words, unigram_loss
from experiments.part_two.language_model_trials import KIND as LANGUAGE_MODEL
from experiments.part_two.language_model_trials import Settings, as_text
from lab.chains import CASES
from lab.part_two.chains import shapes_along
from lab.part_two.comparison import compare_convolutions, differences
from lab.part_two.echo import OTHER_SEQUENCES, echoes
from lab.part_two.loss import cross_entropy
from lab.part_two.slips import all_slips, flipped_kernel, left_in_torch
from lab.part_two.text import first_loss, frequency_loss, known_and_unknown, known_words, words_counted
from writeup import estimators
from writeup.claims import Answer
from writeup.estimators import Estimate
from writeup.facts import Facts, by, gap
from writeup.records.store import Record, Records

SEED = 0  # the notebook's
OTHER_SEEDS = (101, 102)
BOUND = 1e-12  # double precision leaves less on values of this size
# One of each kind, in the order of `lab/part_two/slips.py`.
SLIPS = ("flipped_kernel", "turned_kernel", "zero_border", "unscaled", "biased_running", "epsilon_outside",
         "other_order", "reset_before", "summed")  # fmt: skip
LAG = 6  # the bit whose memory the text follows
RECENT = 4  # bits that are held whatever is asked


def answer(records: Records) -> Answer:
    a = Facts("3")
    chains(a)
    from_scratch(a)
    echo(a, records)
    memory(a, records)
    language_model(a, records)
    return a.answer(
        chains=[{"start": tuple(c.start), "goal": tuple(c.goal), "modules": c.modules} for c in CASES.values()],
        fixed=FIXED,
        variable=VARIABLE,
        longest_lag=LONGEST_LAG,
        bound=f"{BOUND:.0e}",
        lag=LAG,
        pytorch=torch.__version__.partition("+")[0],
    )


def chains(a: Facts) -> None:
    """The shapes along the chain that 1.1 recommends for each case."""
    for name, case in zip(("path1", "path2", "path3"), CASES.values(), strict=True):
        formulas = by("the solver's formulas", lambda case=case: path(case.chain.shapes))
        modules = running.build(list(case.modules))
        run = shapes_along(modules, tuple(case.start))
        a(name, path(run), formulas, {path(run[::-1]): "from the goal to the start"})


def path(shapes: Iterable[tuple[int, ...]]) -> str:
    return " -> ".join(str(tuple(shape)) for shape in shapes)


def from_scratch(a: Facts) -> None:
    """Our modules differ from those of torch by rounding, and slips by more."""
    found = differences(SEED)
    classes = {name.partition(",")[0] for name in found}
    a(
        "modules",
        len(classes),
        by("kinds of torch's modules that ran beside ours", lambda: len(set(ran(differences, SEED)))),
        {len(found): "BatchNorm2d counted twice, in training and in evaluation"},
    )
    left = left_in_torch(SEED)
    slips = all_slips(SEED)
    named = dict(zip(SLIPS, slips, strict=True))
    for name, what in named.items():
        slip = slips[what]
        again = by("the slip made with torch's own functions", left.__getitem__, what, within=1e-9)
        wrong = dict.fromkeys({slip.gradient} - {slip.forward}, "of the gradients")
        a(name, slip.forward, again, wrong, "{:.1e}")
    slightest = by(
        "of the slips made with torch's own functions", lambda: min(named, key=lambda name: left[named[name]])
    )
    a("slightest", min(named, key=lambda name: slips[named[name]].forward), slightest, {"summed": "the last"})
    a(
        "comparisons",
        agreeing(SEED),
        by("at two other seeds", lambda: min(map(agreeing, OTHER_SEEDS))),
        {agreeing(SEED, conv2d=flipped_kernel): "one kernel flipped"},
    )
    a.say("all_agree", lambda comparisons, modules: comparisons == modules + 1, {"comparisons": 11}, {"modules": 12})
    a.say(
        "slips_are_seen",
        lambda epsilon_outside, slightest: epsilon_outside > 1e6 * BOUND and slightest == "epsilon_outside",
        {"epsilon_outside": 1e-13},
        {"slightest": "unscaled"},
    )


def ran(function: Callable[..., Any], *given: Any) -> list[type[nn.Module]]:
    """The kinds of the modules that run while `function` does, by torch's own hook on all of them."""
    kinds: list[type[nn.Module]] = []
    with register_module_forward_hook(lambda module, *_: kinds.append(type(module))):
        function(*given)
    return kinds


def agreeing(seed: int, **instead: Any) -> int:
    """Comparisons in which nothing but rounding differs."""
    found = differences(seed) | compare_convolutions(seed, **instead)
    return sum(pair.forward <= BOUND and pair.gradient <= BOUND for pair in found.values())


def echo(a: Facts, records: Records) -> None:
    """The recorded network, run again with the GRU from scratch on other sequences."""
    for name, settings in (("echo_fixed", FIXED), ("echo_variable", VARIABLE)):
        record = records[f"{ECHO}/{settings.name}"]
        worst = min(record.curves["accuracy"][0])

        route = by("GRU from scratch, other sequences", fewest_echoes, record, within=0.005, seed=OTHER_SEQUENCES)
        late = {fewest_echoes(record, late=1): "echoes scored one step late"}
        why = "the route runs the recorded weights on other sequences"
        a.on(record)(name, worst, route, late, "{:.0%}", shared=why)
    a.say("echoes_at_every_delay", lambda echo_variable: echo_variable > 0.995, {"echo_variable": 0.9})


def fewest_echoes(record: Record, late: int = 0) -> float:
    delays = range(record.settings["min_delay"], record.settings["max_delay"] + 1)
    return min(echoes(record, delay, late) for delay in delays)


def memory(a: Facts, records: Records) -> None:
    """What a linear probe reads from the state, over the seeds; the first network is probed again, here."""
    record = records[f"{ECHO}/{VARIABLE.name}"]
    shares = 100 * np.asarray(record.curves["remembered"])  # (seeds, delays, lags)
    on = a.on(record)
    trainings = by("different courses of the loss", lambda: len({tuple(course) for course in record.curves["losses"]}))
    on("seeds", len(shares), trainings)
    here = 100 * np.asarray([remembered(unpacked(record), delay, LONGEST_LAG) for delay in VARIABLE.delays])
    drift = float(np.abs(here - shares[0]).max())
    up_to_delay = np.tri(*here.shape) > 0  # lags up to the delay
    for name, values, form in (
        ("kept", shares[:, up_to_delay].mean(1), "{:.1f} %"),
        ("oldest", shares[:, :, -1].mean(1), "{:.1f} %"),
        ("recent", shares[:, :, :RECENT].min((1, 2)), "{:.1f} %"),
        ("extended", shares[:, -1, LAG] - shares[:, 0, LAG], "{:.0f} points"),
    ):
        listed = values.tolist()
        misfit = partial(probed_and_averaged, drift, listed)
        wrong = estimators.slips(listed)
        on.estimate(name, estimators.student(listed), misfit, wrong, form, "probed again here; simulated quantile of t")
    no_more = {"recent": 90.0}, {"kept": 90.0}, {"extended": 0.0}
    for said in ("holds_what_is_asked", "asking_extends"):
        a.say(said, lambda recent, kept, extended: min(recent.low, kept.low) > 98 and extended.low > 20, *no_more)
    a.say("asked_for_more", lambda extended: extended.low > 20, {"extended": 0.0})
    a.say("oldest_is_lost", lambda oldest: oldest.low > 50 and oldest.value < 60, {"oldest": 99.0}, {"oldest": 50.0})


def probed_and_averaged(drift: float, values: list[float], candidate: Estimate) -> str:
    again = f"the first network, probed again here, differs by {drift:.1f} points" if drift > 1.0 else ""
    return again or estimators.misfit(values, candidate)


def language_model(a: Facts, records: Records) -> None:
    settings = Settings()
    text = as_text(reference_words(), settings)
    size = len(text.vocabulary.words)
    unknown = float((text.held_out == NOT_SCORED).double().mean())
    of_train = float((text.train == NOT_SCORED).double().mean())
    counted = by(
        "unknown words counted", lambda: known_and_unknown(text, settings)[2] / text.held_out.numel(), within=1e-9
    )
    a("unknown", unknown, counted, {of_train: "of the training text"}, "{:.0%}")
    train_words = text.words[: int(settings.train_share * len(text.words))]
    a(
        "words",
        len(text.words),
        by("counted by another rule", words_counted),
        {words_counted(ends=0): "ends of paragraphs not counted"},
        "{:d}",
    )
    counted = by("runs in the sorted words", known_words, train_words, settings.least)
    a("vocabulary", size, counted, {known_words(text.words, settings.least): "held-out words known"}, "{:d}")
    equal = by("cross-entropy of equal logits", even_loss, size, within=1e-6)
    a("uniform", math.log(size), equal, {math.log2(size): "bits"}, "{:.2f}")
    by_frequency = unigram_loss(text.train, text.held_out, size)
    own = unigram_loss(text.held_out, text.held_out, size)
    route = by("frequencies counted word by word", frequency_loss, text, settings, within=1e-4)
    a("frequencies", by_frequency, route, {own: "frequencies of the held-out text itself"}, "{:.1f}")
    counted = by("frequencies counted word by word", lambda: math.exp(frequency_loss(text, settings)), within=0.02)
    a("by_frequencies", math.exp(by_frequency), counted, {math.exp(own): "those of the held-out text itself"}, "{:.0f}")

    record = records[f"{LANGUAGE_MODEL}/{settings.name}"]
    on, losses, held_out = a.on(record), record.curves["losses"], record.curves["held_out"]
    route = by("LSTM, dropout and cross-entropy from scratch", first_loss, text, settings, within=2e-3)
    on("first_loss", losses[0][0], route, {losses[0][0] / math.log(2): "bits"}, "{:.2f}")
    others = gap("models of other seeds", lambda nats: abs(nats - fmean(held_out[1:])), within=0.07)
    why = "the value is one seed's, the route the other seeds'"
    on("held_out", held_out[0], others, {fmean(losses[0][-50:]): "the training text's"}, "{:.1f}", shared=why)
    courses = by("different courses of the loss", lambda: len(set(map(tuple, losses))))
    on("models", len(held_out), courses, {1: "one alone"})
    on.ratio("perplexity", [math.exp(loss) for loss in held_out], [1.0] * len(held_out), "{:.1f}")
    a.say(
        "as_good_as_uniform",
        lambda first_loss, uniform: abs(first_loss - uniform) < 0.1,
        {"first_loss": 6.0},
        {"uniform": 6.5},
    )
    for said in ("far_below", "below_frequencies"):
        a.say(
            said,
            lambda perplexity, by_frequencies: perplexity.high < by_frequencies / 2,
            {"perplexity": 300.0},
            {"by_frequencies": 150.0},
        )


def even_loss(size: int) -> float:
    return cross_entropy(torch.zeros(1, size, dtype=torch.double), torch.tensor([0])).item()
