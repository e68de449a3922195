"""Copies of a process end with it."""

import signal
import subprocess
import sys
import time

import pytest

from tests.processes import is_alive, these_sources

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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a task is finished first")
def test_copies_of_copies_end_when_the_first_process_is_killed(tmp_path):
    first = subprocess.Popen([sys.executable, "-c", NESTED], cwd=tmp_path, env=these_sources())
    told = tmp_path / "inner"
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    inner = int(told.read_text())
    assert is_alive(inner)
    first.send_signal(signal.SIGKILL)
    first.wait()
    while is_alive(inner) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(inner)
