"""The notebook: assembled from a template and the assignment's own modules, executed in a fresh kernel, checked.

Two doors. Where the student names notebooks, those are executed and merged. Otherwise the assignment's template
`templates/notebook/part_two.md.j2` is the notebook: Markdown whose fenced `python` blocks are its code cells, and in
which `<< source("module", "name", ...) >>` stands for the source text of functions in `answers/part_two/`.

Executing is slow, so its outputs are kept in a cache under a digest of the code cells and of what they can read. Words
are no part of the digest: a changed name or sentence executes nothing.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from writeup.claims import WriteupError
from writeup.escape import markdown_escape
from writeup.notebook_latex import Exported, export_latex, without_ansi
from writeup.records import Records, write_whole
from writeup.render import template_environment

MODULES = Path("answers/part_two")
TEMPLATE = Path("templates/notebook/part_two.md.j2")
CODE_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CELL_SECONDS = 1800  # far above what a cell needs: a busy machine must not fail a build
FIXED_DATE = "1585713540"  # 2020-03-31, the day the homework was due: figures carry a date, and it must not vary
PACKAGES = ("torch", "numpy", "matplotlib", "ipykernel", "ipython", "nbclient")

Progress = Callable[[str, int, int], None]  # what is running, cell number, number of cells


@dataclass(frozen=True)
class Part:
    """One notebook to execute: its name in errors, its cells, the folder it may read (none: an empty one)."""

    name: str
    notebook: NotebookNode
    folder: Path | None = None


@dataclass(frozen=True)
class NotebookResult:
    """The executed notebook, its TeX with the pictures that this includes, and the numbers printed at its end."""

    ipynb: str
    tex: str
    attachments: Mapping[str, bytes]
    measured: Mapping[str, Any]


def build_notebook(
    root: Path, *, identity_title: str, notebooks: Sequence[Path], cache: Path, progress: Progress
) -> NotebookResult | None:
    """Assemble, execute where needed, check and export; None where the assignment has no notebook at all.

    Raises `WriteupError` naming notebook and cell when a cell fails, is left to do, or prints a number that the
    assignment's own check (`answers/part_two/claims.py`, `verify_outputs`) refuses.
    """
    if notebooks:
        parts = [read_notebook(path) for path in notebooks]
        executed = merge([(part, execute(part, cache, progress)) for part in parts], identity_title)
        measured: Mapping[str, Any] = {}
    elif (root / TEMPLATE).is_file():
        records = Records(root)
        part = assemble(root, identity_title, records)
        executed = execute(part, cache, progress)
        measured = measured_in(executed)
        _assignment_module(root).verify_outputs(measured, records)
    else:
        return None
    exported: Exported = export_latex(executed, identity_title, root / "templates")
    return NotebookResult(nbformat.writes(executed) + "\n", exported.tex, exported.attachments, measured)


# -- our own notebook -------------------------------------------------------------------------------------------------


def assemble(root: Path, identity_title: str, records: Records) -> Part:
    """The template, filled in and cut into cells."""
    environment = template_environment(root)
    environment.filters["python"] = repr
    text = environment.get_template(TEMPLATE.relative_to("templates").as_posix()).render(
        identity=markdown_escape(identity_title),
        inputs=_assignment_module(root).notebook_inputs(records),
        source=lambda module, *names: source(root / MODULES / f"{module}.py", *names),
    )
    cells: list[NotebookNode] = []
    for number, piece in enumerate(CODE_BLOCK.split(text)):
        if number % 2:
            cells.append(new_code_cell(piece.strip()))
        elif piece.strip():
            cells.append(new_markdown_cell(piece.strip()))
    return Part("the notebook", _notebook(cells))


def source(path: Path, *names: str) -> str:
    """The text of the named top-level functions, classes and constants of a module, as it stands in the file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        defined = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else _assigned(node)
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        for name in defined:
            found[name] = "\n".join(lines[first - 1 : node.end_lineno])
    for name in names:
        if name not in found:
            raise WriteupError(f"{TEMPLATE} asks for the source of {name!r}; {path} defines {', '.join(found)}")
    return "\n\n\n".join(dict.fromkeys(found[name] for name in names))


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _assignment_module(root: Path) -> Any:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))  # the assignment is found by its folder, not installed
    return importlib.import_module("answers.part_two.claims")


def measured_in(notebook: NotebookNode) -> dict[str, Any]:
    """The JSON object that the last code cell printed."""
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    printed = "".join(output.get("text", "") for output in last.outputs)
    try:
        return dict(json.loads(printed))
    except (ValueError, TypeError) as error:
        raise WriteupError(f"the notebook's last cell must print its numbers as one JSON object: {error}") from error


# -- notebooks of the student -----------------------------------------------------------------------------------------


def read_notebook(path: Path) -> Part:
    """A notebook from disk, in the current format; raises `WriteupError` where it is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise WriteupError(f"notebook {path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # nbformat lets json's, its own and attribute errors through
        raise WriteupError(f"notebook {path}: not a Jupyter notebook ({type(error).__name__}: {error})") from error
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        raise WriteupError(f"notebook {path}: has no code cell; Part 2 needs at least one")
    return Part(path.name, _notebook(notebook.cells, notebook.metadata.get("kernelspec")), path.resolve().parent)


def merge(executed: Sequence[tuple[Part, NotebookNode]], identity_title: str) -> NotebookNode:
    """One notebook of several, each under a heading with its name; each is checked first."""
    cells = [new_markdown_cell(f"# Part 2: PyTorch\n\n{markdown_escape(identity_title)}")]
    for part, notebook in executed:
        check(part.name, notebook)
        if len(executed) > 1:
            cells.append(new_markdown_cell(f"# {markdown_escape(Path(part.name).stem)}"))
        cells += [_with_pictures(cell, part.folder) for cell in notebook.cells]
    first = executed[0][1]
    merged = _notebook(cells, first.metadata.get("kernelspec"))
    merged.metadata.update({k: v for k, v in first.metadata.items() if k != "kernelspec"})
    return merged


def check(name: str, notebook: NotebookNode) -> None:
    """Raise `WriteupError` for an error output, a cell left to do, or cells that did not run in order."""
    last = 0
    for number, cell in enumerate(notebook.cells, start=1):
        if left_to_do(cell.source):
            raise WriteupError(f"notebook {name}, cell {number} is still to do:\n{cell.source}")
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                raise WriteupError(f"notebook {name}, cell {number} ends in {output.ename}: {output.evalue}")
        if (cell.execution_count or 0) <= last:
            raise WriteupError(
                f"notebook {name}, cell {number}: execution count {cell.execution_count} after {last}; "
                "cells must have run once each, from top to bottom"
            )
        last = cell.execution_count


def left_to_do(text: str) -> bool:
    """Whether a cell says TODO and, beside comments and placeholders, nothing else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    placeholder = re.compile(r"#.*|pass|\.\.\.|raise NotImplementedError.*|[*_`]*TODO\b.*")
    return any("TODO" in line for line in lines) and all(placeholder.fullmatch(line) for line in lines)


def _with_pictures(cell: NotebookNode, folder: Path | None) -> NotebookNode:
    """The cell with the picture files that its Markdown shows attached, so that the merged notebook stands alone."""
    if cell.cell_type != "markdown" or folder is None:
        return cell
    kinds = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
    cell = nbformat.from_dict(cell)

    def attach(match: re.Match[str]) -> str:
        file = (folder / match["path"]).resolve()
        if not file.is_file() or not file.is_relative_to(folder) or file.suffix.lower() not in kinds:
            return match[0]
        encoded = base64.b64encode(file.read_bytes()).decode()
        cell.setdefault("attachments", {})[file.name] = {kinds[file.suffix.lower()]: encoded}
        return f"![{match['alt'] or ''}](attachment:{file.name})"

    cell.source = re.sub(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)\s]+)\)", attach, cell.source)
    return cell


# -- executing --------------------------------------------------------------------------------------------------------


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
        except (CellTimeoutError, DeadKernelError) as error:
            raise WriteupError(f"{part.name} did not finish (at most {CELL_SECONDS} s a cell): {error}") from error
    return notebook


def _digest(part: Part) -> str:
    """Over the code, the versions that run it, and name, size and time of each file beside the student's notebook."""
    folder = part.folder
    beside = (
        sorted(
            (path.relative_to(folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
            for path in folder.rglob("*")
            if path.is_file() and path.suffix != ".ipynb" and ".ipynb_checkpoints" not in path.parts
        )
        if folder
        else []
    )
    code = [cell.source for cell in part.notebook.cells if cell.cell_type == "code"]
    versions = {name: _version(name) for name in PACKAGES}
    everything = [code, part.notebook.metadata.kernelspec.name, platform.python_version(), versions, beside, FIXED_DATE]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:20]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _notebook(cells: Sequence[NotebookNode], kernelspec: Mapping[str, str] | None = None) -> NotebookNode:
    """A notebook of these cells, each with an id that follows from its content and so stays where the content stays."""
    seen: dict[str, int] = {}
    made = []
    for cell in cells:
        cell = nbformat.from_dict(cell)
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = f"{cell.cell_type}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
        made.append(cell)
    chosen = dict(kernelspec or {"display_name": "Python 3", "language": "python", "name": "python3"})
    return new_notebook(cells=made, metadata={"kernelspec": chosen})
