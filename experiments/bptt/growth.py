"""Seconds and memory of training steps, batch after batch, with `repackage_hidden` and without it.

Without it a step must keep the graph (`retain_graph=True`), and back-propagation runs through all batches so far.
In `curves`, for `repackaged` and `retained`, one list a repeat with one number a batch:

    seconds    of processor time for forward, backward and update (one thread)
    resident   bytes of main memory that the process holds after the batch (empty where the system does not tell)
"""

import gc
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from experiments import Report
from experiments.language_model import train
from experiments.language_model.data import Corpus, batchify, windows
from experiments.language_model.download import SHA256
from experiments.language_model.model import repackage_hidden
from experiments.language_model.run import corpus_of
from writeup.records.store import Record, save

KIND = "bptt_growth"
SOURCES = (
    "experiments/bptt/growth.py",
    *(f"experiments/language_model/{name}.py" for name in ("data", "model", "stock", "train")),
)
PROCESS_MEMORY = Path("/proc/self/statm")  # in pages; Linux only
PAGE = 4096


@dataclass(frozen=True)
class Settings:
    """The example's sizes and its vocabulary: with a small one the decoder costs little, and what grows looks large.

    The learning rate is so small that the weights stay where they are.
    """

    cell: str = "LSTM"
    corpus: str = "wikitext-2"
    hidden_size: int = 200
    batch_size: int = 20
    bptt: int = 35
    learning_rate: float = 0.001
    batches: int = 20
    repeats: int = 5
    seed: int = 1111

    @property
    def name(self) -> str:
        """Readable, and unique by the hash of all fields."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.cell}-{self.corpus}-hidden{self.hidden_size}-{self.batches}-batches-{digest}"


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    """The LSTM of the example's defaults."""
    quick = replace(Settings(), corpus="generated", hidden_size=16, batches=3, repeats=1)
    return [quick if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Measure in turn with and without `repackage_hidden`, on one thread, and save."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    corpus = corpus_of(settings.corpus)
    curves: dict[str, Any] = {kind: {"seconds": [], "resident": []} for kind in ("repackaged", "retained")}
    start = time.perf_counter()
    try:
        for repeat in range(settings.repeats):
            for kind, found in curves.items():
                report(repeat / settings.repeats, f"{kind}, {settings.batches} batches")
                gc.collect()
                _, seconds, resident = course(settings, corpus, kind == "repackaged")
                found["seconds"].append([round(value, 5) for value in seconds])
                found["resident"].append(resident)
    finally:
        torch.set_num_threads(threads)
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.seed],
        metrics={},
        curves=curves,
        timing={"seconds": time.perf_counter() - start},
        probe=probe(settings),
        sources=SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def course(settings: Settings, corpus: Corpus, repackaged: bool) -> tuple[list[float], list[float], list[int]]:
    """Losses, seconds and resident bytes of the first training batches from the seeded weights."""
    example = train.Settings(
        cell=settings.cell, embedding_size=settings.hidden_size, hidden_size=settings.hidden_size, path="stock"
    )
    model = train.build(example, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed)).model
    model.eval()  # without dropout, so that both courses see the same numbers
    hidden = model.initial_hidden(settings.batch_size)
    losses, seconds, resident = [], [], []
    batches = cycle(windows(batchify(corpus.train, settings.batch_size), settings.bptt))
    for inputs, targets in islice(batches, settings.batches):
        start = time.process_time()
        model.zero_grad()
        if repackaged:
            hidden = repackage_hidden(hidden)
        log_probabilities, hidden = model(inputs, hidden)
        loss = functional.nll_loss(log_probabilities, targets)
        loss.backward(retain_graph=not repackaged)
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.data.add_(parameter.grad, alpha=-settings.learning_rate)  # as the example does
        losses.append(loss.item())
        del log_probabilities, loss
        seconds.append(time.process_time() - start)
        if PROCESS_MEMORY.is_file():
            resident.append(PAGE * int(PROCESS_MEMORY.read_text().split()[1]))
    return losses, seconds, resident


def probe(settings: Settings) -> dict[str, list[float]]:
    """Losses of the first three batches either way."""
    few = replace(settings, batches=3)
    corpus = corpus_of(settings.corpus)
    return {kind: course(few, corpus, kind == "repackaged")[0] for kind in ("repackaged", "retained")}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(Settings(**record.settings))
