"""How far the distribution of a layer's inputs moves in training, with batch norm, without, and with noise behind it.

After Santurkar et al. (2018), "How does batch normalization help optimization?", section 2 and appendix A.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.digits import Split, split
from experiments.regularisation.normalised import make_network
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "moving_inputs"
MODULES = ("moving_inputs", "normalised", "digits", "side_by_side", "saving")


class MovingNoise(nn.Module):
    """Shifts and stretches every activation at random in training; the random distribution changes at every step.

    y = s a + m with m ~ U(mu - 0.1, mu + 0.1), s ~ N(sigma, 0.1), and for every channel and step anew
    mu ~ U(-0.5, 0.5), sigma ~ U(1, 1.25): the noise that Santurkar et al. put behind batch norm to bring distribution
    shift back. Evaluation applies the expectation, y = E[sigma] a.
    """

    def forward(self, activations: Tensor) -> Tensor:
        low, high = 1.0, 1.25
        if not self.training:
            return activations * (low + high) / 2
        channels = (1, activations.shape[1], 1, 1)
        mean = torch.empty(channels).uniform_(-0.5, 0.5)
        scale = torch.empty(channels).uniform_(low, high)
        jitter = torch.empty_like(activations).uniform_(-0.1, 0.1)
        return (scale + 0.1 * torch.randn_like(activations)) * activations + mean + jitter


ARMS: dict[str, tuple[str, type[nn.Module] | None]] = {
    "none": ("none", None),
    "batch": ("batch", None),
    "noisy": ("batch", MovingNoise),
}


@dataclass(frozen=True)
class Settings:
    """`watched` is the ReLU whose input distribution is followed on a fixed batch of test images."""

    train_images: int = 1000
    test_images: int = 200
    seeds: tuple[int, ...] = tuple(range(20))
    arms: tuple[str, ...] = ("none", "batch", "noisy")
    learning_rate: float = 0.1
    channels: int = 8
    depth: int = 6
    watched: int = 4
    batch_size: int = 50
    epochs: int = 5

    @property
    def name(self) -> str:
        return f"{self.depth}-layers-{len(self.seeds)}-seeds-{self.epochs}-epochs"


QUICK = Settings(seeds=(0, 1), train_images=200, epochs=1)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train every arm; save what `train_arm` measures, seed by seed."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """By arm, what `train_arm` returns."""
    data = split(settings.seeds, settings.train_images, settings.test_images)
    arms: dict[str, Any] = {}
    for arm in settings.arms:
        report(len(arms) / len(settings.arms), f"moving inputs: {arm}")
        arms[arm] = train_arm(settings, data, arm)
    return arms


def train_arm(settings: Settings, data: Split, arm: str) -> dict[str, Any]:
    """Per seed the final training loss and the mean shift.

    shift: |mean_t - mean_(t-1)| of the watched layer's inputs per channel, over their standard deviation, averaged.
    """
    models = len(settings.seeds)
    with side_by_side.repeatable(seed=0):
        norm, after_norm = ARMS[arm]
        network = make_network(models, norm, settings.channels, settings.depth, after_norm)
        side_by_side.seed_weights(network, settings.seeds)
        inputs: list[Tensor] = []
        relu = network.get_submodule(f"relu{settings.watched}")
        generator = torch.Generator().manual_seed(0)
        shifts: list[Tensor] = []
        previous: Tensor | None = None
        for _ in range(settings.epochs):
            for batch in side_by_side.batches(settings.train_images, settings.batch_size, generator):
                images, labels = data.train_images[batch], data.train_labels[batch]
                parameters = list(network.parameters())
                gradients = torch.autograd.grad(side_by_side.losses(network, images, labels).sum(), parameters)
                with torch.no_grad():
                    for parameter, gradient in zip(parameters, gradients, strict=True):
                        parameter.sub_(settings.learning_rate * gradient)
                    handle = relu.register_forward_pre_hook(lambda _, received: inputs.append(received[0]))
                    _keeping_statistics(network, data.test_images)
                    handle.remove()
                seen = inputs.pop().unflatten(1, (models, -1))  # (examples, models, channels, height, width)
                mean, deviation = seen.mean((0, 3, 4)), seen.std((0, 3, 4))
                if previous is not None:
                    shifts.append(((mean - previous).abs() / deviation.clamp_min(1e-6)).mean(1))
                previous = mean
        final, _ = side_by_side.evaluate(network, data.train_images, data.train_labels)
    return {"train_loss": side_by_side.rounded(final), "shift": side_by_side.rounded(torch.stack(shifts).mean(0))}


def _keeping_statistics(network: nn.Module, images: Tensor) -> None:
    """A forward pass in training mode that leaves batch norm's running statistics and the random generator alone."""
    state = {name: value.clone() for name, value in network.named_buffers()}
    with torch.random.fork_rng(devices=[]):
        side_by_side.logits(network, images)
    for name, value in network.named_buffers():
        value.copy_(state[name])


def probe(settings: Settings) -> dict[str, dict[str, list[float]]]:
    """By arm, what the first two seeds come to after two updates."""
    short = replace(settings, seeds=settings.seeds[:2], train_images=2 * settings.batch_size, epochs=1)
    data = split(short.seeds, short.train_images, short.test_images)
    return {arm: train_arm(short, data, arm) for arm in short.arms}


def replay(record: Record) -> dict[str, dict[str, list[float]]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
