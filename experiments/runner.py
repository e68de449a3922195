"""Run every experiment whose record is missing or stale: `make experiments [PRESET=] [JOBS=] [LAUNCHER=] [DEVICE=]`.

A stale record is replayed first, and re-certified where its probe and the rehearsal of its kind agree with what was
recorded (`vouching.py`); only the others are run anew. Runs are resumable: what was finished is a record, what was
interrupted goes on from its last epoch.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pooch
import torch
import typer
from filelock import FileLock
from rich.console import Console

from experiments import PRESETS, registry
from experiments.devices import VARIABLE, training_device
from experiments.display import Display
from experiments.launchers import Launcher, LocalLauncher, Pending, SubmititLauncher, send
from experiments.vouching import certify, current, made_with, renew, stored_record
from writeup.errors import WriteupError
from writeup.records.store import Record, stale_sources

ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """One run of one experiment."""

    kind: str
    settings: Any

    @property
    def label(self) -> str:
        return f"{self.kind}/{self.settings.name}"


def wanted(preset: str, root: Path, kinds: Mapping[str, Any]) -> tuple[list[Job], int]:
    """The runs that are still missing, the most important first, and how many are finished."""
    missing, finished = [], 0
    for kind, experiment in kinds.items():
        records = current(kind, root)
        planned = [Job(kind, settings) for settings in experiment.plan(preset, records)]
        undone = [job for job in planned if not _done(job, records.get(job.settings.name))]
        missing += undone
        finished += len(planned) - len(undone)
    return missing, finished


def _done(job: Job, record: Record | None) -> bool:
    return record is not None and made_with(record, job.settings)


def perform(job: Job, root: Path) -> None:
    """Do one run in this process, unless its record can be re-certified or another process saw to it while we waited.

    One thread: two runs side by side outpace two threads in one, and the last digits depend on the number of threads.
    """
    torch.set_num_threads(1)
    lock = Path(pooch.os_cache("writeup")) / "locks" / f"{job.kind}-{job.settings.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        record = stored_record(job.kind, job.settings.name, root)
        if record is not None and _done(job, record):
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
        registry()[job.kind].run(job.settings, root, lambda fraction, text: send(job.label, fraction, text))


def complete(preset: str, root: Path, launcher: Launcher, display: Display, kinds: Mapping[str, Any]) -> None:
    """Send off what is wanted and ask again after every finished run, until nothing is missing.

    Raises the first failure of a run after the others under way have ended.
    """
    running: dict[Pending, Job] = {}
    failure: Exception | None = None
    missing, finished = wanted(preset, root, kinds)
    while True:
        free = [job for job in missing if job not in running.values()] if failure is None else []
        free = free[: max(0, launcher.room(len(running)))]
        if free:
            with launcher.batch():
                sent = [(launcher.submit(perform, job, root), job) for job in free]
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
                display.ended(job.label)
            except Exception as error:  # whatever a run raised is shown with its name
                failure = failure or WriteupError(f"run {job.label} failed: {type(error).__name__}: {error}")
        if ended:
            missing, finished = wanted(preset, root, kinds)
        display.show([job.label for job in running.values()], finished, len(missing))
        time.sleep(POLL_SECONDS)
    if failure:
        raise failure


def main(
    preset: Annotated[str, typer.Option(help="quick, cpu or full")] = "cpu",
    jobs: Annotated[int, typer.Option(min=1, help="runs side by side")] = 1,
    launcher: Annotated[str, typer.Option(help="local; slurm; submitit-local, which tries slurm's way here")] = "local",
    device: Annotated[str, typer.Option(help="cpu or cuda, for the language models", envvar=VARIABLE)] = "cpu",
    kind: Annotated[str, typer.Option(help="only this kind of experiment")] = "",
    root: Annotated[Path, typer.Option(help="project whose experiments/results is filled")] = ROOT,
) -> None:
    """Run the experiments whose records are missing or stale."""
    console = Console()
    try:
        kinds = registry()
        if preset not in PRESETS:
            raise WriteupError(f"preset is {preset!r}; legal are {', '.join(PRESETS)}")
        if kind and kind not in kinds:
            raise WriteupError(f"kind is {kind!r}; legal are {', '.join(kinds)}")
        if launcher not in ("local", "slurm", "submitit-local"):
            raise WriteupError(f"launcher is {launcher!r}; legal are local, slurm, submitit-local")
        os.environ[VARIABLE] = device
        if launcher != "slurm":  # the cluster's cards are not this machine's; its jobs look for themselves
            training_device()
        chosen = {kind: kinds[kind]} if kind else kinds
        sent: Launcher
        if launcher == "local":
            sent = LocalLauncher(jobs)
        else:
            folder = Path(pooch.os_cache("writeup")) / "jobs"
            cluster = "slurm" if launcher == "slurm" else "local"
            sent = SubmititLauncher(jobs, folder, cluster, cards=int(device == "cuda"))
        with Display(console) as display:
            try:
                complete(preset, root, sent, display, chosen)
            finally:
                sent.stop()
        for one in chosen:
            renew(one, root)
        missing, finished = wanted(preset, root, chosen)
        console.print(f"experiments ({preset}): {finished} records are current, {len(missing)} missing")
    except WriteupError as error:
        console.print(f"experiments: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        console.print("experiments: stopped; call again to go on from the last finished epoch of every run")
        raise typer.Exit(130) from None


if __name__ == "__main__":
    typer.run(main)
