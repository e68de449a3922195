"""Tasks in forked copies of a warm process: each starts where its parent stands, and none can disturb another."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

PR_SET_PDEATHSIG = 1  # prctl(2)
Name = TypeVar("Name")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Died:
    """What a task ended by that found nothing: a signal, or 0 where it left in another way."""

    signal: int


def run_forked(jobs: int, tasks: Iterable[tuple[Name, Callable[[], Found]]]) -> Iterator[tuple[Name, Found | Died]]:
    """Run each task in a copy of this process, which must have one thread, `jobs` at a time; yields as they end.

    A task is asked for when there is room for it, so what asking for it does is done while others run.
    """
    gc.freeze()  # or the collector touches, and so copies, every page in every copy
    waiting = iter(tasks)
    running: dict[Any, tuple[Name, ForkProcess]] = {}
    try:
        while True:
            for name, task in islice(waiting, jobs - len(running)):
                receiver, process = start(task)
                running[receiver] = name, process
            if not running:
                return
            for ready in connection.wait(list(running)):
                name, process = running.pop(ready)
                yield name, received(ready, process)
    finally:
        for _, process in running.values():
            process.kill()


def start(task: Callable[[], Any]) -> tuple[Any, ForkProcess]:
    """Run a task in a copy of this process; what it finds comes through the connection."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_in_copy, args=(task, sender))
    process.start()
    sender.close()
    return receiver, process


def received(ready: Any, process: ForkProcess) -> Any:
    """What a task has found, or how its process died."""
    try:
        return ready.recv()
    except EOFError:
        process.join()
        return Died(max(0, -(process.exitcode or 0)))


def _in_copy(task: Callable[[], Any], sender: Any) -> None:
    end_with_parent()
    silence()
    sender.send(task())
    sender.close()


def silence() -> None:
    """Libraries print (torch's profiler does, from C++); what a task has to say it returns."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def end_with_parent() -> None:
    """However the parent ends, this process does, too; where the system is not Linux it finishes its task first."""
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent and not parent.is_alive():  # it had ended before this was asked for
        os._exit(1)
