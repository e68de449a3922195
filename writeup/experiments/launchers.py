"""Where runs are sent: processes on this machine, or the jobs of a cluster through submitit."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any, Protocol

Message = tuple[str, float, str]  # the run's label, how far it is in [0, 1], a line of text
Work = Callable[..., None]

_messages: "Queue[Message] | None" = None  # set once in each worker process


class Pending(Protocol):
    """A run under way, as concurrent.futures and submitit both offer it."""

    def done(self) -> bool: ...
    def result(self) -> Any: ...


class Launcher(Protocol):
    """Sends runs off and hears of them; `shares_machine` where one run can slow another down."""

    shares_machine: bool

    def room(self, running: int) -> int: ...
    def batch(self) -> AbstractContextManager[Any]: ...
    def submit(self, work: Work, *arguments: Any) -> Pending: ...
    def messages(self) -> list[Message]: ...
    def stop(self) -> None: ...


class LocalLauncher:
    """`jobs` worker processes side by side."""

    shares_machine = True

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        context = multiprocessing.get_context("spawn")
        self.queue: Queue[Message] = context.Queue()
        self.pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_worker, initargs=(self.queue,))

    def room(self, running: int) -> int:
        return self.jobs - running

    def batch(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def submit(self, work: Work, *arguments: Any) -> Pending:
        # Ctrl-C reaches the whole terminal; the launching process decides, and workers are born deaf to it
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return self.pool.submit(work, *arguments)
        finally:
            signal.signal(signal.SIGINT, heard)

    def messages(self) -> list[Message]:
        received = []
        while True:
            try:
                received.append(self.queue.get_nowait())
            except Empty:
                return received

    def stop(self) -> None:
        """End the workers at once; a run's state is replaced in one step after each epoch, so none is damaged."""
        for child in multiprocessing.active_children():
            child.terminate()
        self.pool.shutdown(wait=False, cancel_futures=True)


class SubmititLauncher:
    """Jobs of a Slurm cluster, sent as arrays of which `jobs` run at a time; `cluster` "local" tries it without one.

    Each job asks for so many `cards`.
    """

    def __init__(self, jobs: int, folder: Path, cluster: str, cards: int = 0) -> None:
        import submitit  # only those who launch this way need it

        self.shares_machine = cluster == "local"
        self.executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        self.executor.update_parameters(
            name="experiments",
            timeout_min=240,
            cpus_per_task=1,
            slurm_array_parallelism=jobs,
            **({"gpus_per_node": cards} if cards else {}),
        )
        self.sent: list[Any] = []

    def room(self, running: int) -> int:  # noqa: ARG002 (the queue is the cluster's)
        return 1_000_000

    def batch(self) -> AbstractContextManager[Any]:
        return self.executor.batch()

    def submit(self, work: Work, *arguments: Any) -> Pending:
        self.sent.append(self.executor.submit(work, *arguments))
        return self.sent[-1]

    def messages(self) -> list[Message]:
        return []

    def stop(self) -> None:
        for job in self.sent:
            if not job.done():
                job.cancel()


def send(label: str, fraction: float, text: str) -> None:
    """Tell the launching process how far the run `label` is; without one that listens, do nothing."""
    if _messages is not None:
        _messages.put((label, fraction, text))


def _begin_worker(messages: "Queue[Message]") -> None:
    global _messages
    _messages = messages
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """However the launching process ends, killed included, its workers do not go on by themselves."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
