"""Seconds of single training steps and peak memory, in a fresh process for each setting."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import cycle, islice
from typing import Any

import torch

from experiments.language_model.data import batchify, windows
from experiments.language_model.model import RNNModel
from experiments.language_model.run import ROOT, corpus_of
from experiments.language_model.train import Settings, build


def measured(settings: Settings, warm_up: int, steps: int, threads: int) -> dict[str, list[float]]:
    """Start a process that measures: {path: seconds of each step, "<path>_bytes": [peak of resident memory]}.

    On the fast path also "products": seconds of the decoder's three matrix products alone, as often.
    """
    asked = json.dumps({"settings": asdict(settings), "warm_up": warm_up, "steps": steps, "threads": threads})
    command = [sys.executable, "-m", "experiments.language_model.timer", asked]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def steps_of(settings: Settings, change: Callable[[RNNModel], None] | None = None) -> Iterator[tuple[float, float]]:
    """Seconds and loss of one training step after another; `change` may alter the model beforehand."""
    corpus = corpus_of(settings.corpus)
    path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    if change:
        change(path.model)
    words = path.model.decoder.out_features
    hidden = path.model.initial_hidden(settings.batch_size)
    for inputs, targets in cycle(windows(batchify(corpus.train, settings.batch_size), settings.bptt)):
        start = time.perf_counter()
        loss, hidden = path.step(inputs, targets % words, hidden, settings.learning_rate)
        yield time.perf_counter() - start, loss.item()


def products_of(settings: Settings) -> Iterator[float]:
    """Seconds of the decoder's three products, one forward, two backward: the floor of a step at equal mathematics."""
    rows, words = settings.bptt * settings.batch_size, len(corpus_of(settings.corpus).vocabulary)
    dtype = getattr(torch, settings.precision)
    features = torch.randn(rows, settings.hidden_size).to(dtype)
    weight = torch.randn(words, settings.hidden_size).to(dtype)
    logits = torch.empty(rows, words, dtype=dtype)
    returned, gradient = torch.empty_like(features), torch.empty_like(weight)
    while True:
        start = time.perf_counter()
        torch.mm(features, weight.t(), out=logits)
        torch.mm(logits, weight, out=returned)
        torch.mm(logits.t(), features, out=gradient)
        yield time.perf_counter() - start


def _work(asked: dict[str, Any]) -> dict[str, list[float]]:
    """What the fresh process does; the products come after the peak of memory was read."""
    torch.set_num_threads(asked["threads"])
    settings, first, last = Settings(**asked["settings"]), asked["warm_up"], asked["warm_up"] + asked["steps"]
    times = [seconds for seconds, _ in islice(steps_of(settings), first, last)]
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found = {settings.path: times, f"{settings.path}_bytes": [float(peak)]}
    return found | ({"products": list(islice(products_of(settings), first, last))} if settings.path == "fast" else {})


if __name__ == "__main__":
    print(json.dumps(_work(json.loads(sys.argv[1]))))
