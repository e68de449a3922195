"""Runs a notebook from top to bottom in a fresh kernel.

Executing is slow, so its outputs are kept in a cache under a digest of the code cells and of what they can read. Words
are no part of the digest: a changed name or sentence executes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from writeup.errors import WriteupError
from writeup.notebook.cells import Part
from writeup.records.store import write_whole
from writeup.text.characters import without_ansi

CELL_SECONDS = 1800  # far above what a cell needs: a busy machine must not fail a build
FIXED_DATE = "1585713540"  # 2020-03-31, the day the homework was due: figures carry a date, and it must not vary
PACKAGES = ("torch", "numpy", "matplotlib", "ipykernel", "ipython", "nbclient")

Progress = Callable[[str, int, int], None]  # what is running, cell number, number of cells


def execute(part: Part, cache: Path, progress: Progress) -> NotebookNode:
    """The notebook with outputs: from the cache where its code and what it reads are as they were, else from a run."""
    kept = cache / f"{_digest(part)}.ipynb"
    if kept.is_file():
        outputs = nbformat.read(kept, as_version=4)
    else:
        outputs = _run(part, progress)
        # a run may write files into its own folder; the digest that counts is the one the next build will see
        write_whole(cache / f"{_digest(part)}.ipynb", nbformat.writes(outputs))
    executed = nbformat.from_dict(part.notebook)
    executed.metadata.update(outputs.metadata)
    ran = iter(cell for cell in outputs.cells if cell.cell_type == "code")
    for cell in executed.cells:
        if cell.cell_type == "code":
            done = next(ran)
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return executed


def _run(part: Part, progress: Progress) -> NotebookNode:
    notebook = nbformat.from_dict(part.notebook)
    # the first import on a machine prints that it builds its font cache: let that happen outside of the cells
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], capture_output=True, check=False)
    number_of = {cell.id: number for number, cell in enumerate(notebook.cells, start=1)}
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name=notebook.metadata.kernelspec.name,
            resources={"metadata": {"path": str(part.folder or empty)}},
            extra_arguments=["--log-level=ERROR"],  # the kernel's own advice is not for whoever builds a writeup
            record_timing=False,  # times of day would make every build a different file
            coalesce_streams=True,  # how a stream is cut into messages depends on the machine's load
            on_cell_start=lambda cell, cell_index: progress(part.name, cell_index + 1, len(notebook.cells)),  # noqa: ARG005 (nbclient calls it by these names)
        )
        environment = {**os.environ, "SOURCE_DATE_EPOCH": FIXED_DATE, "PYTHONHASHSEED": "0", "IPYTHONDIR": empty}
        environment.pop("PYTHONPATH", None)
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            failed = next(
                cell for cell in notebook.cells if any(o.output_type == "error" for o in cell.get("outputs", []))
            )
            traceback = without_ansi("\n".join(failed.outputs[-1].traceback))
            raise WriteupError(
                f"{part.name}, cell {number_of[failed.id]} failed with {error.ename}: {error.evalue}\n"
                f"--- code\n{failed.source}\n--- traceback\n{traceback}"
            ) from error
        except (CellTimeoutError, DeadKernelError, AssertionError) as error:  # nbclient asserts that it has a kernel
            why = str(error) or "the kernel was lost; on an overloaded machine another try may help"
            raise WriteupError(f"{part.name} did not finish (at most {CELL_SECONDS} s a cell): {why}") from error
    return notebook


def _digest(part: Part) -> str:
    """Over the code, the versions that run it, and name, size and time of each file that it may read."""
    read = [_files(folder) for folder in (part.folder, part.data)]
    code = [cell.source for cell in part.notebook.cells if cell.cell_type == "code"]
    versions = {name: _version(name) for name in PACKAGES}
    everything = [code, part.notebook.metadata.kernelspec.name, platform.python_version(), versions, read, FIXED_DATE]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:20]


def _files(folder: Path | None) -> list[tuple[str, int, int]]:
    """The files of a folder beside notebooks."""
    return sorted(
        (path.relative_to(folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in (folder.rglob("*") if folder else ())
        if folder and path.is_file() and path.suffix != ".ipynb" and ".ipynb_checkpoints" not in path.parts
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
