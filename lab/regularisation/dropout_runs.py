"""The recorded runs with and without dropout: how they are read."""

from __future__ import annotations

import torch

from experiments.regularisation import learning_rates, side_by_side
from experiments.regularisation.overfitting import Settings
from writeup.estimators import differences
from writeup.records.store import Record


def measured(record: Record, p: float, measure: str) -> list[float]:
    """Seed by seed; accuracies in per cent."""
    values: list[float] = record.curves[f"{p:g}"][measure]
    return [100 * v for v in values] if measure in ("train_accuracy", "test_accuracy", "agreement") else values


def dealt(settings: Settings | learning_rates.Settings) -> int:
    """Images in the first batch."""
    order = torch.Generator().manual_seed(0)
    return len(next(iter(side_by_side.batches(settings.train_images, settings.batch_size, order))))


def last_pass(record: Record) -> int:
    """At which training ends, by the curves."""
    return int(record.curves["0"]["along"][0][-1][0])


def halfway(record: Record, p: float) -> list[float]:
    """Test loss in the middle of training, seed by seed."""
    middle = record.settings["epochs"] / 2
    return [next(test for passes, _, test in run if passes == middle) for run in record.curves[f"{p:g}"]["along"]]


def changes(record: Record, severe: float) -> dict[float, list[float]]:
    """Change of test accuracy by probability of dropping, seed by seed, below the severe one."""
    dropped = [p for p in record.settings["probabilities"] if 0 < p < severe]
    return {p: differences(*accuracies(record, p)) for p in dropped}


def accuracies(record: Record, p: float = 0.5) -> tuple[list[float], list[float]]:
    """Test accuracy without dropout and with it."""
    return measured(record, 0.0, "test_accuracy"), measured(record, p, "test_accuracy")
