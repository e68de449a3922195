"""The first door: the course's own notebooks, as the student has them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from writeup.errors import WriteupError
from writeup.notebook.cells import Part, check, left_to_do, notebook_of
from writeup.notebook.kernel import kernel_for
from writeup.text.escape import markdown_escape

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
         ".webp": "image/webp", ".bmp": "image/bmp", ".svg": "image/svg+xml"}  # fmt: skip
LARGEST = 200_000_000  # bytes of a notebook
_PICTURE = re.compile(
    r"(?P<before>!\[[^\]]*\]\(\s*)(?:<(?P<angle>[^>\n]+)>|(?P<path>[^)\s<>]+(?: [^)\s<>\"']+)*))"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*(?P<after>\))"
    r"|(?P<tag><img\b[^>]*?\bsrc\s*=\s*)(?P<quote>[\"'])(?P<source>[^\"'>]+)(?P=quote)"
    r"|(?P<label>^ {0,3}\[[^\]]+\]:\s*)(?P<target>\S+)",
    re.MULTILINE,
)


def read_notebook(path: Path) -> Part:
    """A notebook from disk, in the current format, tidied where Jupyter would not mind; nothing of it runs.

    Raises `WriteupError` where it is none, where a cell is left to do, or where no kernel speaks its language.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise WriteupError(f"notebook {path}: has {path.stat().st_size:,} bytes; at most {LARGEST:,} are read")
        read = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise WriteupError(f"notebook {path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise WriteupError(f"notebook {path}: not a Jupyter notebook (no JSON: {said})") from error
    notes: list[str] = []
    try:
        notebook = _current(_tidied(_whole(read), path.name, notes))
    except Exception as error:  # nbformat lets its own and attribute errors through
        raise WriteupError(f"notebook {path}: not a Jupyter notebook ({type(error).__name__}: {error})") from error
    if not notebook.cells:
        raise WriteupError(f"notebook {path}: has no cell; at least one is needed")
    for number, cell in enumerate(notebook.cells, start=1):
        if left_to_do(cell.source):
            raise WriteupError(f"notebook {path.name}, cell {number} is still to do:\n{cell.source}")
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        notes.append(f"{path.name} has no code cell")
    kernel, note = kernel_for(path.name, notebook.metadata)
    spec = {**(notebook.metadata.get("kernelspec") or {}), "name": kernel}
    made = notebook_of(notebook.cells, {"display_name": kernel, **{key: str(value) for key, value in spec.items()}})
    return Part(path.name, made, path.resolve().parent, notes=(*notes, *filter(None, [note])))


def _whole(value: Any) -> Any:
    """Without halves of surrogate pairs, which no file can hold."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {_whole(key): _whole(item) for key, item in value.items()} if isinstance(value, dict) else value


def _tidied(read: Any, name: str, notes: list[str]) -> Any:
    """What every cell must have and some programs leave out."""
    if not isinstance(read, dict):
        raise ValueError(f"it holds a {type(read).__name__}")
    if read.get("nbformat") != 4:
        return read
    if not isinstance(read.get("cells"), list) or not all(isinstance(cell, dict) for cell in read["cells"]):
        raise ValueError("it has no list of cells")
    if not isinstance(read.get("metadata"), dict):
        read["metadata"] = {}
    for number, cell in enumerate(read["cells"], start=1):
        cell["metadata"] = cell["metadata"] if isinstance(cell.get("metadata"), dict) else {}
        source = cell.get("source", "")
        cell["source"] = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
        if cell.get("cell_type") not in ("code", "markdown", "raw"):
            notes.append(f"{name}, cell {number} is of the unknown type {str(cell.get('cell_type'))[:40]!r}: shown raw")
            cell["cell_type"] = "raw"
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None  # it is run anew
            cell.pop("attachments", None)
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
        if "attachments" in cell and not isinstance(cell["attachments"], dict):
            del cell["attachments"]
        cell.pop("id", None)
    return read


def _current(read: Any) -> NotebookNode:
    version = (int(read["nbformat"]), int(read.get("nbformat_minor", 0)))
    if version[0] == 4:
        read["nbformat_minor"] = 5
        return nbformat.from_dict(read)
    return nbformat.convert(nbformat.reader.reads(json.dumps(read)), 4)


def merge(
    executed: Sequence[tuple[Part, NotebookNode]], title: str, identity_title: str
) -> tuple[NotebookNode, list[str]]:
    """One notebook of several, each under a heading with its name, and of each cell where it was; all are checked."""
    cells, places = [new_markdown_cell(f"# {title}\n\n{markdown_escape(identity_title)}")], ["the title"]
    for part, notebook in executed:
        check(part.name, notebook)
        if len(executed) > 1:
            cells.append(new_markdown_cell(f"# {markdown_escape(Path(part.name).stem)}"))
            places.append(f"the heading of {part.name}")
        cells += [_with_pictures(cell, part.folder) for cell in notebook.cells]
        places += [f"{part.name}, cell {number}" for number in range(1, len(notebook.cells) + 1)]
    first = executed[0][1]
    merged = notebook_of(cells, first.metadata.get("kernelspec"))
    merged.metadata.update({k: v for k, v in first.metadata.items() if k != "kernelspec"})
    return merged, places


def _with_pictures(cell: NotebookNode, folder: Path | None) -> NotebookNode:
    """The cell with the picture files that its Markdown shows attached, so that the merged notebook stands alone.

    A file is attached by the name of its content: two folders may each have a fig.png.
    """
    if cell.cell_type != "markdown" or folder is None:
        return cell
    cell = nbformat.from_dict(cell)

    def attach(match: re.Match[str]) -> str:
        named = next(match[kind] for kind in ("angle", "path", "source", "target") if match[kind] is not None)
        name = named if named.startswith("attachment:") else _attached(cell, folder, unquote(named))
        if name is None:
            return match[0]
        if match["tag"]:
            return f"{match['tag']}{match['quote']}{name}{match['quote']}"
        if match["label"]:
            return f"{match['label']}{name}"
        return f"{match['before']}{re.sub(' ', '%20', name)}{match['after']}"

    cell.source = _PICTURE.sub(attach, cell.source)
    return cell


def _attached(cell: NotebookNode, folder: Path, named: str) -> str | None:
    """The name by which the file is attached to the cell; None for what is no picture in the notebook's folder."""
    try:
        file = (folder / named).resolve()
        kind = KINDS.get(file.suffix.lower())
        if kind is None or not file.is_relative_to(folder) or not file.is_file() or file.stat().st_size > 20_000_000:
            return None
        content = file.read_bytes()
    except (OSError, ValueError):  # what is no path at all
        return None
    name = f"picture-{hashlib.sha256(content).hexdigest()[:16]}{file.suffix.lower()}"
    data = content.decode("utf-8", "replace") if kind == "image/svg+xml" else base64.b64encode(content).decode()
    cell.setdefault("attachments", {})[name] = {kind: data}
    return f"attachment:{name}"
