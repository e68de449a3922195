"""Training speed and memory, each setting alone in a process: the stock path, the fast path and a floor.

Records of kind `language_model_speed`. In `curves`, for each setting's label (such as "GRU bptt=70"; a bare "GRU" has
the example's sizes): {"stock": [...], "fast": [...]} in seconds a step, {"stock_processor": [...], "fast_processor":
[...], "products": [...]} in processor seconds, where the products are the decoder's three matrix products alone, and
{"stock_bytes": [...], "fast_bytes": [...]}, the peaks of resident memory, one a process. `metrics` holds
"<label> <path> tokens per second" and "... tokens per processor second" from the median step.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from experiments.language_model.download import SHA256
from experiments.language_model.run import PROBE_RATE, SOURCES
from experiments.language_model.study import CELLS, VARIATIONS
from experiments.language_model.timer import measured, steps_of
from experiments.language_model.train import Settings
from writeup.records.store import Record, save

KIND = "language_model_speed"
PATHS = ("stock", "fast")
ALL_SOURCES = (*dict.fromkeys(SOURCES["stock"] + SOURCES["fast"]), "experiments/language_model/timer.py")


@dataclass(frozen=True)
class SpeedSettings:
    """`steps` measured steps after `warm_up` others in each of `rounds` processes a setting and path."""

    corpus: str = "wikitext-2"
    size: int = 650  # measured beside the example's 200, for embedding and hidden units
    variations: bool = False  # the study's other settings, too
    steps: int = 3
    warm_up: int = 1
    rounds: int = 2
    threads: int = 1
    precision: str = "bfloat16"

    @property
    def name(self) -> str:
        variations = "-variations" if self.variations else ""
        return f"{self.corpus}-size{self.size}{variations}-{self.rounds}x{self.steps}-threads{self.threads}"

    def labelled(self) -> dict[str, Settings]:
        """Every setting that is measured, by its label, at a rate at which losses can be repeated elsewhere."""
        base = Settings(corpus=self.corpus, learning_rate=Settings.learning_rate * PROBE_RATE, precision=self.precision)
        changes: list[dict[str, Any]] = [{}, {"embedding_size": self.size, "hidden_size": self.size}]
        if self.variations:
            changes += VARIATIONS
        return {
            " ".join([cell, *(f"{name}={value}" for name, value in change.items())]): replace(base, cell=cell, **change)
            for change in changes
            for cell in CELLS
        }


def plan(preset: str, finished: Mapping[str, Record]) -> list[SpeedSettings]:  # noqa: ARG001 (the common interface)
    """One record: the example's sizes and the larger one, both cells."""
    tiny = SpeedSettings("generated", size=16, steps=2, rounds=1)
    return [tiny if preset == "quick" else SpeedSettings()]


def run(settings: SpeedSettings, root: Path, report: Callable[[float, str], None]) -> Record:
    """Measure and save. Paths and settings take turns, so that a slow spell of the machine meets all. Wants quiet."""
    labelled = settings.labelled()
    curves: dict[str, dict[str, list[float]]] = {label: {} for label in labelled}
    jobs = [(label, path) for _ in range(settings.rounds) for label in labelled for path in PATHS]
    for done, (label, path) in enumerate(jobs):
        report(done / len(jobs), f"{label}, {path}")
        found = measured(replace(labelled[label], path=path), settings.warm_up, settings.steps, settings.threads)
        for name, values in found.items():
            curves[label].setdefault(name, []).extend(round(value, 6) for value in values)
    tokens = {label: run.bptt * run.batch_size for label, run in labelled.items()}
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=[Settings.seed],
        metrics={
            f"{label} {path} tokens per {unit}": round(tokens[label] / median(curves[label][path + series]), 1)
            for label in labelled
            for path in PATHS
            for unit, series in {"second": "", "processor second": "_processor"}.items()
        },
        curves=curves,
        timing={},
        probe=probe(settings),
        sources=ALL_SOURCES,
        data=SHA256 if settings.corpus == "wikitext-2" else {},
    )


def probe(settings: SpeedSettings) -> dict[str, list[float]]:
    """Two losses of each cell on each path: what was timed computes the same."""
    runs = {f"{cell} {path}": replace(settings.labelled()[cell], path=path) for cell in CELLS for path in PATHS}
    return {name: [round(step.loss, 6) for step in islice(steps_of(run), 2)] for name, run in runs.items()}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here."""
    return probe(SpeedSettings(**record.settings))
