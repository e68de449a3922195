"""What a waiting person sees: runs under way, how far they are, what is left."""

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text


class Display:
    """A live table on a terminal; one line a finished run elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self.start = time.monotonic()
        self.begun: dict[str, float] = {}
        self.state: dict[str, tuple[float, str]] = {}
        self.done = 0

    def __enter__(self) -> "Display":
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.live:
            self.live.stop()

    def tell(self, label: str, fraction: float, text: str) -> None:
        """A run's own report."""
        self.state[label] = (fraction, text)

    def ended(self, label: str) -> None:
        """A run's record is saved."""
        self.done += 1
        seconds = time.monotonic() - self.begun.get(label, self.start)
        self.console.print(f"{label}: done in {seconds:.0f} s; {self.state.pop(label, (1.0, ''))[1]}", markup=False)

    def show(self, running: list[str], finished: int, missing: int) -> None:
        """Redraw. `missing` counts the runs under way, too."""
        for label in running:
            self.begun.setdefault(label, time.monotonic())
        if not self.live:
            return
        table = Table(box=None, expand=True)
        table.add_column(f"{finished} finished, {missing} to do, {self._left(running, missing)}")
        table.add_column(width=24)
        table.add_column()
        for label in running:
            fraction, text = self.state.get(label, (0.0, "starting"))
            table.add_row(Text(label), ProgressBar(total=1.0, completed=fraction, width=22), Text(text))
        self.live.update(table, refresh=True)

    def _left(self, running: list[str], missing: int) -> str:
        """Time left if the runs to come are like those so far."""
        progress = self.done + sum(self.state.get(label, (0.0, ""))[0] for label in running)
        if progress == 0:
            return "time left unknown"
        left = (time.monotonic() - self.start) / progress * (missing + self.done - progress)
        return f"about {left / 60:.0f} min left"
