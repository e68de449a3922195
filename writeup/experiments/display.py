"""What a waiting person sees: runs under way, how far they are, what is left."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

SECONDS_BETWEEN_LINES = 10  # of one work in a plain log, at first


class Output(Console):
    """A console whose reader may go away (`| head`): that ends what is shown, and neither the work nor its status."""

    def say(self, line: str) -> None:
        """A line as it is, however long."""
        self.print(line, markup=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


@dataclass(frozen=True)
class Job:
    """One run of an experiment. `cost`: seconds on one core, roughly; `begun`: the fraction that a checkpoint holds."""

    kind: str
    settings: Any
    cost: float = field(default=1.0, compare=False)
    begun: float = field(default=0.0, compare=False)

    @property
    def label(self) -> str:
        return f"{self.kind}/{self.settings.name}"


class Sparingly:
    """True where a line of a plain log is due: every ten seconds, and less often the longer the work goes on."""

    def __init__(self) -> None:
        self.start, self.last = float("inf"), float("-inf")

    def __call__(self) -> bool:
        now = time.monotonic()
        self.start = min(self.start, now)  # the first call
        due = now - self.last >= max(SECONDS_BETWEEN_LINES, (now - self.start) / 10)
        self.last = now if due else self.last
        return due


@dataclass
class State:
    """A run under way: since when, from which fraction on, how far, what it said last, when that is printed."""

    start: float
    begun: float
    fraction: float
    text: str = "starting"
    due: Sparingly = field(default_factory=Sparingly)


class Display:
    """A live table on a terminal; elsewhere a line an epoch, or whatever a run reports, and one a finished run."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self.start = time.monotonic()
        self.running: dict[str, State] = {}
        self.missing: list[Job] = []
        self.finished = 0
        self.done = 0.0  # cost of what this call has done, in the runs that ended

    def __enter__(self) -> "Display":
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.live:
            self.live.stop()

    def begin(self, job: Job) -> None:
        """A run was sent off."""
        self.running[job.label] = State(time.monotonic(), job.begun, job.begun)

    def tell(self, label: str, fraction: float, text: str) -> None:
        """A run's own report."""
        state = self.running.get(label)
        if state is None:  # it has ended
            return
        state.fraction, state.text = fraction, text
        if not self.live and state.due():
            self._print(f"{label}: {text}; {self.heading()}")

    def end(self, job: Job, failed: bool = False) -> None:
        """A run's record is saved, or it failed."""
        state = self.running.pop(job.label)
        self.done += job.cost * (1 - state.begun)
        seconds = time.monotonic() - state.start
        said = "failed" if failed else "done"
        self._print(f"{job.label}: {said} in {seconds:.0f} s; {state.text}")

    def show(self, missing: Iterable[Job], finished: int) -> None:
        """Redraw. `missing` holds the runs under way, too."""
        self.missing, self.finished = list(missing), finished
        if not self.live:
            return
        table = Table(box=None, expand=True)
        table.add_column(self.heading())
        table.add_column(width=24)
        table.add_column()
        for label, state in self.running.items():
            table.add_row(Text(label), ProgressBar(total=1.0, completed=state.fraction, width=22), Text(state.text))
        self.live.update(table, refresh=True)

    def _print(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)

    def heading(self) -> str:
        """What is left of all; the time, if cost goes on being worked off as in this call so far."""
        return f"{self.finished} finished, {len(self.missing)} to do, {self._left()}"

    def _left(self) -> str:
        done, left = self.done, 0.0
        for job in self.missing:
            state = self.running.get(job.label)
            fraction = state.fraction if state else job.begun
            done += job.cost * (fraction - state.begun) if state else 0.0
            left += job.cost * (1 - fraction)
        if done <= 0:
            return "time left unknown"
        return f"about {duration((time.monotonic() - self.start) / done * left)} left"


def duration(seconds: float) -> str:
    """In words: 40 s, 12 min, 3 h 20 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
