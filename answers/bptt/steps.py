"""Training steps with and without `repackage_hidden`, and what they fail with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from answers.bptt import graph
from answers.bptt.graphs import LAYERS, SEED, WINDOW
from experiments.language_model.model import RNNModel, drawing_from, repackage_hidden

VOCABULARY, SMALL, RATE = 60, 8, 0.1


@dataclass(frozen=True)
class Batch:
    """One training step: nodes of the graph behind its loss, how many the engine ran, and two counts of saved bytes."""

    nodes: int
    ran: int
    bytes_walked: int
    bytes_boxed: int


def train(
    batches: int,
    *,
    repackaged: bool = False,
    retain: bool = False,
    update: Callable[[nn.Parameter], Any] | None = None,
    cell: str = "LSTM",
    size: int = SMALL,
    columns: int = 2,
    measured: bool = False,
    weighed: bool = False,
) -> Iterator[Batch]:
    """Train batch after batch on random words, in the example's order; yields after each.

    `measured` counts nodes and `weighed` bytes, which both take their time.
    """
    generator = torch.Generator().manual_seed(SEED)
    with drawing_from(generator):
        model = RNNModel(cell, VOCABULARY, size, size, LAYERS, dropout=0.0)
    hidden, saved = model.initial_hidden(columns), graph.SavedTensors()
    for _ in range(batches):
        inputs, targets = torch.randint(VOCABULARY, (2, WINDOW, columns), generator=generator)
        if repackaged:
            hidden = repackage_hidden(hidden)
        model.zero_grad()
        # With saving hooks autograd does not look at version counters, so they are there only to measure.
        with saved.recording() if weighed else nullcontext():
            log_probabilities, hidden = model(inputs, hidden)
            loss = functional.nll_loss(log_probabilities, targets.flatten())
        walked = len(graph.nodes(loss)) if measured else 0
        weights = (graph.saved_bytes(loss), saved.bytes()) if weighed else (0, 0)
        backward = partial(loss.backward, retain_graph=retain)
        ran = sum(graph.executed(backward).values()) if measured else int(backward() is not None)
        for parameter in model.parameters():
            if update:
                update(parameter)
        del log_probabilities, loss, backward
        yield Batch(walked, ran, *weights)


def by_data(parameter: nn.Parameter) -> None:
    """The example's update."""
    assert parameter.grad is not None
    parameter.data.add_(parameter.grad, alpha=-RATE)


@torch.no_grad()
def in_place(parameter: nn.Parameter) -> None:
    """The same update, on the parameter itself."""
    assert parameter.grad is not None
    parameter.add_(parameter.grad, alpha=-RATE)


def first_error(**options: Any) -> tuple[int, str]:
    """The number of the batch that fails, and its message's first sentence; (0, "no error") if none of five does."""
    finished = 0
    try:
        for _ in train(5, **options):
            finished += 1
    except RuntimeError as error:
        return finished + 1, first_sentence(error)
    return 0, "no error"


def goes_through(batches: int, **options: Any) -> bool:
    """Whether training for so many batches raises no error."""
    try:
        return all(True for _ in train(batches, **options))
    except RuntimeError:
        return False


def first_sentence(error: RuntimeError) -> str:
    return str(error).partition(". ")[0].partition(": [")[0]
