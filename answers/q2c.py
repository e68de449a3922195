"""2c: why repackage_hidden is needed, and how it works."""

from __future__ import annotations

import math
from functools import partial
from statistics import fmean

import numpy as np
import torch
from scipy import stats

from experiments.bptt import growth
from experiments.language_model.data import windows
from experiments.language_model.model import CELLS, RNNModel
from experiments.language_model.train import Settings
from lab.bptt import history
from lab.bptt.truncation import runs
from lab.bptt.two_windows import TwoWindows
from lab.example_source import REPACKAGE
from lab.laws import TRAIN_TOKENS
from writeup.claims import Answer
from writeup.facts import Facts, by, when
from writeup.figures import Plot, Series
from writeup.records.store import Record, Records

WINDOW = Settings().bptt


def answer(records: Records) -> Answer:
    a = Facts("2c")
    timed, lstm = records[f"{growth.KIND}/{growth.Settings().name}"], runs(records)["LSTM"]
    how(a)
    error(a)
    grows(a.on(timed), timed)
    silent(a)
    columns = zip(lstm.perplexities("zeroed"), lstm.perplexities("carried"), strict=True)
    losses = (lstm.record.curves["loss"][state]["by_column"] for state in ("zeroed", "carried"))
    by_loss = [100 * math.expm1(zeroed - carried) for zeroed, carried in zip(*losses, strict=True)]
    a.on(lstm.record).mean(
        "zeroed_LSTM", [100 * (zeroed / carried - 1) for zeroed, carried in columns], "{:.1f} %", ("losses", by_loss)
    )
    a.say("memory_helps", lambda zeroed_LSTM: zeroed_LSTM.positive, {"zeroed_LSTM": 0.0})
    return a.answer(figures={"time": time_plot(timed)}, source=REPACKAGE.numbered())


def how(a: Facts) -> None:
    """The lines of the example, the one cell whose state is a pair, and why both parts of it must be detached."""
    digest = "digest of the numbered lines; main.py, where it is at hand"
    a("first_line", REPACKAGE.first, when(digest, REPACKAGE.begins_at), {183: "where it is called"})
    numbered = by("the passage as it is shown", lambda: int(REPACKAGE.numbered().splitlines()[-1].split()[0]))
    a("last_line", REPACKAGE.first + len(REPACKAGE.lines) - 1, numbered)

    def takes_a_pair(cell: str) -> bool:
        """Whether the module takes the state that the quoted function makes of a pair of zeros."""
        zeros = torch.zeros(1, 1, 2)
        detached = REPACKAGE.run(torch=torch)["repackage_hidden"]((zeros, zeros))
        try:
            RNNModel(cell, 3, 2, 2, 1, dropout=0.0)(torch.zeros(4, 1, dtype=torch.long), detached)
        except (RuntimeError, AttributeError, TypeError):
            return False
        return True

    a.one_of(
        "pair", CELLS, when("the model, run from the quoted function's result for a pair", takes_a_pair), code=True
    )
    pair = TwoWindows.make()
    moving = by("moving each word with h held: does the last word's loss change?", lambda: sum(pair.felt("h")[:WINDOW]))
    a("leak", sum(pair.reached("h")[:WINDOW]), moving, {0: "as if h were the whole state"})


def error(a: Facts) -> None:
    """What training without the function fails with, and at which batch."""
    batch, message = history.first_error()
    unrolled_gru = partial(history.first_error, cell="GRU")
    other = history.error_of(history.square_of_changed)
    a("error_batch", batch, by("a GRU, which is unrolled", lambda: unrolled_gru()[0]), {0: "never"})
    twice = by("the graph of one exponential, run through twice", history.error_of, history.exponential_twice)
    a("error", message, twice, {other: "the error about changed weights"}, code=True)


def grows(a: Facts, timed: Record) -> None:
    """Memory and time that each batch adds when the history is kept, at the example's sizes."""
    sizes = Settings()
    saved = list(history.train(3, retain=True, size=sizes.hidden_size, columns=sizes.batch_size, weighed=True))
    megabytes = [batch.walked / 1e6 for batch in saved]
    boxed = "tensors handed to autograd's saving hooks and still alive"
    hooks = by(boxed, lambda: (saved[2].boxed - saved[1].boxed) / 1000**2, within=0.4)
    a("megabytes", megabytes[2] - megabytes[1], hooks, {megabytes[0]: "weights counted again"}, "{:.0f} MB")
    rows = TRAIN_TOKENS // sizes.batch_size
    batches = math.ceil((rows - 1) / sizes.bptt)
    cut_up = by("windows, cut and counted", lambda: sum(1 for _ in windows(torch.zeros(rows, 1), sizes.bptt)))
    a("epoch_batches", batches, cut_up, {batches - 1: "the last, shorter one forgotten"}, "{:,d}")
    hooks = by(boxed, lambda: batches * (saved[2].boxed - saved[1].boxed) / 1000**3, within=0.4)
    a("gigabytes", batches * (megabytes[2] - megabytes[1]) / 1000, hooks, form="{:~1} GB")

    kept, cut = (timed.curves[kind]["seconds"] for kind in ("retained", "repackaged"))
    lines = [1000 * float(stats.linregress(range(len(course)), course).slope) for course in kept]
    by_covariance = [float(cov[0, 1] / cov[0, 0]) for cov in (np.cov(range(len(c)), np.multiply(c, 1e3)) for c in kept)]
    a.mean("slope", lines, "{:.0f} ms", ("covariances", by_covariance))
    a.ratio("factor", [course[-1] for course in kept], [fmean(course) for course in cut], "{:.1f}")
    a.say("slower_and_slower", lambda slope, factor: slope.positive and factor.low > 1, {"slope": 0.0}, {"factor": 1.0})


def silent(a: Facts) -> None:
    """The gradient that `retain_graph=True` gives after the example's update: wrong, without an error."""

    def unnoticed(update: str) -> bool:
        return not history.first_error(retain=True, update=history.UPDATES[update])[1]

    a.one_of("unnoticed", history.UPDATES, when("five batches with that update", unnoticed), code=True)
    direct = history.first_error(retain=True, update=history.in_place)[1]
    square = by("a square, its number changed before backward", history.error_of, history.square_of_changed)
    a("noticed", direct, square, {history.first_error()[1]: "the error about a freed graph"}, code=True)
    differences = by(
        "central differences of every weight, each window with its own weights",
        lambda: history.error_of_silence(history.gradient_by_differences()),
        within=1e-4,
    )
    a("silent_error", history.error_of_silence(history.true_gradient()), differences, {0.0: "as if right"}, "{:.0%}")
    one_graph, two_graphs = history.errors_at_size()
    at_size = by("the window before in a graph of its own", lambda: two_graphs, within=1e-6)
    a("silent_error_at_size", one_graph, at_size, {0.0: "as if right"}, "{:.2%}")
    a.say(
        "small_at_size",
        lambda silent_error, silent_error_at_size: 0 < silent_error_at_size < silent_error / 10,
        {"silent_error": 0.001},
        {"silent_error_at_size": 0.1},
        {"silent_error_at_size": 0.0},
    )
    a.say("silent_is_wrong", lambda silent_error: silent_error > 1e-3, {"silent_error": 0.0})
    a.say(
        "needed",
        lambda error_batch, slope, megabytes, silent_error: (
            error_batch == 2 and slope.positive and megabytes > 1 and silent_error > 1e-3
        ),
        {"error_batch": 3},
        {"slope": 0.0},
        {"megabytes": 0.5},
        {"silent_error": 0.0},
    )


def time_plot(timed: Record) -> Plot:
    """Processor time of a training step, batch after batch, every repeat a faint dot."""
    series = []
    for kind, label, colour in (
        ("retained", "`retain_graph=True`", "ink"),
        ("repackaged", "`repackage_hidden`", "green"),
    ):
        courses = timed.curves[kind]["seconds"]
        batches = range(1, len(courses[0]) + 1)
        series.append(Series(label, batches, [fmean(times) for times in zip(*courses, strict=True)], colour=colour))
        everywhere = [number for _ in courses for number in batches]
        series.append(Series("", everywhere, [s for course in courses for s in course], style="dots", colour=colour))
    top = max(max(s.y) for s in series)
    return Plot(series, "batch", "seconds of processor time a batch", y_limits=(0.0, 1.1 * top), height=3.8)
