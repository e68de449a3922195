"""Images a second and memory kept for the backward pass, against the size of the batch."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from experiments import Report
from experiments.regularisation import side_by_side
from experiments.regularisation.normalised import make_network
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "throughput"
MODULES = ("throughput", "normalised", "digits", "side_by_side", "saving")


@dataclass(frozen=True)
class Settings:
    """One model alone; each repetition times every batch size once, so that a busy machine slows all of them alike."""

    batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    repetitions: int = 30
    channels: int = 8
    depth: int = 6
    seeds: tuple[int, ...] = (0,)

    @property
    def name(self) -> str:
        return f"{self.depth}-layers-{self.repetitions}-repetitions"


QUICK = Settings(batch_sizes=(1, 8), repetitions=3)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [QUICK if preset == "quick" else Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Save the seconds of every repetition, and the saved bytes, by batch size."""
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def measure(settings: Settings, report: Report) -> dict[str, Any]:
    """`seconds`: (repetitions, batch sizes) of one training step; `saved_bytes`: per batch size."""
    with side_by_side.repeatable(settings.seeds[0]):
        network, batches = _prepared(settings)
        optimiser = torch.optim.SGD(network.parameters(), 0.01)
        seconds = []
        for repetition in range(settings.repetitions + 1):
            report(repetition / (settings.repetitions + 1), "throughput")
            row = []
            for images, labels in batches:
                start = time.perf_counter()
                optimiser.zero_grad()
                side_by_side.losses(network, images, labels).sum().backward()
                optimiser.step()
                row.append(round(time.perf_counter() - start, 7))
            seconds.append(row)
    # The first repetition pays for torch's choice of kernels.
    return {"seconds": seconds[1:], "saved_bytes": probe(settings)["saved_bytes"]}


def _prepared(settings: Settings) -> tuple[nn.Sequential, list[tuple[Tensor, Tensor]]]:
    network = make_network(1, "batch", settings.channels, settings.depth)
    side_by_side.seed_weights(network, settings.seeds)
    batches = [(torch.rand(size, 1, 8, 8), torch.zeros(size, 1, dtype=torch.int64)) for size in settings.batch_sizes]
    return network, batches


def saved_bytes(network: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Bytes of the distinct storages that autograd keeps between the forward and the backward pass."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = side_by_side.losses(network, images, labels)
    total = sum(kept.values())
    loss.sum().backward()
    return total


def probe(settings: Settings) -> dict[str, list[float]]:
    """The saved bytes, which do not depend on the machine's speed."""
    with side_by_side.repeatable(settings.seeds[0]):
        network, batches = _prepared(settings)
        return {"saved_bytes": [float(saved_bytes(network, images, labels)) for images, labels in batches]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
