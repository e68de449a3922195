"""Estimates pi from random points, at several sizes and seeds; one record holds all estimates."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from writeup.records.store import Record, save

KIND = "circle"


@dataclass(frozen=True)
class Settings:
    """All that decides the result."""

    sizes: tuple[int, ...] = (100, 1_000, 10_000, 100_000)
    seeds: tuple[int, ...] = tuple(range(60))

    @property
    def name(self) -> str:
        return "four_sizes"


def plan(_preset: str, _finished: Mapping[str, Record]) -> list[Settings]:
    return [Settings()]


def estimate(seed: int, size: int) -> float:
    """Four times the share of the points that lie inside the quarter circle."""
    x, y = np.random.default_rng(seed).random((2, size))
    return float(4 * np.mean(x**2 + y**2 < 1))


def run(settings: Settings, root: Path, report: Callable[[float, str], None]) -> Record:
    start = time.perf_counter()
    estimates = []
    for done, seed in enumerate(settings.seeds, 1):
        estimates.append([estimate(seed, size) for size in settings.sizes])
        report(done / len(settings.seeds), f"seed {seed}")
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=settings.seeds,
        metrics={},
        curves={"estimates": estimates},
        timing={"seconds": time.perf_counter() - start},
        probe={"first": estimates[0]},
        sources=["experiments/circle.py"],
    )


def replay(record: Record) -> dict[str, Any]:
    """The probe again: when this file changes, it tells whether the record still stands."""
    return {"first": [estimate(record.seeds[0], size) for size in record.settings["sizes"]]}
