"""Run every experiment whose record is missing or stale: `make experiments`, `writeup experiments --help`.

A stale record is replayed first, and re-certified where its probe and the rehearsal of its kind agree with what was
recorded (`vouching.py`); only the others are run anew. Runs are resumable: what was finished is a record, what was
interrupted goes on from its last epoch.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pooch
from filelock import FileLock, Timeout
from rich.console import Console

from writeup.errors import WriteupError, near
from writeup.experiments import COST, DEVICE, PRESETS
from writeup.experiments.display import Display, Job
from writeup.experiments.launchers import Launcher, LocalLauncher, Pending, SubmititLauncher, send
from writeup.experiments.registry import Registry, registry
from writeup.experiments.vouching import certify, current, made_with, renew, stored_record
from writeup.records.store import Record, stale_sources

LAUNCHERS = ("local", "slurm", "submitit-local")
POLL_SECONDS = 0.2


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def planned(preset: str, root: Path, kinds: Sequence[str]) -> Iterator[tuple[Job, bool]]:
    """Every run that is known to be wanted, the most important of each kind first, and whether it is finished."""
    for kind in kinds:
        experiment, records = registry(root).experiment(kind), current(kind, root)
        for settings in experiment.plan(preset, records):
            if _done(settings, records.get(settings.name)):
                yield Job(kind, settings), True
            else:
                cost = getattr(experiment, "cost", lambda _: COST)(settings)
                begun = getattr(experiment, "begun", lambda _: 0.0)(settings)
                yield Job(kind, settings, cost, begun), False


def wanted(preset: str, root: Path, kinds: Sequence[str]) -> tuple[list[Job], int]:
    """The runs that are still missing, the most important first, and how many are finished."""
    runs = list(planned(preset, root, kinds))
    missing = [job for job, done in runs if not done]
    return missing, len(runs) - len(missing)


def _done(settings: Any, record: Record | None) -> bool:
    return record is not None and made_with(record, settings)


def _lock(job: Job) -> FileLock:
    """Held by the process that does the run."""
    path = Path(pooch.os_cache("writeup")) / "locks" / f"{job.kind}-{job.settings.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def states(preset: str, root: Path, kind: str = "") -> Iterator[tuple[str, str]]:
    """Every run that is known to be wanted, and how it stands: finished, running, begun, stale or missing."""
    for job, finished in planned(preset, root, chosen_kinds(registry(root), preset, kind)):
        said = "finished" if finished else _state(job, root)
        epochs = getattr(job.settings, "epochs", 0)
        if job.begun and not finished:
            kept = f"{round(job.begun * epochs)} of {epochs} epochs" if epochs else f"{job.begun:.0%}"
            said += f", {kept} kept"
        yield job.label, said


def _state(job: Job, root: Path) -> str:
    try:
        with _lock(job).acquire(timeout=0):
            stale = stored_record(job.kind, job.settings.name, root) is not None
            return "stale" if stale else "begun" if job.begun else "missing"
    except Timeout:
        return "running"


def perform(job: Job, root: Path) -> None:
    """Do one run here, unless its record can be re-certified or another process saw to it while we waited."""
    experiments = registry(root)
    experiments.prepare()
    with _lock(job):
        record = stored_record(job.kind, job.settings.name, root)
        if record is not None and _done(job.settings, record):
            if not (changed := stale_sources(record, root)):
                return
            send(job.label, 0.0, f"{', '.join(Path(name).name for name in changed)} changed: replay of the probe")
            try:
                certify(record, root)
            except WriteupError as error:
                send(job.label, 0.0, f"run anew: {error}")
            else:
                send(job.label, 1.0, "re-certified by a replay of its probe")
                return
        experiments.experiment(job.kind).run(job.settings, root, lambda fraction, text: send(job.label, fraction, text))


def next_jobs(missing: Sequence[Job], running: Sequence[Job], room: int, alone: frozenset[str]) -> list[Job]:
    """What to send off now: as many as there is room for; of the kinds `alone` one, and only beside nothing."""
    if any(job.kind in alone for job in running):
        return []
    free = [job for job in missing if job not in running]
    together = [job for job in free if job.kind not in alone]
    if not together and not running:
        return free[: min(1, room)]
    return together[: max(0, room)]


def complete(preset: str, root: Path, launcher: Launcher, display: Display, kinds: Sequence[str]) -> None:
    """Send off what is wanted and ask again after every finished run, until nothing is missing.

    Raises the first failure of a run after the others under way have ended.
    """
    running: dict[Pending, Job] = {}
    failure: Exception | None = None
    alone = registry(root).alone if launcher.shares_machine else frozenset()
    missing, finished = wanted(preset, root, kinds)
    display.show(missing, finished)
    while True:
        under_way = list(running.values())
        jobs = next_jobs(missing, under_way, launcher.room(len(running)), alone) if failure is None else []
        if jobs:
            with launcher.batch():
                sent = [(launcher.submit(perform, job, root), job) for job in jobs]
            for job in jobs:
                display.begin(job)
            running |= dict(sent)
        if not running:
            break
        for label, fraction, text in launcher.messages():
            display.tell(label, fraction, text)
        ended = [pending for pending in running if pending.done()]
        for pending in ended:
            job = running.pop(pending)
            try:
                pending.result()
                display.end(job)
            except Exception as error:  # whatever a run raised is shown with its name
                display.end(job, failed=True)
                failure = failure or WriteupError(f"run {job.label} failed: {type(error).__name__}: {error}")
        if ended:
            missing, finished = wanted(preset, root, kinds)
        display.show(missing, finished)
        time.sleep(POLL_SECONDS)
    if failure:
        raise failure


def run_missing(root: Path, preset: str, jobs: int, launcher: str, device: str, kind: str, console: Console) -> None:
    """Run the experiments whose records are missing or stale, `jobs` side by side (0: one a core)."""
    experiments = registry(root)
    kinds = chosen_kinds(experiments, preset, kind)
    if launcher not in LAUNCHERS:
        raise WriteupError(f"launcher is {launcher!r}; legal are {', '.join(LAUNCHERS)}")
    os.environ[DEVICE] = device
    if launcher != "slurm":  # the cluster's cards are not this machine's; its jobs look for themselves
        experiments.prepare()
    missing, _ = wanted(preset, root, kinds)
    for job in missing:
        experiments.require(job.settings)
    sent: Launcher
    if launcher == "local":
        sent = LocalLauncher(jobs or cores())
    else:
        folder = Path(pooch.os_cache("writeup")) / "jobs"
        cluster = "slurm" if launcher == "slurm" else "local"
        sent = SubmititLauncher(jobs or cores(), folder, cluster, cards=int(device == "cuda"))
    with Display(console) as display:
        try:
            complete(preset, root, sent, display, kinds)
        finally:
            sent.stop()
    for one in kinds:
        renew(one, root)
    missing, finished = wanted(preset, root, kinds)
    console.print(f"experiments ({preset}): {finished} records are current, {len(missing)} missing")


def run_one(root: Path, name: str, device: str) -> str:
    """Do the run that is called `name`, or KIND/NAME, in this process; returns what became of it."""
    os.environ[DEVICE] = device
    kinds = chosen_kinds(registry(root), PRESETS[0], "")
    runs = {job.label: (job, done) for preset in PRESETS for job, done in planned(preset, root, kinds)}
    found = [label for label in runs if name in (label, label.partition("/")[2])]
    if len(found) != 1:
        allowed = f"; give one of {', '.join(found)}" if found else near(name, runs)
        raise WriteupError(f"{len(found)} runs are called {name!r}{allowed}; `writeup experiments --status` lists them")
    job, done = runs[found[0]]
    if done:
        return f"{job.label}: its record is current"
    registry(root).require(job.settings)
    perform(job, root)
    renew(job.kind, root)
    return f"{job.label}: {'finished' if stored_record(job.kind, job.settings.name, root) else 'left no record'}"


def chosen_kinds(experiments: Registry, preset: str, kind: str) -> list[str]:
    """All kinds, or the one that is asked for; raises `WriteupError` for what does not exist."""
    if not experiments.kinds:
        raise WriteupError(
            "this assignment has no experiments: its assignment.toml names no package of them (`experiments`)"
        )
    if preset not in PRESETS:
        raise WriteupError(f"preset is {preset!r}; legal are {', '.join(PRESETS)}")
    if kind and kind not in experiments.kinds:
        raise WriteupError(f"kind is {kind!r}; legal are {', '.join(experiments.kinds)}")
    return [kind] if kind else list(experiments.kinds)
