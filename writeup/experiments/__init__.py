"""Runs what trains or measures for longer than seconds, and keeps a record of each run.

An assignment names its package of experiments in `answers/assignment.toml`: `experiments = "experiments"`. It, or
packages inside it, list their modules: `MODULES = ("experiments.<package>.<module>", ...)`. One *experiment* is one
module. It defines:

`KIND: str`
    The kind of its records, which is also their folder: `experiments/results/<KIND>/<name>.json`.
`plan(preset, finished) -> list[Settings]`
    The runs that `preset` ("quick", "cpu" or "full") wants, in order of importance. `finished` maps the names of the
    finished records of this kind to their records, so that a plan may depend on results (a tuned learning rate).
    The runner asks again after each run, until nothing in the plan is missing.
`run(settings, root, report) -> Record`
    Does one run, saves its record with `writeup.records.store.save(root, ...)` and returns it; `root` is the
    project's root. `report(fraction, text)` tells the display how far it is, `fraction` in [0, 1].
`replay(record) -> dict`
    Repeats the record's probe with the code and the machine at hand, and returns it in the form of `record.probe`.
    The comparison within a tolerance belongs to the caller.
`cost(settings) -> float`, if it likes
    Roughly how many seconds the run takes on one core, for the estimate of what is left; `COST` where it does not say.
`begun(settings) -> float`, if it likes
    The fraction of the run that a checkpoint holds, from which an interrupted run goes on.

`Settings` is a frozen dataclass of the module's own, whose property `name` is the record's name: the same settings give
the same name, other settings another one. Everything that decides the result is a field of it, the seed included.

The package that lists a module says there which results no probe can vouch for:

`rerun_reason(record) -> str`
    Why the record, once stale, is run anew and never re-certified: it measures times, or its run is chaotic. Empty for
    the others, whose probe and rehearsal are repeated first (`vouching.py`, `rehearsal.py`).

The package that the assignment names may define what holds for all of them:

`prepare() -> None`
    Called in each process before its first run: chooses device and number of threads. `DEVICE` names the variable of
    the environment by which a device is asked for.
`require(settings) -> None`
    Fetches or looks for what the run reads; raises `WriteupError` where it is missing. Called before anything is run.
`ALONE: frozenset[str]`
    Kinds that measure times: nothing else is run beside one of their runs.
`AUDITED: str`
    The kind whose rehearsal an audit repeats: one that comes out alike on every machine.
"""

from collections.abc import Callable
from typing import Protocol

PRESETS = ("quick", "cpu", "full")
DEVICE = "WRITEUP_DEVICE"
COST = 60.0

Report = Callable[[float, str], None]


class Settings(Protocol):
    """What decides a run's result: a frozen dataclass with a name that is unique to its values."""

    @property
    def name(self) -> str: ...
