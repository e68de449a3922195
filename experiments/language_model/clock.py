"""A training step of the example with the clock read after each of its parts: no profiler, nothing left out.

Forward, the clock is read after each module's call. Backward, a hook on the gradient of what lies between two modules
reads it: autograd runs such a hook when it comes to the module before, after all of the module behind. Every moment of
the step lies between two readings, so the parts add up to the step. Read is the processor's time, which other programs
that take their turns do not stretch.

Records of kind `language_model_clock`, one a cell. In `curves`, one number a measured step, in processor seconds:

    step          {part: [...]}; `PARTS`. "recurrent" holds the three dropouts, too; "freeing" is what returning the
                  memory of the scores takes
    evaluation    evaluation windows
    once          {"model": [...], "init_hidden": [...], "load": [...]}: what a run or an epoch does once
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.language_model.data import Corpus, batchify, windows
from experiments.language_model.download import SHA256
from experiments.language_model.model import Hidden, drawing_from, repackage_hidden
from experiments.language_model.run import PROBE_RATE, corpus_of
from experiments.language_model.stock import StockPath
from experiments.language_model.train import Settings, build
from writeup.records.store import Record, save

KIND = "language_model_clock"
SOURCES = tuple(f"experiments/language_model/{name}.py" for name in ("data", "model", "stock", "clock"))
PARTS = (
    *("get_batch", "zero_grad", "repackage_hidden"),
    *("embedding forward", "recurrent forward", "decoder forward", "loss forward"),
    *("loss backward", "decoder backward", "recurrent backward", "embedding backward"),
    *("clip", "update", "freeing"),
)


@dataclass(frozen=True)
class ClockSettings:
    """The example's defaults, `steps` measured steps after `warm_up` others, on the threads that the run has."""

    cell: str = "LSTM"
    corpus: str = "wikitext-2"
    hidden_size: int = 200  # also the embedding's
    steps: int = 24
    warm_up: int = 2

    @property
    def name(self) -> str:
        return f"{self.cell}-{self.corpus}-hidden{self.hidden_size}-steps{self.steps}"

    @property
    def example(self) -> Settings:
        """The training run that is measured, at a rate at which its losses can be repeated elsewhere."""
        rate = Settings.learning_rate * PROBE_RATE
        size = self.hidden_size
        return Settings(cell=self.cell, corpus=self.corpus, hidden_size=size, embedding_size=size, learning_rate=rate)


def plan(preset: str, finished: Mapping[str, Record]) -> list[ClockSettings]:  # noqa: ARG001 (the common interface)
    """One for each of the two cells."""
    base = ClockSettings(corpus="generated", hidden_size=16, steps=3) if preset == "quick" else ClockSettings()
    return [replace(base, cell=cell) for cell in ("LSTM", "GRU")]


class Clock:
    """Processor seconds by part: each call gives the time since the last one to a part."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.last = time.process_time()

    def __call__(self, part: str) -> None:
        now = time.process_time()
        self.seconds[part] += now - self.last
        self.last = now

    def when_reached(self, tensor: Tensor, part: str) -> None:
        """Give the time until the gradient of `tensor` is whole to `part`."""

        def hook(_: Tensor) -> None:
            self(part)

        tensor.register_hook(hook)


def clocked_step(
    path: StockPath, batches: Iterator[tuple[Tensor, Tensor]], hidden: Hidden, learning_rate: float
) -> tuple[dict[str, float], float, Hidden]:
    """Take the next window and train on it as `StockPath.step` does: seconds by part, the loss, the new state."""
    model, clock = path.model, Clock()
    inputs, targets = next(batches)
    clock("get_batch")
    model.train()
    model.zero_grad()
    clock("zero_grad")
    hidden = repackage_hidden(hidden)
    clock("repackage_hidden")
    with drawing_from(path.generator):
        embedded = model.encoder(inputs)  # (length, batch, embedding)
        clock.when_reached(embedded, "recurrent backward")
        clock("embedding forward")
        output, hidden = model.rnn(model.drop(embedded), hidden)
        features = model.drop(output)  # (length, batch, hidden)
        clock.when_reached(features, "decoder backward")
        clock("recurrent forward")
        logits = model.decoder(features).flatten(0, 1)  # (length * batch, vocabulary)
        clock.when_reached(logits, "loss backward")
        clock("decoder forward")
        log_probabilities = logits.log_softmax(dim=1)
        clock("loss forward")
        del logits
        clock("freeing")
    loss = functional.nll_loss(log_probabilities, targets)
    clock("loss forward")
    loss.backward()
    clock("embedding backward")
    nn.utils.clip_grad_norm_(model.parameters(), path.clip)
    clock("clip")
    with torch.no_grad():
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.sub_(parameter.grad, alpha=learning_rate)
    clock("update")
    value = loss.item()
    del log_probabilities, loss
    clock("freeing")
    return clock.seconds, value, hidden


def steps_of(settings: ClockSettings) -> Iterator[tuple[dict[str, float], float]]:
    """Seconds by part and loss of one training step after another."""
    corpus, example = corpus_of(settings.corpus), settings.example
    path = _start(example, corpus)
    batches = cycle(windows(batchify(corpus.train, example.batch_size), example.bptt))
    hidden = path.model.initial_hidden(example.batch_size)
    while True:
        seconds, loss, hidden = clocked_step(path, batches, hidden, example.learning_rate)
        yield seconds, loss


def run(settings: ClockSettings, root: Path, report: Callable[[float, str], None]) -> Record:
    """Measure and save."""
    corpus = corpus_of(settings.corpus)
    trained, evaluated = steps_of(settings), _evaluation_windows(settings.example, corpus)
    steps, evaluation, total = [], [], settings.warm_up + settings.steps
    for done in range(total):  # in turns, so that a slow spell of the machine meets both
        report(0.9 * done / total, f"step {done + 1}")
        steps.append(next(trained)[0])
        evaluation.append(next(evaluated))
    steps, evaluation = steps[settings.warm_up :], evaluation[settings.warm_up :]
    curves: dict[str, Any] = {
        "step": {part: [round(step[part], 6) for step in steps] for part in PARTS},
        "evaluation": [round(seconds, 6) for seconds in evaluation],
        "once": {name: [round(s, 6) for s in seconds] for name, seconds in _once(settings.example, corpus).items()},
    }
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.example.seed],
        metrics={},
        curves=curves,
        timing={"step_processor_seconds": median(sum(step.values()) for step in steps)},
        probe=probe(settings),
        sources=SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def probe(settings: ClockSettings) -> dict[str, list[float]]:
    """The losses of the warm-up steps: the computation of which the rest only measures the time."""
    return {
        "losses": [round(loss, 6) for (_, loss), _ in zip(steps_of(settings), range(settings.warm_up), strict=False)]
    }


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here."""
    return probe(ClockSettings(**record.settings))


def _start(example: Settings, corpus: Corpus) -> StockPath:
    """The example's model with its seeded weights."""
    path = build(example, len(corpus.vocabulary), torch.Generator().manual_seed(example.seed))
    assert isinstance(path, StockPath)
    return path


def _evaluation_windows(example: Settings, corpus: Corpus) -> Iterator[float]:
    """Seconds of one window of the validation text after another."""
    path = _start(example, corpus)
    hidden = path.model.initial_hidden(example.evaluation_batch_size)
    for inputs, targets in cycle(windows(batchify(corpus.valid, example.evaluation_batch_size), example.bptt)):
        start = time.process_time()
        _, hidden = path.loss(inputs, targets, hidden)
        yield time.process_time() - start


def _once(example: Settings, corpus: Corpus, repeats: int = 3) -> dict[str, list[float]]:
    """Seconds of making the model, its first state, and of loading it."""
    path = _start(example, corpus)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.pt"
        torch.save(path.model, file)
        actions: dict[str, Callable[[], Any]] = {
            "model": lambda: _start(example, corpus),
            "init_hidden": lambda: path.model.initial_hidden(example.batch_size),
            "load": lambda: torch.load(file, weights_only=False),
        }
        return {name: [_seconds(action) for _ in range(repeats)] for name, action in actions.items()}


def _seconds(action: Callable[[], Any]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start
