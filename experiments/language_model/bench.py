"""Print how fast training is, in tokens a second on the wall: `make bench`.

    python -m experiments.language_model.bench --example DIR

With a folder that holds the public example, its own loop is the reference; without, the stock path, which computes the
same losses to the last bit. Each setting and path runs alone in a fresh process, in turns; of its steps the fastest
counts, since other programs can only delay a step. With `--processes 2` two such processes run side by side, as the
study's runs do: their tokens are added, and each one's median step counts, since a step is fast while the other process
is starting. On a busy machine trust the ratio of processor times, and that with one thread: two wait for each other,
and the waiting counts.

The floor is what a step would take if it were nothing but its matrix products, at the best speed at which one was seen
on this machine in the same run, in as many processes at a time; `work.py` counts their operations. The fast path's
products are of the precision that is faster here: a processor without bfloat16 emulates it at a tenth of the speed or
less. Nothing is saved.
"""

import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from experiments.language_model import example, timer
from experiments.language_model.download import data_folder
from experiments.language_model.run import PROBE_RATE
from experiments.language_model.study import CELLS, VARIATIONS
from experiments.language_model.train import Settings
from experiments.language_model.work import SIZES, operations
from writeup.errors import WriteupError, run_program
from writeup.records.store import environment

PATHS = ("stock", "fast")
LARGE = 650  # units, measured beside the example's 200; of the embedding, too
Curves = Mapping[str, list[float]]  # of one process, as `timer.measured` gives them
Found = Mapping[str, list[Curves]]  # by path, a process or several of each round


def product_speed(settings: Settings, threads: int, repetitions: int = 10) -> float:
    """Floating-point operations a second of the decoder's product forward, in the fast path's precision: the best."""
    torch.set_num_threads(threads)
    rows, words = settings.bptt * settings.batch_size, SIZES[settings.corpus].words
    features = torch.randn(rows, settings.hidden_size).to(getattr(torch, settings.precision))
    weight = torch.randn(words, settings.hidden_size).to(features.dtype)
    logits = torch.empty(rows, words, dtype=features.dtype)
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        torch.mm(features, weight.t(), out=logits)
        seconds.append(time.perf_counter() - start)
    return 2 * logits.numel() * settings.hidden_size / min(seconds)


def quickest_precision(settings: Settings, threads: int) -> str:
    """float32 or bfloat16, in which the decoder's product is faster: not every processor has products of bfloat16."""
    speeds = {p: product_speed(replace(settings, precision=p), threads, 2) for p in ("float32", "bfloat16")}
    return max(speeds, key=speeds.__getitem__)


def to_measure(base: Settings, variations: bool) -> dict[str, Settings]:
    """Both cells at the example's sizes and at a larger one, by labels; on demand the study's other settings, too. All
    at a rate at which losses can be repeated elsewhere."""
    changes: list[dict[str, Any]] = [{}, {"embedding_size": LARGE, "hidden_size": LARGE}]
    base = replace(base, learning_rate=base.learning_rate * PROBE_RATE)
    return {
        " ".join([cell, *(f"{name}={value}" for name, value in change.items())]): replace(base, cell=cell, **change)
        for change in [*changes, *(VARIATIONS if variations else ())]
        for cell in CELLS
    }


def side_by_side(measure: Callable[[], Curves], processes: int) -> list[Curves]:
    """What so many measuring processes found that were started at once."""
    with ThreadPoolExecutor(processes) as threads:
        return [sent.result() for sent in [threads.submit(measure) for _ in range(processes)]]


def step_seconds(curves: Sequence[Curves], series: str, processes: int) -> float:
    """Seconds of a step: the fastest of a process that was alone, the median of those that were not."""
    values = [value for process in curves for value in process[series]]
    return min(values) if processes == 1 else median(values)


def table(found: Mapping[str, Found], labelled: Mapping[str, Settings], speed: float, processes: int = 1) -> Table:
    """A row a path: tokens a second of all processes, how many times as fast the fast path is (on the wall and by
    processor time), peak memory of one process.

    `speed` is that of the products in all processes together.
    """
    shown = Table(box=None, pad_edge=False)
    shown.add_column("")
    for column in ("tokens/s", "fast:this", "processor", "MiB"):
        shown.add_column(column, justify="right")
    for label, settings in labelled.items():
        curves, tokens = found[label], settings.bptt * settings.batch_size
        fast = step_seconds(curves["fast"], "fast", processes)
        fast_processor = step_seconds(curves["fast"], "fast_processor", processes)
        shown.add_row(label)
        for path in (path for path in ("example", *PATHS) if path in curves):
            seconds = step_seconds(curves[path], path, processes)
            shown.add_row(
                f"  {path}",
                f"{processes * tokens / seconds:,.0f}",
                f"{seconds / fast:.2f}",
                f"{step_seconds(curves[path], f'{path}_processor', processes) / fast_processor:.2f}",
                f"{max(process[f'{path}_bytes'][0] for process in curves[path]) / 2**20:,.0f}",
            )
        floor = operations(settings, SIZES[settings.corpus].words, tokens) / speed * processes
        shown.add_row("  floor", f"{processes * tokens / floor:,.0f}", f"{floor / fast:.2f}", end_section=True)
    return shown


def main(
    folder: Annotated[
        Path | None,
        typer.Option("--example", help="folder with the public example's main.py and model.py [WORD_LANGUAGE_MODEL]"),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="measured side by side, of one thread unless said")] = 1,
    threads: Annotated[int, typer.Option(min=0, help="of a process; 0: 2 of one that is alone")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="measured steps a process")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="turns of every setting and path")] = 2,
    variations: Annotated[bool, typer.Option("--variations", help="the study's other settings, too")] = False,
    corpus: Annotated[str, typer.Option(help="wikitext-2 or generated")] = "wikitext-2",
    precision: Annotated[str, typer.Option(help="of the fast path: float32, bfloat16; '': the faster here")] = "",
) -> None:
    """Measure and print."""
    console = Console(highlight=False)
    threads = threads or (1 if processes > 1 else min(2, os.cpu_count() or 1))
    try:
        folder = folder or example.folder_from_environment()
        if folder:
            example.require(folder)
        if corpus == "wikitext-2":
            data_folder()
        precision = precision or quickest_precision(Settings(corpus=corpus), threads)
        labelled = to_measure(Settings(corpus=corpus, precision=precision), variations)
        found, speed = measured(labelled, folder, (processes, threads, steps, rounds), console)
    except (WriteupError, subprocess.CalledProcessError) as error:
        console.print(f"bench: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    machine = environment()
    console.print(f"{machine['processor']}, {machine['cores']} cores, torch {machine['torch']}", soft_wrap=True)
    made = f"{precision} products at {speed / 1e9:,.0f} GFLOP a second"
    console.print(f"{processes} process(es) of {threads} thread(s), {made}")
    console.print(table(found, labelled, speed, processes))
    if not folder:
        console.print("--example DIR compares with the public example's own loop, too.")


def measured(
    labelled: Mapping[str, Settings], folder: Path | None, sizes: tuple[int, int, int, int], console: Console
) -> tuple[dict[str, dict[str, list[Curves]]], float]:
    """All paths of all settings in turns, and the best speed of the products in all processes together."""
    processes, threads, steps, rounds = sizes
    found: dict[str, dict[str, list[Curves]]] = {label: {} for label in labelled}
    speed = 0.0
    context = multiprocessing.get_context("spawn")
    with console.status("measuring") as status, ProcessPoolExecutor(processes, mp_context=context) as pool:
        for turn in range(rounds):
            for label, settings in labelled.items():
                status.update(f"{turn + 1} of {rounds}: {label}")
                runs: dict[str, Callable[[], Curves]] = {
                    path: partial(timer.measured, replace(settings, path=path), 1, steps, threads) for path in PATHS
                }
                if folder:
                    runs["example"] = partial(example.measured, folder, settings, 1, steps, threads)
                for path, measure in runs.items():
                    found[label].setdefault(path, []).extend(side_by_side(measure, processes))
                speed = max(speed, sum(pool.map(product_speed, [settings] * processes, [threads] * processes)))
    return found, speed


if __name__ == "__main__":
    run_program(main, "bench")
