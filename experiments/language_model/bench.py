"""Print how fast training is, in tokens a processor second, on both paths: `make bench`.

The reference is the stock path, which computes what the public example computes; the floor is the time of the decoder's
three matrix products alone. Nothing is saved; the saved measurements are the records of `speed.py`.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from experiments.language_model.run import ROOT
from experiments.language_model.speed import ALL_SOURCES, PATHS, SpeedSettings, run
from writeup.records import Record

SERIES = ("stock_processor", "fast_processor", "products")


def table(record: Record) -> Table:
    """Tokens a second, their ratio, and peak memory."""
    shown = Table(title=f"Training, tokens a processor second; {record.device}, {record.settings['threads']} thread(s)")
    for column in ("setting", "stock", "fast", "fast : stock", "floor", "peak, stock", "peak, fast"):
        shown.add_column(column, justify="left" if column == "setting" else "right")
    for label, curves in record.curves.items():
        stock, fast, products = (median(curves[name]) for name in SERIES)
        tokens = record.metrics[f"{label} stock tokens per processor second"] * stock
        speeds = (f"{tokens / stock:,.0f}", f"{tokens / fast:,.0f}", f"{stock / fast:.2f}", f"{tokens / products:,.0f}")
        shown.add_row(label, *speeds, *(f"{max(curves[f'{path}_bytes']) / 2**20:,.0f} MiB" for path in PATHS))
    return shown


def copy_sources(root: Path) -> None:
    """Put below `root` the sources that a record there takes fingerprints of."""
    for source in ALL_SOURCES:
        path = root / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / source).read_bytes())


def main(
    threads: Annotated[int, typer.Option(min=1)] = 1,
    steps: Annotated[int, typer.Option(min=1, help="measured steps a process")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="processes a setting and path")] = 1,
    variations: Annotated[bool, typer.Option("--variations", help="the study's other settings, too")] = False,
) -> None:
    """Measure and print."""
    console = Console()
    settings = SpeedSettings(variations=variations, steps=steps, rounds=rounds, threads=threads)
    with tempfile.TemporaryDirectory() as folder, console.status("measuring") as status:
        copy_sources(Path(folder))
        record = run(settings, Path(folder), lambda fraction, text: status.update(f"{fraction:4.0%}  {text}"))
    console.print(table(record))


if __name__ == "__main__":
    typer.run(main)
