"""Whole runs at tiny sizes whose outcome is kept: they reach what the probe of a long run does not.

A probe is some twenty steps. A change that keeps another epoch's weights, evaluates other words at the end, or trains
another arm of a comparison would pass it. So before a record is re-certified, the quick runs of its kind are done anew
and must come out as `experiments/rehearsals/<kind>.json` has them. That file is renewed only while every record of the
kind is current, so no change can vouch for itself. On another machine than the one that kept it a rehearsal may come
out otherwise by rounding alone; then the runs are done anew, which is the safe side.

`python -m writeup.experiments.rehearsal KIND` prints the outcome.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from writeup.assignment import load_assignment
from writeup.errors import WriteupError
from writeup.experiments import DEVICE
from writeup.experiments.registry import registry
from writeup.records.replay import largest_difference
from writeup.records.store import RESULTS, Record, write_whole

REHEARSALS = RESULTS.parent / "rehearsals"
TIMES = ("seconds", "processor_seconds")  # the curves that no two runs share


def rehearse(kind: str, root: Path) -> dict[str, Any]:
    """Do the quick runs of a kind: {"sources": fingerprints, "outcome": {name: metrics, curves and probe}}."""
    experiment = registry(root).experiment(kind)
    finished: dict[str, Record] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        ignored = shutil.ignore_patterns(RESULTS.name, REHEARSALS.name, "__pycache__")
        package = load_assignment(root).experiments.replace(".", "/")
        shutil.copytree(root / package, project / package, ignore=ignored)
        while missing := [s for s in experiment.plan("quick", finished) if s.name not in finished]:
            finished |= {s.name: experiment.run(s, project, lambda _fraction, _text: None) for s in missing}
    outcome = {
        name: {
            "metrics": record.metrics,
            "curves": {curve: values for curve, values in record.curves.items() if curve not in TIMES},
            "probe": record.probe,
        }
        for name, record in finished.items()
    }
    sources = {name: mark for record in finished.values() for name, mark in record.sources.items()}
    return {"sources": sources, "outcome": outcome}


def fresh(kind: str, root: Path) -> dict[str, Any]:
    """The same in a process of its own with an empty cache, so that nothing from before can play a part in it."""
    command = [sys.executable, "-m", "writeup.experiments.rehearsal", kind]
    with tempfile.TemporaryDirectory() as cached:
        environment = os.environ | {"XDG_CACHE_HOME": cached, DEVICE: "cpu"}  # the device that repeats to the bit
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WriteupError(f"rehearsal of {kind} failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.splitlines()[-1])


@cache
def _once(kind: str, root: Path) -> dict[str, Any]:
    return fresh(kind, root)


def agreed_sources(kind: str, root: Path) -> dict[str, str]:
    """Rehearse once a process; the fingerprints of the sources of which the kind's runs now consist.

    Raises `CheckFailed` where the quick runs come out otherwise than they did, `WriteupError` where none were kept.
    """
    kept = kept_rehearsal(kind, root)
    if kept is None:
        raise WriteupError(f"{REHEARSALS}/{kind}.json does not exist, so there is nothing to rehearse against")
    repeated = _once(kind, root)
    largest_difference(kept["outcome"], repeated["outcome"], f"rehearsal of {kind}")
    return repeated["sources"]


def keep(kind: str, root: Path) -> None:
    """Keep the outcome of the present code; to be called only while every record of the kind is current."""
    write_whole(root / REHEARSALS / f"{kind}.json", json.dumps(fresh(kind, root), indent=1) + "\n")


def kept_rehearsal(kind: str, root: Path) -> dict[str, Any] | None:
    """What is kept of the kind's last rehearsal; None when there is none."""
    path = root / REHEARSALS / f"{kind}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise WriteupError(f"{path} is damaged: {error}; restore it from the repository's history") from error


if __name__ == "__main__":
    registry(Path.cwd()).prepare()
    print(json.dumps(rehearse(sys.argv[1], Path.cwd())))
