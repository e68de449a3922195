"""Runs a notebook from top to bottom in a fresh kernel, with the rights of whoever builds.

It runs in a copy of its folder, so that no cell changes what lies there, with the folder's neighbours beside the copy.
Executing is slow, so what came out is kept (`store.py`) under a digest of the code cells and of what they can read.
Words are no part of the digest: a changed name or sentence executes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from writeup.errors import WriteupError
from writeup.notebook.cells import Part
from writeup.notebook.store import Store
from writeup.text.characters import without_ansi

FIXED_DATE = "1585713540"  # 2020-03-31: figures carry a date, and it must not vary
PACKAGES = ("torch", "numpy", "matplotlib", "ipykernel", "ipython", "nbclient")
# What lies in a folder and is none of a notebook's data: our own files, environments, histories.
APART = {"build", ".cache", ".git", ".venv", "venv", "__pycache__", ".ipynb_checkpoints", "node_modules",
         ".pytest_cache", ".ruff_cache", ".mypy_cache", "submission.toml"}  # fmt: skip
COPIED = 100_000_000  # bytes; a larger file is linked, not copied
# Run in a Python kernel before the first cell. Half of a surrogate pair fails where it is printed: the kernel itself
# finds it when it sends the text, and on a busy machine its words come too late to belong to any cell.
STREAMS = """
def checked(stream):
    def write(text, write=stream.write):
        str.encode(text, "utf-8")
        return write(text)
    stream.write = write
checked(__import__("sys").stdout), checked(__import__("sys").stderr)
del checked
"""

Progress = Callable[[str, int, int], None]  # what is running, cell number, number of cells


@dataclass(frozen=True)
class Limits:
    """Seconds that one cell and one whole notebook may take."""

    cell: int = 1800  # far above what a cell needs: a busy machine must not fail a build
    notebook: int = 4 * 3600


def execute(part: Part, cache: Path, progress: Progress, limits: Limits | None = None) -> tuple[NotebookNode, str]:
    """The notebook with outputs, and what there is to say of where they come from.

    They come from the store where its code and what it reads are as they were, else from a run.
    """
    if not any(cell.cell_type == "code" for cell in part.notebook.cells):
        return nbformat.from_dict(part.notebook), ""
    store, digest = Store(cache), _digest(part)
    outputs, said = store.get(digest)
    if outputs is not None:
        said = f"{part.name} was not run again: its code and what it reads are as they were at the run of {said}"
    else:
        said = f"{part.name}: {said}; it was run again" if said else ""
        outputs = _run(part, progress, limits or Limits())
        store.put(digest, outputs)
    executed = nbformat.from_dict(part.notebook)
    executed.metadata.update(outputs.metadata)
    ran = iter(cell for cell in outputs.cells if cell.cell_type == "code")
    for cell in executed.cells:
        if cell.cell_type == "code":
            done = next(ran)
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return executed, said


def kernel_for(name: str, metadata: NotebookNode) -> tuple[str, str]:
    """The kernel that runs a notebook with this metadata, and a note where it is not the one that it names.

    Kernels go by language: the names that conda, Colab and a course's server give mean nothing on another machine.
    """
    spec = metadata.get("kernelspec") or {}
    named = str(spec.get("name") or "")
    language = str(spec.get("language") or (metadata.get("language_info") or {}).get("name") or "python").lower()
    installed = {
        kernel: str(found["spec"].get("language", "")).lower()
        for kernel, found in KernelSpecManager().get_all_specs().items()
    }
    if installed.get(named) == language:
        return named, ""
    usable = sorted((kernel for kernel, its in installed.items() if its == language), key=lambda k: (k != "python3", k))
    if not usable:
        raise WriteupError(
            f"notebook {name} is written in {language[:40]}, and no kernel for it is installed here; "
            f"installed are {', '.join(f'{kernel} ({its})' for kernel, its in sorted(installed.items())) or 'none'}"
        )
    why = f"names the kernel {named!r}, which is not here" if named else "names no kernel"
    return usable[0], f"{name} {why}; it was run with {usable[0]}"


def _run(part: Part, progress: Progress, limits: Limits) -> NotebookNode:
    notebook = nbformat.from_dict(part.notebook)
    # the first import on a machine prints that it builds its font cache: let that happen outside of the cells
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], capture_output=True, check=False)
    at, began = [1], time.monotonic()

    def on_cell(cell: NotebookNode, cell_index: int) -> None:  # noqa: ARG001 (nbclient calls it by these names)
        at[0] = cell_index + 1

    def seconds_left(_cell: NotebookNode) -> int:
        return max(1, round(min(limits.cell, began + limits.notebook - time.monotonic())))

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty, _copied(part.folder) as folder:
        startup = Path(empty, "profile_default", "startup", "streams.py")
        startup.parent.mkdir(parents=True)
        startup.write_text(STREAMS, encoding="utf-8")
        client = NotebookClient(
            notebook,
            timeout_func=seconds_left,
            kernel_name=notebook.metadata.kernelspec.name,
            resources={"metadata": {"path": str(folder or empty)}},
            extra_arguments=["--log-level=ERROR"],  # the kernel's own advice is not for whoever builds a writeup
            record_timing=False,  # times of day would make every build a different file
            on_cell_start=on_cell,
        )
        environment = {**os.environ, "SOURCE_DATE_EPOCH": FIXED_DATE, "PYTHONHASHSEED": "0", "IPYTHONDIR": empty}
        environment.pop("PYTHONPATH", None)
        try:
            _in_a_thread(client, environment, lambda: progress(part.name, at[0], len(notebook.cells)))
        except CellExecutionError as error:
            if error.ename == "UnicodeEncodeError" and "surrogates not allowed" in str(error.evalue):
                raise WriteupError(
                    f"{part.cell(at[0])} prints half of a surrogate pair, which no file can hold"
                ) from error
            failed = notebook.cells[at[0] - 1]
            said: list[str] = next((o.traceback for o in failed.get("outputs", []) if o.output_type == "error"), [])
            traceback = without_ansi("\n".join(said)) or f"{error.ename}: {error.evalue}"
            raise WriteupError(
                f"{part.cell(at[0])} failed with {error.ename}: {error.evalue}\n"
                f"--- code\n{failed.source}\n--- traceback\n{traceback}\n"
                "(a cell that is meant to fail has the tag raises-exception)"
            ) from error
        except CellTimeoutError as error:
            whole = time.monotonic() - began > limits.notebook - 1
            limit = f"{limits.notebook} s for the notebook" if whole else f"{limits.cell} s for a cell"
            raise WriteupError(
                f"{part.cell(at[0])} did not end within the limit of {limit}; "
                "--cell-seconds and --notebook-seconds set other limits (make: CELL_SECONDS=, NOTEBOOK_SECONDS=)"
            ) from error
        except (DeadKernelError, AssertionError) as error:  # nbclient asserts that it has a kernel
            raise WriteupError(
                f"{part.cell(at[0])}: the kernel died, as it does when memory runs out or a cell ends it"
            ) from error
        except RuntimeError as error:
            raise WriteupError(f"{part.name}: the kernel did not start ({error})") from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Streams whole: how one is cut into messages depends on the machine's load. (nbclient's own way takes hours for a
    line of megabytes.)"""
    joined: list[NotebookNode] = []
    for kind, group in groupby(outputs, lambda output: output.get("name") if output.output_type == "stream" else None):
        found = list(group)
        if kind is not None:
            found[0].text, found = "".join(output.text for output in found), found[:1]
        joined += found
    return joined


def _in_a_thread(client: NotebookClient, environment: dict[str, str], tick: Callable[[], None]) -> None:
    """Executes outside of the main thread, whose signals nbclient would take; an interrupt ends the kernel at once.
    Every second there is a tick, however long a cell runs."""
    with ThreadPoolExecutor(1) as pool:
        # what a cell prints comes another way
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = pool.submit(lambda: asyncio.run(client.async_execute(env=environment, **quiet)))
        try:
            while not wait([running], timeout=1).done:
                tick()
            running.result()
        except (KeyboardInterrupt, SystemExit):
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if process is not None:
                process.kill()
            with suppress(Exception):
                running.result(timeout=20)
            raise


@contextmanager
def _copied(folder: Path | None) -> Iterator[Path | None]:
    """A copy of the folder, with links to what lies beside it; gone afterwards with all that the cells wrote."""
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="writeup-", ignore_cleanup_errors=True) as made:
        copy = Path(made) / (folder.name or "folder")
        try:
            shutil.copytree(folder, copy, symlinks=False, ignore=_no_data, copy_function=_copy_file)
            for beside in folder.parent.iterdir():
                if beside != folder and beside.name not in APART:
                    (copy.parent / beside.name).symlink_to(beside)
        except (OSError, shutil.Error) as error:
            raise WriteupError(f"{folder}: cannot be copied for the notebook to run in ({error})"[:500]) from error
        yield copy


def _copy_file(source: str, target: str) -> None:
    if os.path.getsize(source) > COPIED:
        os.symlink(os.path.abspath(source), target)
    else:
        shutil.copy2(source, target)


def _no_data(folder: str, names: list[str]) -> list[str]:
    """The names in a folder that are left behind: also what cannot be copied, as pipes and broken links."""
    paths = {name: Path(folder) / name for name in names}
    return [
        name
        for name, path in paths.items()
        if name in APART or not (path.is_file() or path.is_dir()) or (path / "pyvenv.cfg").exists()
    ]


def _digest(part: Part) -> str:
    """Over the code, the versions that run it, and name, size and time of each file that it may read."""
    code = [(cell.source, cell.metadata.get("tags", [])) for cell in part.notebook.cells if cell.cell_type == "code"]
    versions = {name: _version(name) for name in PACKAGES}
    kernel, files = part.notebook.metadata.kernelspec.name, _files(part.folder)
    everything = [code, kernel, platform.python_version(), versions, files, FIXED_DATE]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:20]


def _files(folder: Path | None) -> list[tuple[str, int, int]]:
    """The files of a folder beside notebooks and what is apart."""
    found: list[tuple[str, int, int]] = []
    for path, folders, names in os.walk(folder) if folder else ():
        apart = {*_no_data(path, folders + names)}
        folders[:] = [name for name in folders if name not in apart]
        for name in names:
            if name not in apart and not name.endswith(".ipynb"):
                stat = os.stat(os.path.join(path, name))
                place = os.path.relpath(os.path.join(path, name), folder)
                found.append((place, stat.st_size, stat.st_mtime_ns))
    return sorted(found)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
