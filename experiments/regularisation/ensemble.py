"""A deep network with dropout against the exact ensemble of all its thinned networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import CLASSES, split
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "ensemble"
MODULES = ("ensemble", "digits", "side_by_side", "saving")


@dataclass(frozen=True)
class Settings:
    """Two hidden layers of `hidden` units, so that all 2^(2 hidden) masks can be run."""

    train_images: int = 400
    test_images: int = 200
    seeds: tuple[int, ...] = tuple(range(20))
    hidden: int = 6
    p: float = 0.2
    batch_size: int = 20
    epochs: int = 60
    learning_rate: float = 0.1

    @property
    def name(self) -> str:
        return f"{2 * self.hidden}-units-{len(self.seeds)}-seeds-{self.epochs}-epochs"


QUICK = Settings(seeds=(0, 1), hidden=3, epochs=2)


def make_network(models: int, hidden: int, p: float) -> nn.Sequential:
    """Two fully connected hidden layers with dropout after each: convolutions as large as the image, then of size 1."""
    return nn.Sequential(
        nn.Conv2d(models, models * hidden, 8, groups=models),
        nn.ReLU(),
        nn.Dropout(p),
        side_by_side.convolution(models, hidden, hidden, 1),
        nn.ReLU(),
        nn.Dropout(p),
        side_by_side.readout(models, hidden, 1),
    )


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train with dropout; save how far weight scaling is from the ensemble, seed by seed."""

    def measure() -> dict[str, Any]:
        report(0.0, "training the ensemble's network")
        return compare(settings)

    return save_run(root, KIND, settings, measure, probe(settings), MODULES)


def compare(settings: Settings) -> dict[str, Any]:
    """Per seed, over the test images: how the weight-scaled network (evaluation mode) differs from the ensemble.

    distance: mean total variation distance to the renormalised geometric mean of all thinned networks' probabilities.
    agreement: share of images with the same predicted class.
    *_accuracy: of weight scaling, of the ensemble's geometric mean, of a single thinned network (mean over masks).
    """
    models = len(settings.seeds)
    data = split(settings.seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = make_network(models, settings.hidden, settings.p)
        side_by_side.seed_weights(network, settings.seeds)
        side_by_side.fit(
            network,
            data,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            seed=0,
        )
        network.eval()
        with torch.no_grad():
            scaled = side_by_side.logits(network, data.test_images).softmax(-1)
            geometric, single = enumerate_masks(network, data.test_images, data.test_labels, settings)
    labels = data.test_labels
    return {
        "distance": side_by_side.rounded((scaled - geometric).abs().sum(-1).div(2).mean(0)),
        "agreement": side_by_side.rounded((scaled.argmax(-1) == geometric.argmax(-1)).double().mean(0)),
        "scaled_accuracy": side_by_side.rounded((scaled.argmax(-1) == labels).double().mean(0)),
        "ensemble_accuracy": side_by_side.rounded((geometric.argmax(-1) == labels).double().mean(0)),
        "single_accuracy": side_by_side.rounded(single),
        # What a later reader needs to repeat the comparison for the first seed by drawing masks instead.
        "first_weights": [side_by_side.rounded(p.unflatten(0, (models, -1))[0], 6) for p in network.parameters()],
        "first_probabilities": side_by_side.rounded(geometric[:20, 0], 6),
    }


def enumerate_masks(
    network: nn.Sequential, images: Tensor, labels: Tensor, settings: Settings
) -> tuple[Tensor, Tensor]:
    """Over every mask, weighted by its probability: the renormalised geometric mean of the class probabilities
    (examples, models, classes), and the mean accuracy (models,) of a single thinned network."""
    hidden, p, models = settings.hidden, settings.p, len(settings.seeds)
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * hidden)  # (2^hidden, hidden)
    chances = (p ** (hidden - masks.sum(1))) * ((1 - p) ** masks.sum(1))
    first = network[:2](images)  # (examples, models * hidden, 1, 1)
    log_mean = torch.zeros(len(images), models, CLASSES)
    accuracy = torch.zeros(models)
    scale = 1 / (1 - p)
    for outer, outer_chance in zip(masks, chances, strict=True):
        second = network[3:5](first * (outer * scale).repeat(models)[:, None, None])
        for inner, inner_chance in zip(masks, chances, strict=True):
            scores = network[6](second * (inner * scale).repeat(models)[:, None, None])
            scores = scores.reshape(len(images), models, CLASSES)
            log_mean += outer_chance * inner_chance * scores.log_softmax(-1)
            accuracy += outer_chance * inner_chance * (scores.argmax(-1) == labels).float().mean(0)
    return log_mean.softmax(-1), accuracy


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """The first training losses of the first two seeds."""
    seeds = settings.seeds[:2]
    data = split(seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = make_network(len(seeds), settings.hidden, settings.p)
        side_by_side.seed_weights(network, seeds)
        history = side_by_side.fit(
            network, data, learning_rate=settings.learning_rate, batch_size=settings.batch_size, epochs=1, seed=0
        )
    return {"losses": [round(loss, 7) for step in history[:steps] for loss in step]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
