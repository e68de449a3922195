"""Many small networks trained at once, side by side as the groups of one convolutional network.

Model m owns channels [m C, (m + 1) C) of every layer. Grouped convolutions, batch norm, dropout and ReLU never mix
groups, so each model is trained exactly as it would be alone, with torch.nn's own modules, and twenty seeds cost one
optimiser and one graph.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from experiments.regularisation.digits import CLASSES, Split


def convolution(models: int, inputs: int, outputs: int, kernel_size: int = 3) -> nn.Conv2d:
    """For every model a convolution from `inputs` to `outputs` channels that keeps height and width."""
    return nn.Conv2d(models * inputs, models * outputs, kernel_size, padding=kernel_size // 2, groups=models)


def readout(models: int, channels: int, size: int) -> nn.Conv2d:
    """For every model a linear layer from `channels` maps of `size` x `size` to the classes."""
    return nn.Conv2d(models * channels, models * CLASSES, size, groups=models)


def seed_weights(network: nn.Module, seeds: Sequence[int]) -> None:
    """He-normal weights and zero biases in every convolution; model m draws from a generator seeded with seeds[m]."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            fan_in = layer.weight[0].numel()
            weights = layer.weight.data.view(len(seeds), -1, *layer.weight.shape[1:])
            for weight, generator in zip(weights, generators, strict=True):
                weight.copy_(torch.randn(weight.shape, generator=generator) * math.sqrt(2 / fan_in))
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)


def channels_last(network: nn.Sequential) -> nn.Sequential:
    """The same network with channels innermost in memory, where grouped convolutions of few channels run faster."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs


def compact(tensor: Tensor) -> Tensor:
    """The same values in the memory layout of `channels_last`."""
    return tensor.contiguous(memory_format=torch.channels_last)


def logits(network: nn.Module, images: Tensor) -> Tensor:
    """Class scores (examples, models, classes) for images (examples, models, 8, 8)."""
    return network(compact(images)).reshape(*images.shape[:2], CLASSES)


def losses(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Every model's mean cross-entropy in nats, shape (models,)."""
    scores = logits(network, images)
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape).mean(0)


@torch.no_grad()
def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Every model's loss and accuracy in evaluation mode, each of shape (models,); the mode is put back."""
    training = network.training
    network.eval()
    scores = logits(network, images)
    network.train(training)
    loss = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape).mean(0)
    return loss, (scores.argmax(-1) == labels).float().mean(0)


def batches(examples: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """One epoch: a random order of the examples cut into consecutive batches, the last one maybe smaller."""
    yield from torch.randperm(examples, generator=generator).split(batch_size)


def fit(
    network: nn.Module,
    data: Split,
    *,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
    momentum: float = 0.0,
    after_epoch: Callable[[int], None] = lambda _epoch: None,
) -> list[list[float]]:
    """Plain or heavy-ball SGD; returns the training losses of every step, one list of `models` numbers a step.

    Minimising the sum of the models' losses minimises each alone, since no parameter is shared.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(network.parameters(), learning_rate, momentum)
    history = []
    network.train()
    for epoch in range(epochs):
        for batch in batches(len(data.train_images), batch_size, generator):
            loss = losses(network, data.train_images[batch], data.train_labels[batch])
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
            history.append(loss.detach())
        after_epoch(epoch + 1)
    return torch.stack(history).tolist()


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """One thread, and the global generator (which nn.Dropout draws from) seeded here and restored afterwards.

    Subnormal numbers are flushed to zero, since a fitted network's gradients reach them and then run slowly.
    """
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        try:
            yield
        finally:
            torch.set_flush_denormal(False)
            torch.set_num_threads(threads)


def rounded(values: Tensor, digits: int = 5) -> list[Any]:
    """Nested lists rounded to `digits` places, for a record that stays small; None where a value is not finite."""
    if values.dim() > 1:
        return [rounded(row, digits) for row in values]
    return [round(value, digits) if math.isfinite(value) else None for value in values.tolist()]
