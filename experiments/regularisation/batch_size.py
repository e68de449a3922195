"""Single samples, mini-batches and the full batch at the same number of passes over the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import Split, split
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "batch_size"
MODULES = ("batch_size", "digits", "side_by_side", "saving")
MAP_SIZE = 4


@dataclass(frozen=True)
class Settings:
    """Every batch size is trained at all `rates` (SGD without momentum), so that each can be read at its own best."""

    train_images: int = 500
    test_images: int = 500
    seeds: tuple[int, ...] = tuple(range(20))
    batch_sizes: tuple[int, ...] = (1, 5, 20, 100, 500)
    rates: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    channels: int = 8
    epochs: int = 3

    @property
    def name(self) -> str:
        return f"{self.train_images}-images-{len(self.seeds)}-seeds-{self.epochs}-epochs"


QUICK = Settings(seeds=(0, 1), train_images=100, batch_sizes=(10, 100), rates=(0.1,), epochs=1)


def make_network(models: int, channels: int) -> nn.Sequential:
    """One convolution, ReLU, pooling, linear readout."""
    network = nn.Sequential(
        side_by_side.convolution(models, 1, channels),
        nn.ReLU(),
        nn.MaxPool2d(2),
        side_by_side.readout(models, channels, MAP_SIZE),
    )
    return side_by_side.channels_last(network)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train every arm; save what `train_arm` measures, seed by seed."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By batch size (as text), a list over `rates` of what `train_arm` returns."""
    data = split(settings.seeds, settings.train_images, settings.test_images)
    measured: dict[str, Any] = {}
    for size in settings.batch_sizes:
        report(len(measured) / len(settings.batch_sizes), f"batches of {size}")
        measured[str(size)] = [train_arm(settings, data, size, rate) for rate in settings.rates]
    return measured


def train_arm(settings: Settings, data: Split, batch_size: int, rate: float) -> dict[str, Any]:
    """Number of updates, and per seed the final training loss (capped at 100: diverged) and test accuracy."""
    with side_by_side.repeatable(seed=0):
        network = make_network(len(settings.seeds), settings.channels)
        side_by_side.seed_weights(network, settings.seeds)
        history = side_by_side.fit(
            network, data, learning_rate=rate, batch_size=batch_size, epochs=settings.epochs, seed=0
        )
        loss, _ = side_by_side.evaluate(network, data.train_images, data.train_labels)
        _, accuracy = side_by_side.evaluate(network, data.test_images, data.test_labels)
    return {
        "rate": rate,
        "updates": len(history),
        "train_loss": side_by_side.rounded(loss.nan_to_num(100.0).clamp_max(100.0)),
        "test_accuracy": side_by_side.rounded(accuracy),
    }


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """The first training losses of the first two seeds in batches of a twentieth of the data."""
    seeds = settings.seeds[:2]
    data = split(seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = make_network(len(seeds), settings.channels)
        side_by_side.seed_weights(network, seeds)
        history = side_by_side.fit(
            network, data, learning_rate=0.03, batch_size=settings.train_images // steps, epochs=1, seed=0
        )
    return {"losses": [round(loss, 7) for step in history[:steps] for loss in step]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
