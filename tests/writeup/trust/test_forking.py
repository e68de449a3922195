"""Copies of a process end with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NESTED = """
import os, time
from writeup.trust.forking import run_forked

def inner():
    print(os.getpid(), file=open("inner", "w"), flush=True)
    time.sleep(600)

def outer():
    list(run_forked(1, [("inner", inner)]))

list(run_forked(1, [("outer", outer)]))
"""


def running(process):
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a task is finished first")
def test_copies_of_copies_end_when_the_first_process_is_killed(tmp_path):
    first = subprocess.Popen([sys.executable, "-c", NESTED], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    told = tmp_path / "inner"
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    inner = int(told.read_text())
    assert running(inner)
    first.send_signal(signal.SIGKILL)
    first.wait()
    while running(inner) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(inner)
