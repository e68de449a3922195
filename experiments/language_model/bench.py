r"""Print how fast training is, in tokens a second on the wall: `make bench`.

    python -m experiments.language_model.bench --example DIR

With a folder that holds the public example, its own loop is the reference; without, the stock path, which computes the
same losses to the last bit. Each setting and path runs alone in a fresh process, in turns; of its steps the fastest
counts, since other programs can only delay a step. On a busy machine trust the ratio of processor times, and that with
one thread: two wait for each other, and the waiting counts.

The floor is what a step would take if it were nothing but its matrix products, at the best speed at which one was seen
on this machine in the same run:

.. math:: 2 \cdot 3 \cdot T B \left(W H + \sum_{l=1}^{L} g H (I_l + H)\right) / \mathrm{speed}

operations (a multiplication and an addition, one product forward and two backward) for T steps of B columns, W words, L
layers of H units with I inputs and g gates (4 in an LSTM, 3 in a GRU). Nothing is saved; the saved measurements are the
records of `speed.py`.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from experiments.language_model import example, timer
from experiments.language_model.run import corpus_of
from experiments.language_model.speed import PATHS, SpeedSettings
from experiments.language_model.train import Settings
from writeup.records.store import environment

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}

Found = Mapping[str, list[float]]


def operations(settings: Settings, words: int) -> int:
    """Floating-point operations of one training step's matrix products."""
    size, gates = settings.hidden_size, GATES[settings.cell]
    inputs = [settings.embedding_size] + [size] * (settings.layers - 1)
    weights = words * size + sum(gates * size * (count + size) for count in inputs)
    return 2 * 3 * settings.bptt * settings.batch_size * weights


def product_speed(settings: Settings, words: int, repetitions: int = 5) -> float:
    """Floating-point operations a second of the decoder's product forward, in the fast path's precision: the best."""
    rows, dtype = settings.bptt * settings.batch_size, getattr(torch, settings.precision)
    features = torch.randn(rows, settings.hidden_size).to(dtype)
    weight = torch.randn(words, settings.hidden_size).to(dtype)
    logits = torch.empty(rows, words, dtype=dtype)
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        torch.mm(features, weight.t(), out=logits)
        seconds.append(time.perf_counter() - start)
    return 2 * logits.numel() * settings.hidden_size / min(seconds)


def table(found: Mapping[str, Found], labelled: Mapping[str, Settings], speed: float, title: str) -> Table:
    """Tokens a second of each path, the ratio of fast to the first one (on the wall and of the processor), the floor,
    and peak memory.
    """
    paths = [path for path in ("example", *PATHS) if all(path in curves for curves in found.values())]
    shown = Table(title=title)
    columns = [*paths, f"fast : {paths[0]}", "by processor time", "floor", *(f"MiB, {path}" for path in paths)]
    for column in ("tokens a second", *columns):
        shown.add_column(column, justify="left" if column == "tokens a second" else "right")
    for label, settings in labelled.items():
        curves, tokens = found[label], settings.bptt * settings.batch_size
        best = {path: min(curves[path]) for path in paths}
        reference, fast = (min(curves[f"{path}_processor"]) for path in (paths[0], "fast"))
        floor = operations(settings, len(corpus_of(settings.corpus).vocabulary)) / speed
        shown.add_row(
            label,
            *(f"{tokens / seconds:,.0f}" for seconds in best.values()),
            f"{best[paths[0]] / best['fast']:.2f}",
            f"{reference / fast:.2f}",
            f"{tokens / floor:,.0f}",
            *(f"{max(curves[f'{path}_bytes']) / 2**20:,.0f}" for path in paths),
        )
    return shown


def main(
    folder: Annotated[
        Path | None,
        typer.Option("--example", help="folder with the public example's main.py and model.py [WORD_LANGUAGE_MODEL]"),
    ] = None,
    threads: Annotated[int, typer.Option(min=1)] = min(2, os.cpu_count() or 1),
    steps: Annotated[int, typer.Option(min=1, help="measured steps a process")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="processes a setting and path")] = 2,
    variations: Annotated[bool, typer.Option("--variations", help="the study's other settings, too")] = False,
    corpus: Annotated[str, typer.Option(help="wikitext-2 or generated")] = "wikitext-2",
) -> None:
    """Measure and print."""
    console = Console()
    folder = folder or example.folder_from_environment()
    labelled = SpeedSettings(corpus=corpus, variations=variations).labelled()
    found: dict[str, dict[str, list[float]]] = {label: {} for label in labelled}
    torch.set_num_threads(threads)
    speed = 0.0
    with console.status("measuring") as status:
        for turn in range(rounds):
            for label, settings in labelled.items():
                status.update(f"{turn + 1} of {rounds}: {label}")
                taken = [timer.measured(replace(settings, path=path), 1, steps, threads) for path in PATHS]
                if folder:
                    taken.append(example.measured(folder, settings, 1, steps, threads))
                for name, values in (pair for curves in taken for pair in curves.items()):
                    found[label].setdefault(name, []).extend(values)
                speed = max(speed, product_speed(settings, len(corpus_of(corpus).vocabulary)))
    machine = environment()
    title = (
        f"Training on {machine['processor']}, torch {machine['torch']}, {threads} thread(s), "
        f"products at up to {speed / 1e9:,.0f} GFLOP a second"
    )
    console.print(table(found, labelled, speed, title))
    if not folder:
        console.print("Compared with our stock path; --example DIR compares with the public example's own loop.")


if __name__ == "__main__":
    typer.run(main)
