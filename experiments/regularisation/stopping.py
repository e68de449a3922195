"""The plain network on partly mislabelled digits, stopped where its loss on the test images is lowest.

What dropout is ahead of it at the end, it is ahead of a network that has overfitted. So every seed's network of
`overfitting` is trained once to the end, to see where its test loss is lowest, and once more to that pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments import Report
from experiments.regularisation import overfitting
from experiments.regularisation.overfitting import MISLABELLED
from experiments.regularisation.saving import restore, save_run
from writeup.records.store import Record

KIND = "stopping"
MODULES = ("stopping", *overfitting.MODULES)


@dataclass(frozen=True)
class Settings:
    """What else is set is that of `overfitting.MISLABELLED`."""

    seeds: tuple[int, ...] = MISLABELLED.seeds
    epochs: int = MISLABELLED.epochs

    @property
    def name(self) -> str:
        return f"{self.epochs}-passes-{len(self.seeds)}-seeds"


def measure(settings: Settings, report: Report) -> dict[str, list[float]]:
    """Seed by seed: the pass of the lowest test loss, that loss, and the test accuracy there."""
    found: dict[str, list[float]] = {"pass": [], "test_loss": [], "test_accuracy": []}
    for number, seed in enumerate(settings.seeds):
        report(number / len(settings.seeds), f"seed {seed}")
        stop = lowest(settings, seed)
        made = trained(seed, stop)
        for name, value in (("pass", stop), *((name, made[name]) for name in ("test_loss", "test_accuracy"))):
            found[name].append(value)
    return found


def trained(seed: int, epochs: int) -> dict[str, Any]:
    return overfitting.train(replace(MISLABELLED, epochs=epochs), seed, 0.0, *MISLABELLED.rates)[1]


def lowest(settings: Settings, seed: int) -> int:
    """The pass of the lowest loss on the test images, of those at which the curve has a point."""
    return int(min(trained(seed, settings.epochs)["along"], key=lambda point: point[-1])[0])


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [Settings((0, 1), 40)] if preset == "quick" else [Settings()]


def run(settings: Settings, root: Path, report: Report) -> Record:
    return save_run(root, KIND, settings, lambda: measure(settings, report), probe(settings), MODULES)


def probe(settings: Settings) -> dict[str, list[float]]:
    """The losses of the first seed's first forty passes."""
    return {"losses": [loss for _, *losses in trained(settings.seeds[0], 40)["along"] for loss in losses]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(Settings, record))
