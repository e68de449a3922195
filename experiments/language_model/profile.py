"""Where a training step's time goes: forward, backward and update, by component, on the stock path.

The profiler costs time for every event, and a GRU makes many more events than an LSTM; so the same steps are also timed
without it, and two ablations (no decoder, no recurrence) test the shares without any profiler.

Records of kind `language_model_profile`, one a cell. In `curves`, one number a measured step, in seconds:

    forward, backward   {component: [...]}, under the profiler; `attribution.COMPONENTS`
    step                {phase: [...]}, under the profiler; `attribution.PHASES` and `other`, `whole` being their sum
    plain               whole steps without the profiler; plain_processor: processor seconds of the same steps
    evaluation          evaluation windows without the profiler
    ablated             {"decoder": [...], "recurrent layers": [...]}: whole steps, without the profiler, of a model
                        that lacks the component (a decoder to two words; the identity instead of the recurrence);
                        ablated_processor: their processor seconds
    once                {"corpus": [...], "batchify": [...], "save": [...]}: reading and cutting the texts, saving

`metrics` holds what turns windows into epochs: `train_windows`, `valid_windows`, `test_windows`.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from experiments.language_model.ablation import ABLATIONS
from experiments.language_model.attribution import Times, profiled_step
from experiments.language_model.data import Corpus, batchify, count_windows, windows
from experiments.language_model.download import SHA256, data_folder
from experiments.language_model.run import PROBE_RATE, corpus_of
from experiments.language_model.stock import StockPath
from experiments.language_model.timer import steps_of
from experiments.language_model.train import Settings, build
from writeup.records.store import Record, save

KIND = "language_model_profile"
_FILES = ("data", "model", "stock", "ablation", "attribution", "timer", "profile")
SOURCES = tuple(f"experiments/language_model/{name}.py" for name in _FILES)


@dataclass(frozen=True)
class ProfileSettings:
    """One profile: the example's defaults, `steps` measured steps after `warm_up` others."""

    cell: str = "LSTM"
    corpus: str = "wikitext-2"
    hidden_size: int = 200  # also the embedding's
    steps: int = 12
    warm_up: int = 2
    repeats: int = 3  # of what runs once a run or once an epoch
    threads: int = 1

    @property
    def name(self) -> str:
        return f"{self.cell}-{self.corpus}-hidden{self.hidden_size}-steps{self.steps}-threads{self.threads}"

    @property
    def example(self) -> Settings:
        """The training run that is profiled, at a rate at which its losses can be repeated elsewhere."""
        rate = Settings.learning_rate * PROBE_RATE
        size = self.hidden_size
        return Settings(cell=self.cell, corpus=self.corpus, hidden_size=size, embedding_size=size, learning_rate=rate)


def plan(preset: str, finished: Mapping[str, Record]) -> list[ProfileSettings]:  # noqa: ARG001 (the common interface)
    """One profile for each of the two cells."""
    tiny = ProfileSettings(corpus="generated", hidden_size=16, steps=3, repeats=1)
    base = tiny if preset == "quick" else ProfileSettings()
    return [replace(base, cell=cell) for cell in ("LSTM", "GRU")]


def run(settings: ProfileSettings, root: Path, report: Callable[[float, str], None]) -> Record:
    """Measure and save. Wants a quiet machine."""
    corpus = corpus_of(settings.corpus)
    with _threads(settings.threads):
        series: dict[str, Iterator[Any]] = {
            "plain": steps_of(settings.example),
            **{name: steps_of(settings.example, change) for name, change in ABLATIONS.items()},
            "evaluation": _evaluation_windows(settings, corpus),
            "profiled": _profiled(settings, corpus),
        }
        # In turns, so that a slow spell of the machine meets all of them.
        rounds = []
        for done in range(settings.warm_up + settings.steps):
            report(0.9 * done / (settings.warm_up + settings.steps), f"step {done + 1}")
            rounds.append({name: next(times) for name, times in series.items()})
        measured = {name: [taken[name] for taken in rounds[settings.warm_up :]] for name in series}
        curves: dict[str, Any] = {
            "plain": [step.seconds for step in measured["plain"]],
            "plain_processor": [step.processor_seconds for step in measured["plain"]],
            "evaluation": measured["evaluation"],
            "ablated": {name: [step.seconds for step in measured[name]] for name in ABLATIONS},
            "ablated_processor": {name: [step.processor_seconds for step in measured[name]] for name in ABLATIONS},
        }
        for part, times in measured["profiled"][0].items():
            curves[part] = {name: [step[part][name] for step in measured["profiled"]] for name in times}
        report(0.9, "reading, cutting, saving")
        curves["once"] = _once(settings, corpus)
        losses = probe(settings)
    example = settings.example
    sizes = {"train": example.batch_size, "valid": example.evaluation_batch_size, "test": example.evaluation_batch_size}
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[example.seed],
        metrics={
            f"{split}_windows": count_windows(batchify(getattr(corpus, split), columns), example.bptt)
            for split, columns in sizes.items()
        },
        curves=_rounded(curves),
        timing={
            "plain_step_seconds": median(curves["plain"]),
            "profiled_step_seconds": median(curves["step"]["whole"]),
        },
        probe=losses,
        sources=SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def probe(settings: ProfileSettings) -> dict[str, list[float]]:
    """The losses of the warm-up steps: the computation of which the rest only measures the time."""
    return {"losses": [round(step.loss, 6) for step in islice(steps_of(settings.example), settings.warm_up)]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here."""
    return probe(ProfileSettings(**record.settings))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start(settings: ProfileSettings, corpus: Corpus) -> tuple[StockPath, Iterator[tuple[Tensor, Tensor]]]:
    """The model with its seeded weights and the windows of the training text, again and again."""
    example = settings.example
    path = build(example, len(corpus.vocabulary), torch.Generator().manual_seed(example.seed))
    assert isinstance(path, StockPath)
    return path, cycle(windows(batchify(corpus.train, example.batch_size), example.bptt))


def _profiled(settings: ProfileSettings, corpus: Corpus) -> Iterator[Times]:
    """Seconds of every component and phase of a step under the profiler."""
    path, batches = _start(settings, corpus)
    hidden = path.model.initial_hidden(settings.example.batch_size)
    while True:
        times, hidden = profiled_step(path, batches, hidden, settings.example.learning_rate)
        yield times


def _evaluation_windows(settings: ProfileSettings, corpus: Corpus) -> Iterator[float]:
    """Seconds of evaluation windows without the profiler."""
    path, _ = _start(settings, corpus)
    example = settings.example
    hidden = path.model.initial_hidden(example.evaluation_batch_size)
    for inputs, targets in cycle(windows(batchify(corpus.valid, example.evaluation_batch_size), example.bptt)):
        yield _seconds(partial(path.loss, inputs, targets, hidden))


def _once(settings: ProfileSettings, corpus: Corpus) -> dict[str, list[float]]:
    """Seconds of reading and cutting the texts, and of saving the model, as the example does once a run or an epoch."""
    path, _ = _start(settings, corpus)
    read = Corpus.generated if settings.corpus == "generated" else lambda: Corpus.load(data_folder())
    with tempfile.TemporaryDirectory() as folder:
        actions: dict[str, Callable[[], Any]] = {
            "corpus": read,
            "batchify": lambda: [
                batchify(text, Settings.batch_size) for text in (corpus.train, corpus.valid, corpus.test)
            ],
            "save": lambda: torch.save(path.model, Path(folder) / "model.pt"),
        }
        return {name: [_seconds(action) for _ in range(settings.repeats)] for name, action in actions.items()}


def _seconds(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _rounded(values: Any) -> Any:
    """Microseconds are plenty."""
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    return [round(value, 6) for value in values]
