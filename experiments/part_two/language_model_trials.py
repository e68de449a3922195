"""The notebook's language model over several seeds: every training loss, and the held-out loss."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from experiments import Report
from experiments.part_two.language_model import (
    LanguageModel,
    Vocabulary,
    batchify,
    mean_loss,
    reference_words,
    train_language_model,
)
from writeup.records.store import Record, save

KIND = "small_language_model"
SOURCES = tuple(f"experiments/part_two/{name}.py" for name in ("language_model", "language_model_trials"))
PROBE_STEPS = 20


@dataclass(frozen=True)
class Settings:
    """How much of the text is for training, and the model; what the notebook does, once a seed."""

    train_share: float = 0.9
    least: int = 3
    batch_size: int = 16
    width: int = 128
    steps: int = 700
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)

    @property
    def name(self) -> str:
        return f"pytorch-documentation-width{self.width}-steps{self.steps}-{len(self.seeds)}-seeds"


@dataclass(frozen=True)
class Text:
    """Both streams as word numbers, (T, batch); the words come in their order, training first."""

    words: list[str]
    vocabulary: Vocabulary
    train: Tensor
    held_out: Tensor


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [Settings(steps=20, seeds=(0, 1))] if preset == "quick" else [Settings()]


def as_text(words: list[str], settings: Settings) -> Text:
    """The words' vocabulary and streams, training first."""
    cut = int(settings.train_share * len(words))
    vocabulary = Vocabulary(words[:cut], settings.least)
    streams = [batchify(vocabulary.encode(part), settings.batch_size) for part in (words[:cut], words[cut:])]
    return Text(words, vocabulary, *streams)


def trained(text: Text, settings: Settings, seed: int, steps: int) -> tuple[LanguageModel, list[float]]:
    torch.manual_seed(seed)
    model = LanguageModel(len(text.vocabulary.words), settings.width)
    return model, train_language_model(model, text.train, steps)


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train once a seed; save every training loss and the held-out loss."""
    start = time.perf_counter()
    text = as_text(reference_words(), settings)
    curves: dict[str, Any] = {"losses": [], "held_out": []}
    for number, seed in enumerate(settings.seeds):
        report(number / len(settings.seeds), f"small language model, seed {seed}")
        model, losses = trained(text, settings, seed, settings.steps)
        curves["losses"].append([round(loss, 4) for loss in losses])
        curves["held_out"].append(round(mean_loss(model, text.held_out), 6))
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=settings.seeds,
        metrics={"words": len(text.words), "vocabulary": len(text.vocabulary.words)},
        curves=curves,
        timing={"seconds": round(time.perf_counter() - start, 2)},
        probe=probe(settings),
        sources=SOURCES,
    )


def probe(settings: Settings) -> dict[str, list[float]]:
    """The losses of a short training on made-up words, which needs no data and is the same with every text."""
    words = [str(number) for number in torch.randint(60, (4000,), generator=torch.Generator().manual_seed(0)).tolist()]
    _, losses = trained(as_text(words, settings), settings, settings.seeds[0], PROBE_STEPS)
    return {"losses": [round(loss, 6) for loss in losses]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(Settings(**{**record.settings, "seeds": tuple(record.settings["seeds"])}))
