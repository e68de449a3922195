"""The loss that training reaches at each learning rate, with and without normalisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import Split, split
from experiments.regularisation.normalised import make_network
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "learning_rates"
MODULES = ("learning_rates", "normalised", "digits", "side_by_side", "saving")


@dataclass(frozen=True)
class Settings:
    """All norms share splits, initial weights and batch order, seed by seed. SGD without momentum, constant rate."""

    train_images: int = 1000
    test_images: int = 500
    seeds: tuple[int, ...] = tuple(range(20))
    norms: tuple[str, ...] = ("none", "batch", "layer", "group")
    rates: tuple[float, ...] = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
    channels: int = 8
    depth: int = 6
    batch_size: int = 50
    epochs: int = 5

    @property
    def name(self) -> str:
        return f"{self.depth}-layers-{len(self.seeds)}-seeds-{self.epochs}-epochs"


QUICK = Settings(seeds=(0, 1), norms=("none", "batch"), rates=(0.03, 0.3), train_images=200, epochs=1)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train at every rate with every norm; save final losses and accuracies seed by seed."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By norm, a list over `rates` of what `train_arm` returns."""
    data = split(settings.seeds, settings.train_images, settings.test_images)
    arms = [(norm, rate) for norm in settings.norms for rate in settings.rates]
    by_norm: dict[str, list[Any]] = {norm: [] for norm in settings.norms}
    for done, (norm, rate) in enumerate(arms):
        report(done / len(arms), f"{norm} norm, learning rate {rate:g}")
        by_norm[norm].append(train_arm(settings, data, norm, rate))
    return by_norm


def train_arm(settings: Settings, data: Split, norm: str, rate: float) -> dict[str, Any]:
    """Per seed: loss on the training set in evaluation mode (None where not finite: diverged) and test accuracy."""
    with side_by_side.repeatable(seed=0):
        network = make_network(len(settings.seeds), norm, settings.channels, settings.depth)
        side_by_side.seed_weights(network, settings.seeds)
        side_by_side.fit(
            network, data, learning_rate=rate, batch_size=settings.batch_size, epochs=settings.epochs, seed=0
        )
        loss, _ = side_by_side.evaluate(network, data.train_images, data.train_labels)
        _, accuracy = side_by_side.evaluate(network, data.test_images, data.test_labels)
    return {
        "rate": rate,
        "train_loss": side_by_side.rounded(loss),
        "test_accuracy": side_by_side.rounded(accuracy),
    }


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """The first training losses of the first two seeds with batch norm at a stable learning rate."""
    seeds = settings.seeds[:2]
    data = split(seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = make_network(len(seeds), settings.norms[1], settings.channels, settings.depth)
        side_by_side.seed_weights(network, seeds)
        history = side_by_side.fit(network, data, learning_rate=0.01, batch_size=settings.batch_size, epochs=1, seed=0)
    return {"losses": [round(loss, 7) for step in history[:steps] for loss in step]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
