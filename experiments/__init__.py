"""Everything that trains or measures, and the models it trains.

One *experiment* is one module. It defines four names:

`KIND: str`
    The kind of its records, which is also their folder: `experiments/results/<KIND>/<name>.json`.
`plan(preset, finished) -> list[Settings]`
    The runs that `preset` ("quick", "cpu" or "full") wants, in order of importance. `finished` maps the names of the
    finished records of this kind to their records, so that a plan may depend on results (a tuned learning rate).
    The runner asks again after each round, until nothing in the plan is missing.
`run(settings, root, report) -> Record`
    Does one run, saves its record with `writeup.records.store.save(root, ...)` and returns it; `root` is the
    project's root.
    `report(fraction, text)` tells the display how far it is, `fraction` in [0, 1]; it may raise `KeyboardInterrupt`.
`replay(record) -> dict`
    Repeats the record's probe with the code and the machine at hand, and returns it in the form of `record.probe`.
    The comparison within a tolerance belongs to the caller.

`Settings` is a frozen dataclass of the module's own, whose property `name` is the record's name: the same settings give
the same name, other settings another one. Everything that decides the result is a field of it, the seed included.

A package of experiments lists its modules: `MODULES = ("experiments.<package>.<module>", ...)` in its `__init__.py`.
There it also says which results no probe can vouch for:

`rerun_reason(record) -> str`
    Why the record, once stale, is run anew and never re-certified: it measures times, or its run is chaotic. Empty for
    the others, whose probe and rehearsal are repeated first (`vouching.py`, `rehearsal.py`).
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from writeup.records.store import DATA, Record

SUMS = Path(__file__).parents[1] / DATA
PRESETS = ("quick", "cpu", "full")

Report = Callable[[float, str], None]


class Settings(Protocol):
    """What decides a run's result: a frozen dataclass with a name that is unique to its values."""

    @property
    def name(self) -> str: ...


class Experiment(Protocol):
    """What a module of experiments offers; see the docstring of this package."""

    KIND: str

    def plan(self, preset: str, finished: Mapping[str, Record]) -> list[Any]: ...

    def run(self, settings: Any, root: Path, report: Report) -> Record: ...

    def replay(self, record: Record) -> dict[str, Any]: ...


def registry() -> dict[str, Any]:
    """All experiments by their kind: the modules that the packages below this one list."""
    experiments: dict[str, Any] = {}
    for package in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.ispkg):
        for name in getattr(importlib.import_module(f"{__name__}.{package}"), "MODULES", ()):
            module = importlib.import_module(name)
            experiments[module.KIND] = module
    return experiments


def rerun_reason(record: Record) -> str:
    """Why no probe can vouch for the record, as its package says; empty when one can. Silence is a reason, too."""
    package = importlib.import_module(registry()[record.kind].__name__.rpartition(".")[0])
    said = getattr(package, "rerun_reason", None)
    return said(record) if said else f"{package.__name__} does not say that its probe can vouch for it"
