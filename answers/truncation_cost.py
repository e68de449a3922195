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


def cost(a: Facts, run: Run, cell: str) -> None:
    """How weak the gradient is a window back; of the LSTM also how wrong it is when it is cut there."""
    a = a.on(run.record)
    powers = run.record.curves["distance"]["trained"]  # of ten: (segments, distances)
    here, far = ([10 ** segment[k] for segment in powers] for k in (0, WINDOW))
    apart = [math.log(10) * (segment[0] - segment[WINDOW]) for segment in powers]
    a.ratio(f"times_less_{cell}", here, far, "{:~2}", again=("powers of ten subtracted", apart))
    if cell != "LSTM":
        return
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
    a.mean("error_LSTM", run.errors(WINDOW), "{:.0%}")
    a.mean("error_twice_LSTM", run.errors(2 * WINDOW), "{:.0%}")


def read(a: Facts, run: Run) -> None:
    """How good the model is, in hundreds."""
    a = a.on(run.record)

    def hundreds(loss: float) -> int:
        return 100 * round(math.exp(loss) / 100)

    loss = fmean(run.record.curves["loss"]["carried"]["by_column"])
    trained = run.record.metrics["valid_loss"]
    route = by("the training's own loss, on a twentieth of that text", lambda: float(f"{math.exp(trained):.0e}"))
    a("perplexity_LSTM", hundreds(loss), route, {hundreds(loss * math.log(2)): "two to the loss in nats"})


def sentences(a: Facts) -> None:
    a.say(  # "some" so many times: known within a factor of two
        "far_is_weak",
        lambda times_less_LSTM, times_less_GRU: (
            times_less_LSTM.high < 2 * times_less_LSTM.low and times_less_GRU.high < 2 * times_less_GRU.low
        ),
        {"times_less_LSTM": 600.0},
        {"times_less_GRU": 1000.0},
    )
    a.say(
        "border_effect",
        lambda error_LSTM, error_twice_LSTM: (
            abs(error_twice_LSTM.value - 0.5 * error_LSTM.value) < 0.1 * error_LSTM.value
        ),
        {"error_LSTM": 0.2},
        {"error_twice_LSTM": 0.1},
    )
