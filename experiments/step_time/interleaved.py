"""Processor seconds of a training step for every setting of the study, taken in turns.

What question 2e compares is the work that a setting makes, on a machine that may be busy with other things. So the
clock is the processor time of the one thread, which stands still while others run; and the settings are timed in
rounds, one right after the other, and compared within a round, so that what slows a whole round (a shared cache, a
lower frequency) cancels in the ratio. The scatter of the ratios over rounds says how well that did. Tokens a second by
the clock on the wall, and peak memory, are the business of `experiments.language_model.bench`.

Records of kind `step_time`: `curves["seconds"]` maps "<path> <cell> layers<L> hidden<H> bptt<T>[ tied]" to one number
a round, the mean seconds of its timed steps; `curves["tokens"]` maps the same keys to the tokens of one step.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median

import torch

from experiments import Report
from experiments.language_model.data import batchify, windows
from experiments.language_model.download import SHA256
from experiments.language_model.run import PROBE_RATE, corpus_of
from experiments.language_model.study import CELLS, VARIATIONS
from experiments.language_model.train import Settings, build
from writeup.records.store import Record, save

KIND = "step_time"
SOURCES = (
    *(f"experiments/language_model/{name}.py" for name in ("data", "model", "train", "stock")),
    *(f"experiments/language_model/{name}.py" for name in ("fast", "cross_entropy", "gru", "lstm")),
    "experiments/step_time/interleaved.py",
)


@dataclass(frozen=True)
class StepTimeSettings:
    """How often each setting of the study is timed, and on what."""

    corpus: str = "wikitext-2"
    hidden_size: int = 200  # of the baseline, and the embedding's
    rounds: int = 12
    warm_up: int = 1  # steps of a setting in a round before those that are timed
    steps: int = 2

    @property
    def name(self) -> str:
        return f"{self.corpus}-hidden{self.hidden_size}-rounds{self.rounds}-steps{self.steps}"

    @property
    def baseline(self) -> Settings:
        """The example's run, at a rate at which its losses can be repeated elsewhere."""
        size, rate = self.hidden_size, Settings.learning_rate * PROBE_RATE
        return Settings(corpus=self.corpus, hidden_size=size, embedding_size=size, learning_rate=rate)


def plan(preset: str, finished: Mapping[str, Record]) -> list[StepTimeSettings]:  # noqa: ARG001 (the common interface)
    """One record for all settings."""
    quick = StepTimeSettings("generated", hidden_size=16, rounds=2, steps=1)
    return [quick if preset == "quick" else StepTimeSettings()]


def timed_settings(settings: StepTimeSettings) -> list[Settings]:
    """Both cells on either path, at the baseline and at each variation; the baseline tied, on PyTorch's modules."""
    base = settings.baseline
    changes = list(VARIATIONS)
    stock = [base, *(replace(base, **change) for change in changes)]
    fast = [replace(one, path="fast", precision="bfloat16") for one in stock]
    return [replace(one, cell=cell) for one in (*stock, *fast, replace(base, tied=True)) for cell in CELLS]


def key(settings: Settings) -> str:
    """What a setting is called in the record's curves."""
    tied = " tied" if settings.tied else ""
    sizes = f"layers{settings.layers} hidden{settings.hidden_size} bptt{settings.bptt}"
    return f"{settings.path} {settings.cell} {sizes}{tied}"


def run(settings: StepTimeSettings, root: Path, report: Report) -> Record:
    """Measure all rounds and save."""
    timed = timed_settings(settings)
    seconds: dict[str, list[float]] = {key(one): [] for one in timed}
    with _one_thread():
        for turn in range(settings.rounds):
            for index, one in enumerate(timed):
                report((turn + index / len(timed)) / settings.rounds, f"round {turn + 1}: {key(one)}")
                seconds[key(one)].append(round(_mean_seconds(one, settings), 6))
        losses = probe(settings)
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[settings.baseline.seed],
        metrics={},
        curves={"seconds": seconds, "tokens": {key(one): one.batch_size * one.bptt for one in timed}},
        timing={f"median {name}": median(values) for name, values in seconds.items()},
        probe=losses,
        sources=SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def probe(settings: StepTimeSettings) -> dict[str, list[float]]:
    """The losses of the timed steps at the baseline: the computation of which the rest only measures the time."""
    return {cell: [round(loss, 6) for loss in _losses(replace(settings.baseline, cell=cell), 3)] for cell in CELLS}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here."""
    settings = StepTimeSettings(**record.settings)
    with _one_thread():
        return probe(settings)


def _losses(settings: Settings, steps: int) -> Iterator[float]:
    """Training losses of the first steps from the seeded weights."""
    corpus = corpus_of(settings.corpus)
    path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
    hidden = path.model.initial_hidden(settings.batch_size)
    for inputs, targets in islice(windows(batchify(corpus.train, settings.batch_size), settings.bptt), steps):
        loss, hidden = path.step(inputs, targets, hidden, settings.learning_rate)
        yield loss.item()


def _mean_seconds(one: Settings, settings: StepTimeSettings) -> float:
    """Mean processor seconds of the steps after the warm-up."""
    losses = _losses(one, settings.warm_up + settings.steps)
    for _step in range(settings.warm_up):
        next(losses)
    start = time.process_time()
    for _loss in losses:
        pass
    return (time.process_time() - start) / settings.steps


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processor time adds up over threads; with one it is what a quiet machine's clock on the wall would show."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
