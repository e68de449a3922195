"""A fully connected network on few, on many, and on partly mislabelled digits, with and without dropout.

Every seed is a study of its own: its images, initial weights, masks and order of batches, and, for each probability of
dropping, the learning rate with the highest final accuracy on its own validation images. Test images decide nothing.
On the mislabelled digits one rate serves both arms: their curves are shown, not compared at their best.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import CLASSES, SIZE, split
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "overfitting"
MODULES = ("overfitting", "digits", "side_by_side", "saving")
SIGNIFICANT = 5


@dataclass(frozen=True)
class Settings:
    """`mislabelled` of the training images get a wrong label; those for validation and test keep theirs.

    `probabilities` of dropping hold for both hidden layers. `masks` thinned networks are averaged in the end.
    """

    train_images: int = 100
    validation_images: int = 297
    test_images: int = 500
    mislabelled: int = 0
    seeds: tuple[int, ...] = tuple(range(16))
    probabilities: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.9)
    rates: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3)
    hidden: int = 128
    batch_size: int = 25
    epochs: int = 200
    momentum: float = 0.9
    curve_every: int = 10
    masks: int = 200

    @property
    def name(self) -> str:
        return f"{self.train_images}-images-{self.mislabelled}-mislabelled-{len(self.seeds)}-seeds"


FEW = Settings()
MANY = Settings(train_images=1000, seeds=tuple(range(8)), batch_size=50, epochs=40, curve_every=2)
MISLABELLED = Settings(
    train_images=200,
    mislabelled=40,
    probabilities=(0.0, 0.5),
    rates=(0.003,),
    batch_size=50,
    epochs=600,
    curve_every=20,
)
QUICK = Settings(seeds=(0, 1), probabilities=(0.0, 0.5), rates=(0.03,), epochs=4, curve_every=2, masks=5)


@dataclass(frozen=True)
class Digits:
    """Images (examples, 64) and labels (examples,) of one seed."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def digits(settings: Settings, seed: int) -> Digits:
    """The first of the seed's training images are the mislabelled ones: any other class, all equally likely."""
    n = settings.train_images
    drawn = split((seed,), n + settings.validation_images, settings.test_images)
    images, labels = drawn.train_images[:, 0].flatten(1), drawn.train_labels[:, 0]
    wrong = torch.randint(1, CLASSES, (settings.mislabelled,), generator=torch.Generator().manual_seed(seed))
    given = labels[:n].clone()
    given[: len(wrong)] = (given[: len(wrong)] + wrong) % CLASSES
    test = drawn.test_images[:, 0].flatten(1), drawn.test_labels[:, 0]
    return Digits((images[:n], given), (images[n:], labels[n:]), test)


def make_network(hidden: int, p: float) -> nn.Sequential:
    """Two hidden layers with ReLU, dropout after each."""
    return nn.Sequential(
        nn.Linear(SIZE * SIZE, hidden),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(p),
        nn.Linear(hidden, CLASSES),
    )


@torch.no_grad()
def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Loss in nats and accuracy in evaluation mode; the network is left in it."""
    scores = network.eval()(images)
    return float(F.cross_entropy(scores, labels)), float((scores.argmax(1) == labels).double().mean())


def train(settings: Settings, seed: int, p: float, rate: float) -> tuple[nn.Sequential, dict[str, Any]]:
    """One network, its losses and accuracies in the end, and its losses along training, in evaluation mode."""
    data = digits(settings, seed)
    images, labels = data.train
    along = []
    with side_by_side.repeatable(seed):
        network = make_network(settings.hidden, p)
        order = torch.Generator().manual_seed(seed)
        optimiser = torch.optim.SGD(network.parameters(), rate, settings.momentum)
        for epoch in range(1, settings.epochs + 1):
            network.train()
            for batch in side_by_side.batches(len(images), settings.batch_size, order):
                loss = F.cross_entropy(network(images[batch]), labels[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            if epoch % settings.curve_every == 0:
                along.append([epoch, *(rounded(evaluate(network, *part)[0]) for part in (data.train, data.test))])
        final: dict[str, Any] = {"rate": rate, "along": along}
        for part in ("train", "validation", "test"):
            nats, accuracy = evaluate(network, *getattr(data, part))
            final |= {f"{part}_loss": rounded(nats), f"{part}_accuracy": rounded(accuracy)}
    return network, final


@torch.no_grad()
def averaged(settings: Settings, seed: int, network: nn.Sequential) -> dict[str, float]:
    """The network in one pass against the average of the probabilities of its sampled thinned networks, on the test
    images: accuracy of the average, share of images with the same class, mean total variation distance."""
    images, labels = digits(settings, seed).test
    whole = network.eval()(images).softmax(1)
    with side_by_side.repeatable(seed):
        network.train()
        mean = torch.stack([network(images).softmax(1) for _ in range(settings.masks)]).mean(0)
    return {
        "averaged_accuracy": rounded(float((mean.argmax(1) == labels).double().mean())),
        "agreement": rounded(float((mean.argmax(1) == whole.argmax(1)).double().mean())),
        "distance": rounded(float((mean - whole).abs().sum(1).mean() / 2)),
    }


def study(settings: Settings, seed: int, p: float) -> dict[str, Any]:
    """Every learning rate is tried; what is kept is the run with the highest accuracy on the validation images, of
    equally good ones that with the lowest loss there. `tried` has that accuracy for every rate."""
    tried = [train(settings, seed, p, rate) for rate in settings.rates]
    network, best = max(tried, key=lambda made: (made[1]["validation_accuracy"], -made[1]["validation_loss"]))
    return best | {"tried": [one["validation_accuracy"] for _, one in tried]} | averaged(settings, seed, network)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By probability ("0.5"): each measure of `study`, seed by seed."""
    arms: dict[str, Any] = {}
    for p in settings.probabilities:
        found: list[dict[str, Any]] = []
        for seed in settings.seeds:
            done = len(arms) + len(found) / len(settings.seeds)
            report(done / len(settings.probabilities), f"p = {p:g}, seed {seed}")
            found.append(study(settings, seed, p))
        arms[f"{p:g}"] = {name: [one[name] for one in found] for name in found[0]}
    return arms


def rounded(value: float) -> float:
    """To significant digits, for a record that stays small."""
    return float(f"{value:.{SIGNIFICANT}g}")


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK] if preset == "quick" else [FEW, MANY, MISLABELLED]


def run(settings: Settings, root: Path, report: Report) -> Record:
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def probe(settings: Settings, steps: int = 20) -> dict[str, list[float]]:
    """Training losses, test loss after some twenty steps and what masks average to, of the first seed at one half."""
    few = settings.train_images // settings.batch_size
    epochs = -(-steps // few)
    short = replace(settings, epochs=epochs, curve_every=1, masks=5)
    network, made = train(short, settings.seeds[0], 0.5, settings.rates[0])
    return {
        "losses": [loss for _, *losses in made["along"] for loss in losses],
        "averaged": list(averaged(short, settings.seeds[0], network).values()),
    }


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
