"""Tasks in forked copies of a warm process, each with a limit of its own."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from writeup.mutants.effect import Outcome

MEMORY = 4 << 30  # bytes that a task may ask for beyond what the process has
Task = Callable[[], Outcome]


def run_forked(jobs: int, tasks: Mapping[str, Task], report: Callable[[str, Outcome], None]) -> None:
    """Run each task in a forked copy of this process, `jobs` at a time; a copy that dies says `timeout` or `broke`."""
    gc.freeze()  # or the collector touches, and so copies, every page in every copy
    context = multiprocessing.get_context("fork")  # the copy must be warm; torch runs one thread here, so it may fork
    waiting = list(tasks.items())[::-1]
    running: dict[Any, tuple[str, ForkProcess]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name, task = waiting.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_in_copy, args=(task, sender), daemon=True)
            process.start()
            sender.close()
            running[receiver] = name, process
        for ready in connection.wait(list(running)):
            name, process = running.pop(ready)
            report(name, _received(ready, process))


def _received(ready: Any, process: ForkProcess) -> Outcome:
    try:
        outcome: Outcome = ready.recv()
    except EOFError:
        process.join()
        ended = -(process.exitcode or 0)
        return Outcome("timeout" if ended == signal.SIGXCPU else "broke", reason=f"ended by signal {ended}")
    process.join()
    return outcome


def _in_copy(task: Task, sender: Any) -> None:
    silence()
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    sender.send(task())
    sender.close()


def silence() -> None:
    """Libraries print (torch's profiler does, from C++); what a task has to say it returns."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def limit(seconds: float) -> None:
    """End this process (SIGXCPU) once it has used so many more seconds of its processor, however loaded that is."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, resource.RLIM_INFINITY))
