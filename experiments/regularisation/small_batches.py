"""Batch norm against group norm in small batches, in a connected network, where it averages over images alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import SIZE, Split, split
from experiments.regularisation.normalised import NORMS
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "small_batches"
MODULES = ("small_batches", "normalised", "digits", "side_by_side", "saving")


@dataclass(frozen=True)
class Settings:
    """Either norm at every batch size is trained at all `rates`, so that each can be read at its own best."""

    train_images: int = 400
    test_images: int = 500
    seeds: tuple[int, ...] = tuple(range(20))
    norms: tuple[str, ...] = ("batch", "group")
    batch_sizes: tuple[int, ...] = (2, 8)
    rates: tuple[float, ...] = (0.0025, 0.01, 0.04, 0.16)
    hidden: int = 32
    epochs: int = 4

    @property
    def name(self) -> str:
        return f"{len(self.seeds)}-seeds-{self.epochs}-epochs"


QUICK = Settings(seeds=(0, 1), rates=(0.04,), epochs=1)


def build(settings: Settings, norm: str, models: int) -> nn.Sequential:
    """Two connected layers, each with its norm and ReLU, and a readout."""
    first = nn.Conv2d(models, models * settings.hidden, SIZE, groups=models)  # sees the whole image at once
    second = side_by_side.convolution(models, settings.hidden, settings.hidden, 1)
    blocks = [part for layer in (first, second) for part in (layer, NORMS[norm](models, settings.hidden), nn.ReLU())]
    return nn.Sequential(*blocks, side_by_side.readout(models, settings.hidden, 1))


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train every arm; save what `train_arm` measures, seed by seed."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By "<norm>-<batch size>", a list over `rates` of what `train_arm` returns."""
    data = split(settings.seeds, settings.train_images, settings.test_images)
    arms = {f"{norm}-{size}": (norm, size) for norm in settings.norms for size in settings.batch_sizes}
    measured: dict[str, Any] = {}
    for name, (norm, size) in arms.items():
        report(len(measured) / len(arms), f"{norm} norm, batches of {size}")
        measured[name] = [train_arm(settings, data, norm, size, rate) for rate in settings.rates]
    return measured


def train_arm(settings: Settings, data: Split, norm: str, batch_size: int, rate: float) -> dict[str, Any]:
    """Per seed: test accuracy, the loss of the last epoch's batches as training saw them, and the training set's loss
    in evaluation mode (capped at 100 where training diverged)."""
    with side_by_side.repeatable(seed=0):
        network = build(settings, norm, len(settings.seeds))
        side_by_side.seed_weights(network, settings.seeds)
        history = side_by_side.fit(
            network, data, learning_rate=rate, batch_size=batch_size, epochs=settings.epochs, seed=0
        )
        steps = len(history) // settings.epochs
        loss, _ = side_by_side.evaluate(network, data.train_images, data.train_labels)
        _, accuracy = side_by_side.evaluate(network, data.test_images, data.test_labels)
    seen = torch.tensor(history[-steps:]).mean(0)
    return {
        "rate": rate,
        "test_accuracy": side_by_side.rounded(accuracy),
        "training_mode_loss": side_by_side.rounded(seen.nan_to_num(100.0).clamp_max(100.0)),
        "evaluation_mode_loss": side_by_side.rounded(loss.nan_to_num(100.0).clamp_max(100.0)),
    }


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """The first training losses of the first two seeds with batch norm, at the smallest rate and the largest batch."""
    seeds = settings.seeds[:2]
    data = split(seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = build(settings, "batch", len(seeds))
        side_by_side.seed_weights(network, seeds)
        history = side_by_side.fit(
            network,
            data,
            learning_rate=min(settings.rates),
            batch_size=max(settings.batch_sizes),
            epochs=2,
            seed=0,
        )
    return {"losses": [round(loss, 7) for step in history[:steps] for loss in step]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
