"""Seconds of single training steps and peak memory, in a fresh process for each setting.

Each step has two times: by the clock on the wall, and of the processor. With one thread they are equal on a quiet
machine, and only the first is stretched when other programs take their turns.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import cycle, islice
from typing import Any, NamedTuple

import torch

from experiments.language_model.data import batchify, windows
from experiments.language_model.model import RNNModel
from experiments.language_model.run import ROOT, corpus_of
from experiments.language_model.train import Settings, build


def measured(settings: Settings, warm_up: int, steps: int, threads: int) -> dict[str, list[float]]:
    """Start a process that measures: {path: seconds of each step, "<path>_processor": processor seconds of each,
    "<path>_bytes": [peak of resident memory]}; on the fast path also "products": processor seconds of the decoder's
    three matrix products alone, as often.
    """
    asked = json.dumps({"settings": asdict(settings), "warm_up": warm_up, "steps": steps, "threads": threads})
    command = [sys.executable, "-m", "experiments.language_model.timer", asked]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


class Step(NamedTuple):
    """One training step: seconds on the wall and of the processor, loss in nats a word."""

    seconds: float
    processor_seconds: float
    loss: float


def steps_of(settings: Settings, change: Callable[[RNNModel], None] | None = None) -> Iterator[Step]:
    """One training step after another; `change` may alter the model beforehand."""
    corpus = corpus_of(settings.corpus)
    path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    if change:
        change(path.model)
    words = path.model.decoder.out_features
    hidden = path.model.initial_hidden(settings.batch_size)
    for inputs, targets in cycle(windows(batchify(corpus.train, settings.batch_size), settings.bptt)):
        start, processor_start = time.perf_counter(), time.process_time()
        loss, hidden = path.step(inputs, targets % words, hidden, settings.learning_rate)
        yield Step(time.perf_counter() - start, time.process_time() - processor_start, loss.item())


def products_of(settings: Settings) -> Iterator[float]:
    """Processor seconds of the decoder's three products, the floor of a step at equal mathematics."""
    rows, words = settings.bptt * settings.batch_size, len(corpus_of(settings.corpus).vocabulary)
    dtype = getattr(torch, settings.precision)
    features = torch.randn(rows, settings.hidden_size).to(dtype)
    weight = torch.randn(words, settings.hidden_size).to(dtype)
    logits = torch.empty(rows, words, dtype=dtype)
    returned, gradient = torch.empty_like(features), torch.empty_like(weight)
    while True:
        start = time.process_time()
        torch.mm(features, weight.t(), out=logits)
        torch.mm(logits, weight, out=returned)
        torch.mm(logits.t(), features, out=gradient)
        yield time.process_time() - start


def _work(asked: dict[str, Any]) -> dict[str, list[float]]:
    """What the fresh process does; the products come after the peak of memory was read."""
    torch.set_num_threads(asked["threads"])
    settings, first, last = Settings(**asked["settings"]), asked["warm_up"], asked["warm_up"] + asked["steps"]
    steps = list(islice(steps_of(settings), first, last))
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found = {
        settings.path: [step.seconds for step in steps],
        f"{settings.path}_processor": [step.processor_seconds for step in steps],
        f"{settings.path}_bytes": [float(peak)],
    }
    return found | ({"products": list(islice(products_of(settings), first, last))} if settings.path == "fast" else {})


if __name__ == "__main__":
    print(json.dumps(_work(json.loads(sys.argv[1]))))
