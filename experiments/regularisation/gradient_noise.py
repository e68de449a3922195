"""How far the gradient of a random mini-batch lies from the full gradient, against the size of the batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from experiments import Report
from experiments.regularisation import batch_size as networks
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import all_digits
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "gradient_noise"
MODULES = ("gradient_noise", "batch_size", "digits", "side_by_side", "saving")


@dataclass(frozen=True)
class Settings:
    """`draws` batches of every size, with and without replacement, at the initial weights of every seed."""

    images: int = 1024
    seeds: tuple[int, ...] = tuple(range(20))
    batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768)
    draws: int = 400
    channels: int = 4

    @property
    def name(self) -> str:
        return f"{self.images}-images-{len(self.seeds)}-seeds"


QUICK = Settings(seeds=(0, 1), images=128, batch_sizes=(1, 8, 64), draws=50)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Save what `measure_seed` finds, seed by seed."""

    def measure() -> dict[str, Any]:
        by_seed: list[dict[str, Any]] = []
        for seed in settings.seeds:
            report(len(by_seed) / len(settings.seeds), f"gradient noise, seed {seed}")
            by_seed.append(measure_seed(settings, seed))
        return {name: [found[name] for found in by_seed] for name in by_seed[0]}

    return save_run(root, KIND, settings, measure, probe(settings), MODULES)


def sample_gradients(settings: Settings, seed: int) -> Tensor:
    """The gradient of every example's loss, (images, parameters), at the seed's initial weights."""
    network = networks.make_network(1, settings.channels)
    side_by_side.seed_weights(network, [seed])
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    order = torch.randperm(len(all_digits()[0]), generator=torch.Generator().manual_seed(seed))[: settings.images]
    images, labels = (values[order] for values in all_digits())

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        scores = functional_call(network, weights, (image[None, None],)).flatten(1)  # (1, classes)
        return F.cross_entropy(scores, label[None])

    gradients = vmap(grad(loss), (None, 0, 0))(parameters, images, labels)
    return torch.cat([g.flatten(1) for g in gradients.values()], dim=1)


def measure_seed(settings: Settings, seed: int) -> dict[str, Any]:
    """Mean squared distance of the batch gradient from the full one, per batch size, for both ways of drawing.

    `one_sample` is the same for a batch of one, by its definition: the mean over all examples.
    """
    with side_by_side.repeatable(seed):
        gradients = sample_gradients(settings, seed)
        centred = gradients - gradients.mean(0)
        found: dict[str, Any] = {"one_sample": round(float(centred.square().sum(1).mean()), 6)}
        for way in ("with_replacement", "without_replacement"):
            found[way] = []
            for size in settings.batch_sizes:
                weights = _draw(settings, size, way == "with_replacement")  # (draws, images)
                distance = (weights @ centred / size).square().sum(1).mean()
                found[way].append(float(f"{float(distance):.6g}"))
    return found


def _draw(settings: Settings, size: int, replacement: bool) -> Tensor:
    """How often each image stands in each of `draws` random batches of `size`: (draws, images), row sums are `size`."""
    counts = torch.zeros(settings.draws, settings.images)
    uniform = torch.ones(settings.draws, settings.images)
    chosen = torch.multinomial(uniform, size, replacement=replacement)  # (draws, size)
    return counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=counts.dtype))


def probe(settings: Settings) -> dict[str, list[float]]:
    """The one-sample variance of the first two seeds: it depends on data, weights and gradients, not on the draws."""
    sizes = []
    for seed in settings.seeds[:2]:
        gradients = sample_gradients(settings, seed)
        sizes.append(round(float((gradients - gradients.mean(0)).square().sum(1).mean()), 5))
    return {"one_sample": sizes}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
