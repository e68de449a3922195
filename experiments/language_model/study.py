"""Which runs the study of LSTM and GRU consists of, in order of importance.

All read the whole training text with the example's schedule. The rate is tuned for each cell at the example's sizes,
from one grid that both cells share: every rate for a few epochs, the best of each cell (of `full` the best two) to the
end. The grid grows by factors of 2 at an end where a cell is best. What tunes is the loss on the validation text; the
test text is never looked at for a choice. Then come the seeds of the baselines, tied weights, one parameter after the
other around the baseline, and in `full` what stands beside the comparison. Cut short anywhere, what is finished can be
compared. The documents rest on the runs of `cpu`, all of them.

A run of more epochs goes on from the checkpoint of the shorter one, so that nothing is trained twice.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from experiments.devices import training_device
from experiments.language_model.run import KIND, checkpoint, replay
from experiments.language_model.run import run as run_once
from experiments.language_model.train import Settings
from experiments.language_model.work import SIZES, cost
from writeup.records.store import Record

__all__ = ["KIND", "PRESETS", "VARIATIONS", "begun", "cost", "finalists", "plan", "replay", "run", "tuned_rates"]

CELLS = ("LSTM", "GRU")
SEEDS = (1111, 1112, 1113)
# So many units give the GRU's recurrent layers as many parameters as 200 give the LSTM's; elsewhere units are equal.
EQUAL_HIDDEN_SIZE = 235
# An interval changes how many updates an epoch makes; with these columns they stay as many, of as many words each.
EQUAL_UPDATES: tuple[dict[str, Any], ...] = ({"bptt": 17, "batch_size": 41}, {"bptt": 70, "batch_size": 10})
# One at a time, around the example's 2 layers, 200 units, 35 steps.
VARIATIONS: tuple[dict[str, Any], ...] = (
    {"layers": 1},
    {"layers": 3},
    {"hidden_size": 100},
    {"hidden_size": 400},
    {"bptt": 17},
    {"bptt": 70},
)


@dataclass(frozen=True)
class Preset:
    """What one machine can afford. `grid` grows within `limits`; `short_epochs` are those of the variations."""

    base: Settings
    grid: tuple[float, ...]
    limits: tuple[float, float]
    tuning_epochs: int
    finalists: int  # rates of each cell that are trained to the end
    short_epochs: int
    seeds: int  # of the baselines, to the end, in the precision of `base`
    short_seeds: int  # of the baselines, as long as the variations
    variations: tuple[dict[str, Any], ...] = VARIATIONS
    variation_seeds: int = 1
    simple_grid: tuple[float, ...] = (1.25, 2.5, 5.0)  # of RNN_TANH, which is chaotic at the rates of the gated cells
    example: bool = True  # in our own loop, on PyTorch's modules in float32; a second seed and a GRU as the variations
    # Settings whose last seed is trained in float32, too; {}: the baselines, to the end.
    float32: tuple[dict[str, Any], ...] = ()
    beside: bool = (
        True  # the GRU of equal parameters, a tied GRU, RNN_TANH, equal updates, a third layer at half the rate
    )


CPU = Preset(
    Settings(epochs=6, path="fast", precision="bfloat16"),
    (2.5, 5.0, 10.0, 20.0, 40.0),
    (1.25, 80.0),
    seeds=2,
    short_seeds=3,
    tuning_epochs=2,
    short_epochs=3,
    finalists=1,
    variation_seeds=2,
    float32=({}, {"layers": 1}, {"layers": 3}, {"bptt": 70}, {"bptt": 17}),
)
GENERATED = Settings(corpus="generated", embedding_size=16, hidden_size=16, epochs=2, path="fast")
PRESETS = {
    # At 20 a second epoch is worse than the first, so that a rehearsal knows the best weights from the last. At 40 the
    # tiny models of the generated corpus are chaotic: no rehearsal could repeat such a run.
    "quick": Preset(
        GENERATED,
        (5.0, 10.0),
        (2.5, 20.0),
        seeds=2,
        short_seeds=2,
        tuning_epochs=2,
        short_epochs=1,
        finalists=1,
        variations=({"layers": 1},),
        example=False,
        beside=False,
    ),
    "cpu": CPU,
    "full": replace(CPU, seeds=3, short_epochs=6, finalists=2, variation_seeds=3, float32=()),
}


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:
    """The runs known to be wanted, given the records finished so far, the most important first."""
    chosen = PRESETS[preset]
    base = chosen.base
    grid, last = finalists(chosen, finished)
    runs = [
        replace(base, cell=cell, learning_rate=rate, epochs=chosen.tuning_epochs) for rate in grid for cell in CELLS
    ]
    runs += [replace(base, cell=cell, learning_rate=rate) for cell, rates in last.items() for rate in rates]
    _, best = tuned_rates(chosen, finished)
    if not best:
        return list(dict.fromkeys(runs))
    tuned = {cell: replace(base, cell=cell, learning_rate=rate) for cell, rate in best.items()}
    lstm, gru = tuned["LSTM"], tuned["GRU"]

    runs += [replace(tuned[cell], seed=seed) for seed in SEEDS[: chosen.seeds] for cell in CELLS]
    if chosen.example:
        modules = Settings(epochs=chosen.short_epochs)
        runs += [Settings(epochs=base.epochs), replace(modules, seed=SEEDS[1])]
        runs += [replace(modules, cell="GRU", learning_rate=gru.learning_rate)]
    runs += [replace(lstm, tied=True, seed=seed) for seed in SEEDS[:2]]
    short = {cell: replace(tuned[cell], epochs=chosen.short_epochs) for cell in CELLS}
    runs += [
        replace(short[cell], seed=seed, **change)
        for seed in SEEDS[: chosen.variation_seeds]
        for change in chosen.variations
        for cell in CELLS
    ]
    for change in chosen.float32:
        as_long, seeds = (short, chosen.variation_seeds) if change else (tuned, chosen.short_seeds)
        runs += [replace(as_long[cell], seed=SEEDS[seeds - 1], precision="float32", **change) for cell in CELLS]
    runs += [replace(short[cell], seed=seed) for seed in SEEDS[chosen.seeds : chosen.short_seeds] for cell in CELLS]
    if chosen.beside:
        equal = replace(gru, hidden_size=EQUAL_HIDDEN_SIZE)
        runs += [replace(equal, seed=seed) for seed in SEEDS[: chosen.seeds]]
        runs += [replace(gru, tied=True), *_simple(chosen, finished)]
        runs += [replace(short[cell], **change) for change in EQUAL_UPDATES for cell in CELLS]
        runs += [replace(of, layers=3, learning_rate=of.learning_rate / 2) for of in short.values()]
    return list(dict.fromkeys(runs))


def _simple(chosen: Preset, finished: Mapping[str, Record]) -> list[Settings]:
    """RNN_TANH at the rates of its own grid, and at the best of them to the end."""
    simple = replace(chosen.base, cell="RNN_TANH")
    tuning = [replace(simple, learning_rate=rate, epochs=chosen.tuning_epochs) for rate in chosen.simple_grid]
    losses = {run.learning_rate: finished[run.name].metrics["valid_loss"] for run in tuning if run.name in finished}
    if len(losses) < len(tuning):
        return tuning
    return [*tuning, replace(simple, learning_rate=min(losses, key=losses.__getitem__))]


def run(settings: Settings, root: Path, report: Callable[[float, str], None]) -> Record:
    """One run, its reports with the speed of training and evaluation since the last one."""
    tokens = SIZES[settings.corpus].tokens * settings.epochs
    last = [begun(settings), time.perf_counter()]

    def with_speed(fraction: float, text: str) -> None:
        now = time.perf_counter()
        speed = (fraction - last[0]) * tokens / (now - last[1])
        last[:] = fraction, now
        report(fraction, f"{text}, {speed:,.0f} tokens/s")

    return run_once(settings, root, with_speed)


def begun(settings: Settings) -> float:
    """The fraction of the run's epochs that its checkpoint holds, which may be that of a shorter run."""
    saved = checkpoint(settings, training_device())
    if not saved.is_file():
        return 0.0
    epochs = len(torch.load(saved, weights_only=True, mmap=True)["progress"]["curves"]["train_loss"])
    return epochs / settings.epochs if epochs <= settings.epochs else 0.0  # a longer run's is not taken up


def tuned_rates(chosen: Preset, finished: Mapping[str, Record]) -> tuple[list[float], dict[str, float]]:
    """The grid as far as it is known to be needed, and each cell's best rate at full length, once all is settled."""
    grid, last = finalists(chosen, finished)
    losses = {cell: _losses(chosen, finished, cell, rates, chosen.base.epochs) for cell, rates in last.items()}
    if any(len(known) < len(last[cell]) for cell, known in losses.items()):
        return grid, {}
    return grid, {cell: min(known, key=known.__getitem__) for cell, known in losses.items()}


def finalists(chosen: Preset, finished: Mapping[str, Record]) -> tuple[list[float], dict[str, list[float]]]:
    """The grid as far as it is known to be needed, and each cell's best rates on it, once it is complete."""
    grid = list(chosen.grid)
    lowest, highest = chosen.limits
    while True:
        losses = {cell: _losses(chosen, finished, cell, grid, chosen.tuning_epochs) for cell in CELLS}
        if any(len(known) < len(grid) for known in losses.values()):
            return sorted(grid), {}
        ranked = {cell: sorted(known, key=known.__getitem__) for cell, known in losses.items()}
        best = {rates[0] for rates in ranked.values()}
        below, above = min(grid) / 2, max(grid) * 2
        if min(grid) in best and below >= lowest:
            grid.append(below)
        elif max(grid) in best and above <= highest:
            grid.append(above)
        else:
            return sorted(grid), {cell: rates[: chosen.finalists] for cell, rates in ranked.items()}


def _losses(
    chosen: Preset, finished: Mapping[str, Record], cell: str, rates: list[float], epochs: int
) -> dict[float, float]:
    """Validation loss by rate, of the runs of so many epochs that are finished."""
    runs: list[Any] = [replace(chosen.base, cell=cell, learning_rate=rate, epochs=epochs) for rate in rates]
    return {run.learning_rate: finished[run.name].metrics["valid_loss"] for run in runs if run.name in finished}
