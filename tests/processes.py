"""Processes that a test starts, and what becomes of them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil

from tests.places import ROOT


def these_sources():
    """The environment of a process that imports what is tested here."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def writeup(*arguments, cwd=ROOT, **options):
    """The program in a process of its own: its exit status and what it said."""
    command = [sys.executable, "-m", "writeup", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=these_sources(), capture_output=True, text=True, check=False, **options)


def heed_interrupts():
    """A suite that a shell runs in the background is deaf to SIGINT, and what it starts would be, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_alive(pid):
    """Whether a process is there and has not ended."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
