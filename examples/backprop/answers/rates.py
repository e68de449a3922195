"""2a: what three learning rates did to the test error; one seed of each is trained again at every check."""

from functools import partial

from experiments.digits import Settings, images, train
from writeup.claims import Answer
from writeup.facts import Facts, by
from writeup.figures import Plot, Series
from writeup.records.store import Records

NAMES = ("small", "middle", "large")


def answer(records: Records) -> Answer:
    record = records["digits/three_rates"]  # made by `writeup experiments`
    a = Facts("2a").on(record)
    errors = dict(zip(NAMES, record.curves["errors"], strict=True))
    rates = dict(zip(NAMES, record.settings["rates"], strict=True))
    for name in NAMES:
        a.mean(f"error_{name}", errors[name], "{:.0f} %")
        again = partial(trained, rates[name], record.seeds)
        a.rerun(f"error at the {name} rate", record, errors[name], again, within=0.7)  # four images
    a.effect("gain", errors["small"], errors["middle"], "{:+.0f} points")
    a("seeds", len(errors["small"]), by("seeds in the record", lambda: len(record.seeds)))
    a("epochs", record.settings["epochs"], by("the experiment's own settings", lambda: Settings.epochs))
    a("tested", record.settings["test"], by("images less those trained on", lambda: len(images()[0]) - 1200))
    a.say("middle_wins", lambda gain, error_middle, error_large: gain.high < 0 and error_middle.high < error_large.low,
          {"gain": 0.0}, {"error_middle": 95.0}, {"error_large": 8.0})  # fmt: skip
    a.say("guesses", lambda error_large: error_large.low > 85, {"error_large": 50.0})
    return a.answer(figures={"errors": plot(rates, errors)})


def trained(rate: float, seeds: list[int], k: int) -> float:
    return train(Settings(), rate, seeds[k])


def plot(rates: dict[str, float], errors: dict[str, list[float]]) -> Plot:
    means = [sum(row) / len(row) for row in errors.values()]
    seeds = [(rates[name], error) for name in NAMES for error in errors[name]]
    return Plot(
        [
            Series("", [rate for rate, _ in seeds], [error for _, error in seeds], style="dots", colour="lstm"),
            Series("", list(rates.values()), means, style="marks", colour="lstm", mark="s"),
        ],
        "learning rate",
        "test error, %",
        x_scale="log",
        legend="none",
        x_ticks=list(rates.values()),
        height=5.0,
    )
