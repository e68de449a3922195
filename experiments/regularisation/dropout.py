"""What dropout does to a small CNN on few and on many digits, and to the features that it learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import CLASSES, Split, split
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "dropout"
FORMS: dict[str, type[nn.Module]] = {"channel": nn.Dropout2d, "element": nn.Dropout}
MODULES = ("dropout", "digits", "side_by_side", "saving")
MAP_SIZE = 4  # 8 x 8 after one pooling layer


@dataclass(frozen=True)
class Settings:
    """`arms` are pairs (form, probability of dropping). All arms share splits, initial weights and batch order, seed by
    seed, so differences between arms are paired."""

    train_images: int = 100
    test_images: int = 500
    seeds: tuple[int, ...] = tuple(range(24))
    arms: tuple[tuple[str, float], ...] = (
        ("channel", 0.0),
        ("channel", 0.3),
        ("channel", 0.5),
        ("channel", 0.7),
        ("channel", 0.9),
        ("element", 0.3),
        ("element", 0.5),
        ("element", 0.7),
    )
    channels: int = 16
    batch_size: int = 25
    epochs: int = 200
    learning_rate: float = 0.05
    momentum: float = 0.9
    curve_every: int = 40

    @property
    def name(self) -> str:
        return f"{self.train_images}-images-{len(self.seeds)}-seeds-{self.epochs}-epochs"


FEW = Settings()
MANY = Settings(
    train_images=1200,
    arms=(("channel", 0.0), ("channel", 0.3), ("channel", 0.5), ("channel", 0.7), ("channel", 0.9)),
    batch_size=50,
    epochs=10,
    curve_every=2,
)
QUICK = Settings(seeds=(0, 1), arms=(("channel", 0.0), ("channel", 0.5), ("element", 0.5)), epochs=4, curve_every=2)


def arm_name(form: str, p: float) -> str:
    return f"{form}-{p:g}"


def make_network(models: int, channels: int, form: str, p: float) -> nn.Sequential:
    """Two convolutions, pooling, dropout on the feature maps, linear readout; `network[:5]` gives the feature maps."""
    network = nn.Sequential(
        side_by_side.convolution(models, 1, channels),
        nn.ReLU(),
        side_by_side.convolution(models, channels, 2 * channels),
        nn.ReLU(),
        nn.MaxPool2d(2),
        FORMS[form](p),
        side_by_side.readout(models, 2 * channels, MAP_SIZE),
    )
    return side_by_side.channels_last(network)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK] if preset == "quick" else [FEW, MANY]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train every arm on every seed; save final values seed by seed and the mean curves."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By arm ("channel-0.5"): what `train_arm` returns."""
    data = split(settings.seeds, settings.train_images, settings.test_images)
    arms: dict[str, Any] = {}
    for form, p in settings.arms:
        report(len(arms) / len(settings.arms), f"{form} dropout, p = {p:g}")
        arms[arm_name(form, p)] = train_arm(settings, data, form, p)
    return arms


def train_arm(settings: Settings, data: Split, form: str, p: float) -> dict[str, Any]:
    """One arm: final values seed by seed, and the means over seeds along training."""
    models = len(settings.seeds)
    with side_by_side.repeatable(seed=0):
        network = make_network(models, settings.channels, form, p)
        side_by_side.seed_weights(network, settings.seeds)
        along: list[tuple[int, float, float]] = []

        def measure(epoch: int) -> None:
            if epoch % settings.curve_every == 0:
                train_loss, _ = side_by_side.evaluate(network, data.train_images, data.train_labels)
                test_loss, _ = side_by_side.evaluate(network, data.test_images, data.test_labels)
                along.append((epoch, round(float(train_loss.mean()), 5), round(float(test_loss.mean()), 5)))

        side_by_side.fit(
            network,
            data,
            learning_rate=settings.learning_rate,
            momentum=settings.momentum,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            seed=0,
            after_epoch=measure,
        )
        train_loss, train_accuracy = side_by_side.evaluate(network, data.train_images, data.train_labels)
        test_loss, test_accuracy = side_by_side.evaluate(network, data.test_images, data.test_labels)
        described = describe_features(network, data, models)
    final = {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        **described,
    }
    return {name: side_by_side.rounded(values) for name, values in final.items()} | {"along": along}


@torch.no_grad()
def describe_features(network: nn.Sequential, data: Split, models: int, draws: int = 10) -> dict[str, Tensor]:
    """What the maps before the readout have become, every value of shape (models,), on the test images.

    neighbour_correlation: correlation of two horizontally adjacent activations of one map, mean over maps and places.
    channel_correlation: mean absolute correlation of two different maps at one place: their redundancy.
    half_removed_accuracy: test accuracy after half of the maps, drawn at random, are silenced and the others doubled.
    Correlations have no value where no two units of a model are alive.
    noise_ratio: variance that channel dropout brings into the class scores, over that of element dropout at the same p.
    """
    network.eval()
    images = side_by_side.compact(data.test_images)
    features = network[:5](images).reshape(
        len(images), models, -1, MAP_SIZE, MAP_SIZE
    )  # (examples, models, maps, 4, 4)
    maps = features.shape[2]
    centred = features - features.mean(0)
    unit = centred / centred.norm(dim=0).clamp_min(1e-12)  # a dead unit has correlation 0 with everything
    alive = (centred.norm(dim=0) > 1e-6).float()  # (models, maps, 4, 4)
    neighbours = (unit[..., :-1] * unit[..., 1:]).sum(0)
    both_alive = alive[..., :-1] * alive[..., 1:]
    between = torch.einsum("emcij,emdij->mijcd", unit, unit).abs()
    pairs = torch.einsum("mcij,mdij->mijcd", alive, alive) * (1 - torch.eye(maps))

    generator = torch.Generator().manual_seed(0)
    accuracies = []
    for _ in range(draws):
        kept = torch.stack([torch.randperm(maps, generator=generator) < maps // 2 for _ in range(models)])
        silenced = features * 2 * kept[None, :, :, None, None]
        scores = network[6](side_by_side.compact(silenced.flatten(1, 2))).reshape(len(images), models, CLASSES)
        accuracies.append((scores.argmax(-1) == data.test_labels).float().mean(0))

    weight = next(network[6].parameters()).reshape(models, CLASSES, maps, MAP_SIZE, MAP_SIZE)
    parts = torch.einsum("emcij,mkcij->emkcij", features[:100], weight)  # each unit's share of each class score
    by_channel = parts.sum((-2, -1)).square().sum((0, 2, 3))
    by_element = parts.square().sum((0, 2, 3, 4, 5))
    return {
        "neighbour_correlation": (neighbours * both_alive).sum((1, 2, 3)) / both_alive.sum((1, 2, 3)),
        "channel_correlation": (between * pairs).sum((1, 2, 3, 4)) / pairs.sum((1, 2, 3, 4)),
        "half_removed_accuracy": torch.stack(accuracies).mean(0),
        "noise_ratio": by_channel / by_element,
    }


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """The first training losses of the first two seeds with the masks of channel dropout at one half."""
    seeds = settings.seeds[:2]
    data = split(seeds, settings.train_images, settings.test_images)
    with side_by_side.repeatable(seed=0):
        network = make_network(len(seeds), settings.channels, "channel", 0.5)
        side_by_side.seed_weights(network, seeds)
        epochs = -(-steps * settings.batch_size // settings.train_images)
        history = side_by_side.fit(
            network,
            data,
            learning_rate=settings.learning_rate,
            batch_size=settings.batch_size,
            epochs=epochs,
            seed=0,
        )
    return {"losses": [round(loss, 7) for step in history[:steps] for loss in step]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
