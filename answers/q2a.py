"""2a: the flow chart of the example, and what share of a training step's time each of its parts takes."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean, median

from answers.shown.flow_chart import flow_chart
from experiments.language_model import clock, profile, study
from lab import shares
from lab.laws import VOCABULARY
from lab.shares import CELLS, EXAMPLE, Shares
from lab.study import PRESET
from writeup.claims import Answer
from writeup.facts import Facts, by, when
from writeup.records.store import Record, Records

SMALL = ("get_batch", "repackage_hidden", "embedding forward")  # boxes of the chart that are labelled by a bound
BAR = {  # facts of the stacked bars, and the parts that each adds up
    "LSTM": {
        "decoder_LSTM": ("decoder",),
        "loss_LSTM": ("loss",),
        "recurrent_LSTM": ("recurrent",),
        "other_LSTM": ("embedding", *shares.PHASES, "rest"),
    },
    "GRU": {
        "decoder_GRU": ("decoder",),
        "loss_GRU": ("loss",),
        "recurrent_GRU": ("recurrent",),
        "other_GRU": ("embedding", *shares.PHASES, "rest"),
    },
}
BOXED = "LSTM"  # whose shares stand in the flow chart
BOXES = (
    "recurrent forward",
    "decoder forward",
    "loss forward",
    "loss backward",
    "decoder backward",
    "recurrent backward",
    "embedding backward",
    "clip",
    "update",
)


def answer(records: Records) -> Answer:
    profiles = {cell: records[f"{profile.KIND}/{profile.ProfileSettings(cell=cell).name}"] for cell in CELLS}
    clocks = {cell: records[f"{clock.KIND}/{clock.ClockSettings(cell=cell).name}"] for cell in CELLS}
    seen = {cell: shares.profiled(record) for cell, record in profiles.items()}
    again = {cell: shares.clocked(record) for cell, record in clocks.items()}
    a = Facts("2a")
    for cell in CELLS:
        for name, parts in BAR[cell].items():
            a.on(profiles[cell]).mean(name, shares.of(seen[cell], *parts), "{:.0%}")
    for part in BOXES:
        share = shares.of(seen[BOXED], part)
        a.on(profiles[BOXED]).mean(f"{part.replace(' ', '_')}_{BOXED}", share, "{:.0%}")
    unseen(a.on(clocks["LSTM"]), again["LSTM"])
    whole = records[f"{study.KIND}/{replace(EXAMPLE, epochs=study.PRESETS[PRESET].base.epochs).name}"]
    small(a.on(profiles["LSTM"], clocks["LSTM"]), profiles["LSTM"], clocks["LSTM"], whole)
    agreement(a.on(*profiles.values(), *clocks.values()), seen, again)
    without(a, profiles)
    arithmetic(a)
    settings(a.on(profiles["LSTM"]), profiles["LSTM"], clocks["LSTM"])
    sentences(a)
    printed = {made.id.removeprefix("2a."): made.printed().replace("%", " %") for made in a.claims}
    values = {made.id.removeprefix("2a."): made.value for made in a.claims}
    return a.answer(figures={"flow": flow_chart(printed, values, shares.shapes("LSTM"))})


def unseen(a: Facts, again: Shares) -> None:
    """What the profiler gives to no part, or for the recurrent layers sees otherwise, by the clock."""
    a.mean("recurrent_clocked", shares.of(again, "recurrent"), "{:.0%}")
    a.mean("zero_grad", shares.of(again, "zero_grad"), "{:.0%}")
    a.mean("freeing", shares.of(again, "freeing"), "{:.0%}")


def small(a: Facts, profiled: Record, clocked: Record, run: Record) -> None:
    """Bounds and shares beside the step: what is done once an epoch or once a run, as shares of an epoch."""
    counts, seen, again = profiled.metrics, profiled.curves, clocked.curves
    step = [sum(times) for times in zip(*again["step"].values(), strict=True)]
    evaluation = shares.epoch(seen["plain"], seen["evaluation"], counts)
    left = shares.epoch(step, again["evaluation"], counts)
    in_the_run = 1 - run.timing["train_seconds"] / (
        run.timing["total_seconds"] - run.timing["final_evaluation_seconds"]
    )
    route = when("within a point of the example's whole run, and what the clock gives",
                 lambda share: abs(share - in_the_run) < 0.01 and abs(share - left) < 0.003)  # fmt: skip
    wrong = {evaluation / EXAMPLE.epochs: "of the whole run"}
    a.on(profiled, clocked, run)("validation", evaluation, route, wrong, "{:.0%}")
    once = [max(times) for times in (*seen["once"].values(), *again["once"].values())]
    parts, timed = ([fmean(shares.of(found, part)) for part in SMALL]
                    for found in (shares.profiled(profiled), shares.clocked(clocked)))  # fmt: skip
    largest = max(*parts, max(once) / (median(seen["plain"]) * counts["train_windows"]))
    by_clock = max(*timed, max(once) / counts["train_windows"] / fmean(step))
    route = when("the largest by the clock is less than a point below", lambda bound: bound - 0.01 < by_clock < bound)
    a("bound", math.ceil(100 * largest) / 100, route, form="{:.0%}")


def agreement(a: Facts, seen: dict[str, Shares], again: dict[str, Shares]) -> None:
    """How far profile and clock are apart at most, in whole points rounded up: parts whole, and their halves."""
    halves = tuple(part for part in clock.PARTS if " " in part)

    def points(parts: tuple[str, ...], by_median: bool) -> int:
        return math.ceil(100 * max(shares.farthest(seen[c], again[c], *parts, by_median=by_median) for c in CELLS))

    for name, parts in (("instruments_apart", tuple(shares.COMPONENTS)), ("backward_apart", halves)):
        route = by("medians over the steps instead of means", points, parts, True)
        a(name, points(parts, False), route, {10 * points(parts, False): "a share taken as per mille"}, "{:d} points")


def without(a: Facts, profiles: dict[str, Record]) -> None:
    """What a step takes without one of its parts, over what it takes with all; no profiler."""

    def left(cell: str, part: str, clock: str = "") -> float:
        curves = profiles[cell].curves
        return median(curves[f"ablated{clock}"][part]) / median(curves[f"plain{clock}"])

    def stated(name: str, cell: str, part: str, slip: str) -> None:
        route = by("the same steps in processor seconds", left, cell, part, "_processor", within=0.003)
        a.on(profiles[cell])(name, left(cell, part), route, {1 - left(cell, part): slip}, "{:.0%}")

    stated("without_decoder_LSTM", "LSTM", "decoder", "the time saved")
    stated("without_decoder_GRU", "GRU", "decoder", "the time saved")


def arithmetic(a: Facts) -> None:
    """Multiply-adds, and the numbers that log-softmax goes through."""
    counted, all_ = shares.operations("LSTM")
    route = by("torch's own count of a forward and a backward pass", lambda: counted / all_, within=5e-3)
    gru = shares.decoder_operations("GRU")
    a("operations", shares.decoder_operations("LSTM"), route, {gru: "three gates for four"}, "{:.0%}")
    a(
        "scores",
        EXAMPLE.bptt * EXAMPLE.batch_size * VOCABULARY / 1e6,
        by("numbers that the model returns", lambda: math.prod(shares.shapes("LSTM")["scores"]) / 1e6),
        {EXAMPLE.batch_size * VOCABULARY / 1e6: "one step of the window"},
        "{:.0f} million",
    )


def settings(a: Facts, profiled: Record, clocked: Record) -> None:
    """How it was measured."""
    curves, other = profiled.curves, clocked.environment
    a("steps", int(profiled.settings["steps"]), by("numbers in a column", len, curves["forward"]["decoder"]))
    whole = curves["step"]["whole"]
    took = by("mean of the steps", lambda: fmean(whole), within=0.002)
    a("step_seconds", profiled.timing["profiled_step_seconds"], took, {sum(whole): "of all of them"}, "{:.2f} seconds")
    busy = by("processor seconds in a second", lambda: round(sum(curves["plain_processor"]) / sum(curves["plain"])))
    a("threads", int(profiled.settings["threads"]), busy, {2: "all cores of the machine"})
    torch_version = profiled.environment["torch"].partition("+")[0]
    a("torch", torch_version, by("the clock's record", lambda: other["torch"].partition("+")[0]),
      {profiled.environment["python"]: "Python's version"})  # fmt: skip
    a("processor", profiled.environment["processor"], by("the clock's record", lambda: other["processor"]),
      {profiled.environment["system"].split()[1]: "its architecture"})  # fmt: skip


def sentences(a: Facts) -> None:
    a.say(  # the time that a step saves without its decoder is that of decoder and loss, and a little more
        "vocabulary_dominates",
        lambda without_decoder_LSTM, without_decoder_GRU, decoder_LSTM, decoder_GRU, loss_LSTM, loss_GRU, threads: (
            max(without_decoder_LSTM, without_decoder_GRU) < 0.1
            and 0 < 1 - without_decoder_LSTM - decoder_LSTM.value - loss_LSTM.value < 0.05
            and 0 < 1 - without_decoder_GRU - decoder_GRU.value - loss_GRU.value < 0.05
            and threads == 1
        ),
        {"without_decoder_LSTM": 0.2},
        {"without_decoder_GRU": 0.2},
        {"without_decoder_GRU": 0.11, "decoder_GRU": 0.64},
        {"decoder_LSTM": 0.6},
        {"decoder_GRU": 0.6},
        {"loss_LSTM": 0.18},
        {"loss_GRU": 0.18},
        {"loss_LSTM": 0.5},
        {"loss_GRU": 0.5},
        {"threads": 2},
    )
    a.say(
        "instruments_agree",
        lambda instruments_apart, backward_apart, recurrent_LSTM, recurrent_clocked: (
            100 * abs(recurrent_clocked.value - recurrent_LSTM.value) <= instruments_apart < 5 and backward_apart < 10
        ),
        {"recurrent_clocked": 0.1},
        {"recurrent_LSTM": 0.2},
        {"instruments_apart": 10},
        {"backward_apart": 10},
    )
    a.say(
        "recurrence_is_small",
        lambda recurrent_LSTM, recurrent_GRU, recurrent_clocked: (
            max(recurrent_LSTM.high, recurrent_GRU.high, recurrent_clocked.high) < 0.1
        ),
        {"recurrent_LSTM": 0.67},
        {"recurrent_GRU": 0.65},
        {"recurrent_clocked": 0.2},
    )
    a.say(
        "arithmetic_is_not_time",
        lambda operations, decoder_LSTM, loss_LSTM: decoder_LSTM.high < operations - 0.1 and loss_LSTM.low > 0.1,
        {"decoder_LSTM": 0.91},
        {"loss_LSTM": 0.04},
        {"operations": 0.6},
    )
