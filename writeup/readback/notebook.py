"""The notebook and its PDF read back: what its cells say and print, and whether its code is the code that ran.

Numbers in program text are code: they are no results, and cell by cell the source is the one that the build assembled
from the project's modules, since a cell's id is a digest of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from writeup.pages.pdf import text_of
from writeup.readback.pdf import Piece, on_the_line, set_numbers
from writeup.text.numerals import spelled, unscripted

Cell = Mapping[str, Any]


def cells_of(ipynb: bytes) -> list[Cell]:
    return list(json.loads(ipynb)["cells"])


def read_cells(cells: list[Cell]) -> dict[str, list[str]]:
    """The numbers of the words of each Markdown cell, and of what each code cell printed, by cell id."""
    return {
        cell["id"]: spelled(_joined(cell["source"]) if cell["cell_type"] == "markdown" else printed)
        for cell in cells
        if (printed := _printed(cell)).strip() or cell["cell_type"] == "markdown"
    }


def changed_cells(cells: list[Cell]) -> Iterator[str]:
    """The ids of code cells whose source is not the one that the id is a digest of."""
    for cell in cells:
        digest = hashlib.sha256(f"{cell['cell_type']}\n{_joined(cell['source'])}".encode()).hexdigest()[:12]
        if cell["cell_type"] == "code" and cell["id"].split("-")[1] != digest:
            yield cell["id"]


def code_numbers(cells: list[Cell]) -> int:
    """How many numbers the program text holds, with the cells' own."""
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return sum(len(spelled(f"{cell['execution_count']} {_joined(cell['source'])}")) for cell in code)


def pieces_of_notebook(cells: list[Cell]) -> tuple[Piece, list[Piece]]:
    """What the PDF prints under its title: the cells in order, and their pictures."""
    texts: list[str] = []
    pictures: list[Piece] = []
    for cell in cells:
        source = _joined(cell["source"])
        if cell["cell_type"] == "markdown":
            texts.append(on_the_line(source))
            continue
        texts += [f"{cell['execution_count']} {unscripted(source)}", unscripted(_printed(cell))]
        for output in cell["outputs"]:
            if picture := output.get("data", {}).get("application/pdf"):
                pages = text_of(base64.b64decode(_joined(picture)))
                pictures.append(Piece(f"picture {len(pictures) + 1}", set_numbers("\n".join(pages))))
    return Piece("the cells", set_numbers("\n".join(texts))), pictures


def _printed(cell: Cell) -> str:
    """What a code cell printed, beside its pictures."""
    shown = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if not any(kind.startswith(("image/", "application/pdf")) for kind in data):
            shown.append(_joined(output.get("text", data.get("text/plain", ""))))
    return "".join(shown)


def _joined(text: str | list[str]) -> str:
    """Notebooks keep a text whole or as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)
