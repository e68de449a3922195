"""The notebook's two echo tasks over several seeds: accuracy by delay, and what the state remembers."""

import base64
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from experiments import Report
from experiments.part_two.echo import Echo, accuracy, remembered, train_echo
from writeup.records.store import Record, save

KIND = "echo"
SOURCES = tuple(f"experiments/part_two/{name}.py" for name in ("echo", "echo_trials"))
PROBE_STEPS = 20
LONGEST_LAG = 12


@dataclass(frozen=True)
class Settings:
    """Delays are uniform in min_delay..max_delay; training takes `steps` steps."""

    min_delay: int
    max_delay: int
    steps: int
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)

    @property
    def name(self) -> str:
        return f"delays{self.min_delay}-{self.max_delay}-steps{self.steps}-{len(self.seeds)}-seeds"

    @property
    def delays(self) -> range:
        return range(self.min_delay, self.max_delay + 1)


FIXED, VARIABLE = Settings(6, 6, 600), Settings(0, 8, 1200)


def plan(preset: str, finished: Mapping[str, Record]) -> list[Settings]:  # noqa: ARG001  # the plan needs no results
    return [Settings(1, 1, 20, seeds=(0, 1))] if preset == "quick" else [FIXED, VARIABLE]


def run(settings: Settings, root: Path, report: Report) -> Record:
    """Train once a seed; save each seed's share of right echoes and of bits read from the state, by delay.

    `weights` are the first seed's, for a later reader to run the trained network without training.
    """
    start = time.perf_counter()
    curves: dict[str, Any] = {"accuracy": [], "remembered": [], "losses": []}
    for number, seed in enumerate(settings.seeds):
        report(number / len(settings.seeds), f"echo of {settings.min_delay} to {settings.max_delay}, seed {seed}")
        model, losses = train_echo(settings.min_delay, settings.max_delay, seed, steps=settings.steps)
        if number == 0:
            curves["weights"] = packed(model)
        curves["accuracy"].append([round(accuracy(model, delay), 6) for delay in settings.delays])
        curves["remembered"].append(probed(model, settings, seed))
        curves["losses"].append([round(loss, 4) for loss in losses[::10]])
    return save(
        root,
        kind=KIND,
        name=settings.name,
        settings=asdict(settings),
        seeds=settings.seeds,
        metrics={},
        curves=curves,
        timing={"seconds": round(time.perf_counter() - start, 2)},
        probe=probe(settings),
        sources=SOURCES,
    )


def probed(model: Echo, settings: Settings, seed: int) -> list[list[float]]:
    """The bits read from the state, by delay and lag, on sequences that each seed draws for itself."""
    return [remembered(model, delay, LONGEST_LAG, seed=54321 + seed) for delay in settings.delays]


def packed(model: nn.Module) -> str:
    """The parameters in order, as little-endian 32-bit floats in base 64."""
    flat = torch.nn.utils.parameters_to_vector(model.parameters())
    return base64.b64encode(flat.detach().numpy().astype("<f4").tobytes()).decode()


def unpacked(record: Record) -> Echo:
    """The network that the record's first seed trained."""
    settings = restore(record)
    model = Echo(alphabet=2, max_delay=settings.max_delay, hidden=64)
    flat = np.frombuffer(base64.b64decode(record.curves["weights"]), dtype="<f4").copy()
    torch.nn.utils.vector_to_parameters(torch.from_numpy(flat), model.parameters())
    return model


def restore(record: Record) -> Settings:
    """The settings that a record was made with; JSON turned their tuple into a list."""
    return Settings(**{**record.settings, "seeds": tuple(record.settings["seeds"])})


def probe(settings: Settings) -> dict[str, list[float]]:
    """The first losses of a short training: the schedule follows its length."""
    _, losses = train_echo(settings.min_delay, settings.max_delay, settings.seeds[0], steps=PROBE_STEPS)
    return {"losses": [round(loss, 6) for loss in losses]}


def replay(record: Record) -> dict[str, list[float]]:
    """The record's probe, repeated here with its settings."""
    return probe(restore(record))
