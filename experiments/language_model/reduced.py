"""Which runs the study of LSTM and GRU consists of, in order of importance.

Steps are fixed beforehand. The `cpu` preset trains on the first tenth of the training text for six epochs: 299 steps
an epoch and 1,794 a run at the example's window; with a grid of five rates 41 runs and about 77,000 steps in all.

Learning rates are tuned for each cell at the example's sizes, from one grid that both cells share. It starts as 5, 10,
20 and grows by factors of 2 at an end where a cell is best, until both cells are best inside. What tunes is the loss on
the whole validation text; the test text is never looked at for a choice.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.language_model.run import KIND, corpus_of, replay
from experiments.language_model.run import run as run_once
from experiments.language_model.train import Settings
from writeup.records.store import Record

__all__ = ["KIND", "VARIATIONS", "plan", "replay", "run", "tuned_rates"]

CELLS = ("LSTM", "GRU")
SEEDS = (1111, 1112, 1113)
SEEDS_A_SETTING = {"quick": 2, "cpu": 2, "full": 3}  # the grid's other rates, and in `cpu` what stands beside, one
FIRST_GRID = (5.0, 10.0, 20.0)
# By corpus. At 40 the tiny models of the generated one are chaotic: no rehearsal could repeat such a run.
GRID_LIMITS = {"wikitext-2": (1.25, 80.0), "generated": (1.25, 20.0)}
SIMPLE_RATE = 5.0  # at 20 an RNN without gates is chaotic
# So many units give the GRU's recurrent layers as many parameters as 200 give the LSTM's; elsewhere units are equal.
EQUAL_HIDDEN_SIZE = 235
# One at a time, around the example's 2 layers, 200 units, 35 steps.
VARIATIONS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("layers", (1, 3)),
    ("hidden_size", (100, 400)),
    ("bptt", (17, 70)),
)
PRESETS = {
    "quick": Settings(corpus="generated", embedding_size=16, hidden_size=16, epochs=2, path="fast"),
    "cpu": Settings(epochs=6, train_tokens=208_863, annealing_tokens=21_765, path="fast", precision="bfloat16"),
    "full": Settings(epochs=6, path="fast", precision="bfloat16"),
}


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:
    """The runs known to be wanted, given the records finished so far, the most important first."""
    base = PRESETS[preset]
    grid, rates = tuned_rates(base, finished)
    runs = [replace(base, cell=cell, learning_rate=rate) for rate in grid for cell in CELLS]
    if not rates:
        return runs
    tuned = {cell: replace(base, cell=cell, learning_rate=rate) for cell, rate in rates.items()}
    first: list[dict[str, Any]] = [{name: values[0]} for name, values in VARIATIONS]
    second: list[dict[str, Any]] = [{name: values[1]} for name, values in VARIATIONS]
    seeds: list[dict[str, Any]] = [{"seed": seed} for seed in SEEDS[1 : SEEDS_A_SETTING[preset]]]
    if preset == "quick":
        return runs + [replace(tuned[cell], **change) for change in (first[0], seeds[0]) for cell in CELLS]
    tied = replace(tuned["LSTM"], tied=True)
    # Cut short anywhere, the study should still compare every parameter, and know the spread over seeds.
    runs += [replace(tuned[cell], **change) for change in [*first, *seeds] for cell in CELLS]
    runs += [tied, *(replace(tuned[cell], **change) for change in second for cell in CELLS)]
    runs += [replace(tied, **seed) for seed in seeds]
    beside = [replace(base, cell=cell, learning_rate=SIMPLE_RATE) for cell in ("RNN_TANH", "RNN_RELU")]
    beside += [replace(tuned["GRU"], hidden_size=EQUAL_HIDDEN_SIZE)]
    repeated = runs[len(grid) * len(CELLS) :] + (beside if preset == "full" else [])
    return list(dict.fromkeys([*runs, *beside, *(replace(run, **seed) for run in repeated for seed in seeds)]))


def run(settings: Settings, root: Path, report: Callable[[float, str], None]) -> Record:
    """One run, its reports with the speed of training and evaluation since the last one."""
    tokens = len(corpus_of(settings.corpus).train[: settings.train_tokens]) * settings.epochs
    last = [0.0, time.perf_counter()]

    def with_speed(fraction: float, text: str) -> None:
        now = time.perf_counter()
        speed = (fraction - last[0]) * tokens / (now - last[1])
        last[:] = fraction, now
        report(fraction, f"{text}, {speed:,.0f} tokens/s")

    return run_once(settings, root, with_speed)


def tuned_rates(base: Settings, finished: Mapping[str, Record]) -> tuple[list[float], dict[str, float]]:
    """The grid as far as it is known to be needed, and each cell's best rate on it, once it is settled (else none)."""
    grid = list(FIRST_GRID)
    lowest, highest = GRID_LIMITS[base.corpus]
    while True:
        losses = {
            cell: {
                rate: finished[name].metrics["valid_loss"]
                for rate in grid
                if (name := replace(base, cell=cell, learning_rate=rate).name) in finished
            }
            for cell in CELLS
        }
        if any(len(known) < len(grid) for known in losses.values()):
            return sorted(grid), {}
        best = {cell: min(known, key=known.__getitem__) for cell, known in losses.items()}
        below, above = min(grid) / 2, max(grid) * 2
        if min(best.values()) == min(grid) and below >= lowest:
            grid.append(below)
        elif max(best.values()) == max(grid) and above <= highest:
            grid.append(above)
        else:
            return sorted(grid), best
