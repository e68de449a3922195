"""2b: what cutting the gradient between windows costs, from the records of kind `bptt`."""

from __future__ import annotations

import math
from statistics import fmean

import torch

from experiments.bptt import truncation
from experiments.language_model.data import batchify, windows
from experiments.language_model.train import Settings
from lab.bptt.truncation import Run
from writeup.facts import Facts, by

WINDOW = Settings().bptt


def cost(a: Facts, run: Run) -> None:
    """How weak the LSTM's gradient is a window back, and how wrong it is when it is cut there."""
    a = a.on(run.record)
    powers = run.record.curves["distance"]["trained"]  # of ten: (segments, distances)
    here, far = ([10 ** segment[k] for segment in powers] for k in (0, WINDOW))
    apart = [math.log(10) * (segment[0] - segment[WINDOW]) for segment in powers]
    a.ratio("times_less", here, far, "{:~2}", again=("powers of ten subtracted", apart))
    mean = by("mean of the powers of ten", lambda: math.exp(fmean(apart)), within=1e-6)
    a("times_less_drawn", 1 / run.falls()[WINDOW], mean, form="{:~2}")
    settings = run.record.settings
    columns = batchify(torch.zeros(settings["train_tokens"], dtype=torch.long), Settings().batch_size)

    def cut_and_counted() -> int:
        return sum(1 for _ in range(settings["epochs"]) for _ in windows(columns, WINDOW))

    steps = settings["epochs"] * math.ceil((len(columns) - 1) / WINDOW)
    why = "both multiply by the number of epochs, a setting; the windows are counted"
    slips = {steps // settings["epochs"]: "one epoch"}
    a("steps", steps, by("windows, cut and counted", cut_and_counted), slips, shared=why)
    length = by("the settings of the code that measures", lambda: truncation.Settings().stretch)
    a("stretch", settings["stretch"], length, {WINDOW: "a window"})
    a.mean("error", [100 * error for error in run.errors(WINDOW)], "{:.0f} %")


def read(a: Facts, run: Run) -> None:
    """How good the model is, in hundreds."""
    a = a.on(run.record)

    def hundreds(loss: float) -> int:
        return 100 * round(math.exp(loss) / 100)

    loss = fmean(run.record.curves["loss"]["carried"]["by_column"])
    trained = run.record.metrics["valid_loss"]
    route = by("the training's own loss, on a twentieth of that text", lambda: float(f"{math.exp(trained):.0e}"))
    a("perplexity", hundreds(loss), route, {hundreds(loss * math.log(2)): "two to the loss in nats"})


def sentences(a: Facts) -> None:
    a.say(  # "some" so many times: known within a factor of two
        "far_is_weak",
        lambda times_less, times_less_drawn: (
            times_less.high < 2 * times_less.low and abs(times_less_drawn / times_less.value - 1) < 0.01
        ),
        {"times_less": 600.0},
        {"times_less_drawn": 600.0},
        {"times_less": 600.0, "times_less_drawn": 600.0},
    )
    a.say(
        "border_effect",
        lambda error, times_less: error.low * times_less.low > 1000,
        {"error": 0.5},
        {"times_less": 50.0},
    )
