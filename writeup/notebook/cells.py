"""A notebook's cells: made with ids that stay, and checked once they have run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from writeup.errors import WriteupError

PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Part:
    """One notebook to execute: its name in errors, its cells, the folder that it runs in a copy of, what was noticed
    when it was read, and, of cells that a template has, file and line there."""

    name: str
    notebook: NotebookNode
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    places: Mapping[int, str] = field(default_factory=dict)

    def cell(self, number: int) -> str:
        """How errors call a cell; the first is 1."""
        return f"{self.name}, cell {number}" + (f" ({self.places[number]})" if number in self.places else "")


def notebook_of(cells: Sequence[NotebookNode], kernelspec: Mapping[str, str] | None = None) -> NotebookNode:
    """A notebook of these cells, each with an id that follows from its content and so stays where the content stays."""
    seen: dict[str, int] = {}
    made = []
    for cell in cells:
        cell = nbformat.from_dict(cell)
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = f"{cell.cell_type}-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
        made.append(cell)
    chosen = dict(kernelspec or PYTHON)
    return new_notebook(cells=made, metadata={"kernelspec": chosen})


def check(name: str, notebook: NotebookNode) -> None:
    """Raise `WriteupError` for an error output, a cell left to do, or cells that did not run in order."""
    last = 0
    for number, cell in enumerate(notebook.cells, start=1):
        if left_to_do(cell.source):
            raise WriteupError(f"notebook {name}, cell {number} is still to do:\n{cell.source}")
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or "skip-execution" in tags:
            continue
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags:
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
