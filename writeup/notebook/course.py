"""The first door: the course's own notebooks, as the student has them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from writeup.errors import WriteupError
from writeup.notebook.cells import Part, check, notebook_of
from writeup.text.escape import markdown_escape


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
    return Part(path.name, notebook_of(notebook.cells, notebook.metadata.get("kernelspec")), path.resolve().parent)


def merge(executed: Sequence[tuple[Part, NotebookNode]], identity_title: str) -> NotebookNode:
    """One notebook of several, each under a heading with its name; each is checked first."""
    cells = [new_markdown_cell(f"# Part 2: PyTorch\n\n{markdown_escape(identity_title)}")]
    for part, notebook in executed:
        check(part.name, notebook)
        if len(executed) > 1:
            cells.append(new_markdown_cell(f"# {markdown_escape(Path(part.name).stem)}"))
        cells += [_with_pictures(cell, part.folder) for cell in notebook.cells]
    first = executed[0][1]
    merged = notebook_of(cells, first.metadata.get("kernelspec"))
    merged.metadata.update({k: v for k, v in first.metadata.items() if k != "kernelspec"})
    return merged


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
