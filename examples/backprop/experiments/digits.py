"""Trains a small network on scikit-learn's digits at three learning rates, each with the same seeds; one record."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from writeup.records.store import Record, save

KIND = "digits"


@dataclass(frozen=True)
class Settings:
    """All that decides the result."""

    rates: tuple[float, ...] = (0.03, 0.3, 3.0)
    seeds: tuple[int, ...] = tuple(range(10))
    sizes: tuple[int, ...] = (64, 32, 10)
    epochs: int = 5
    batch: int = 32
    test: int = 597  # images; the other 1,200 are trained on

    @property
    def name(self) -> str:
        return "three_rates"


def plan(_preset: str, _finished: Mapping[str, Record]) -> list[Settings]:
    return [Settings()]


def network(sizes: Sequence[int]) -> nn.Sequential:
    """A multilayer perceptron with one hidden layer."""
    inputs, hidden, classes = sizes
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, classes)).double()


@cache
def images() -> tuple[torch.Tensor, torch.Tensor]:
    """All digits in one fixed random order, pixels from 0 to 1: (1797, 64) and (1797,)."""
    digits = load_digits()
    order = torch.randperm(len(digits.target), generator=torch.Generator().manual_seed(0))
    return torch.tensor(digits.data)[order] / 16, torch.tensor(digits.target)[order]


def train(settings: Settings, rate: float, seed: int) -> float:
    """Per cent of the test images that are told wrong after training; the seed draws weights and order."""
    torch.set_num_threads(1)
    x, y = images()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = network(settings.sizes)
        step = torch.optim.SGD(model.parameters(), lr=rate)
        for _ in range(settings.epochs):
            for batch in torch.randperm(len(x) - settings.test).split(settings.batch):
                step.zero_grad()
                cross_entropy(model(x[batch]), y[batch]).backward()
                step.step()
    wrong = model(x[-settings.test :]).argmax(1) != y[-settings.test :]
    return 100 * wrong.double().mean().item()


def run(settings: Settings, root: Path, report: Callable[[float, str], None]) -> Record:
    start = time.perf_counter()
    errors: list[list[float]] = []
    for done, rate in enumerate(settings.rates, 1):
        errors.append([train(settings, rate, seed) for seed in settings.seeds])
        report(done / len(settings.rates), f"rate {rate}")
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=settings.seeds,
        metrics={},
        curves={"errors": errors},
        timing={"seconds": time.perf_counter() - start},
        probe={"first": [row[0] for row in errors]},
        sources=["experiments/digits.py"],
    )


def replay(record: Record) -> dict[str, Any]:
    """The first seed at each rate again: when this file changes, it tells whether the record still stands."""
    settings = Settings(**{key: tuple(it) if isinstance(it, list) else it for key, it in record.settings.items()})
    return {"first": [train(settings, rate, record.seeds[0]) for rate in settings.rates]}
