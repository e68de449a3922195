"""An executed notebook as LaTeX, through nbconvert with the template `layouts/index.tex.j2`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbconvert.exporters import LatexExporter
from nbformat import NotebookNode, from_dict
from traitlets.config import Config

from writeup.notebook.markdown import markdown_to_tex
from writeup.text.characters import Characters
from writeup.text.escape import markdown_escape
from writeup.text.listing import code_lines, output_lines

KEPT_PICTURES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
MATHEMATICAL_OUTPUT = re.compile(r"\s*(\$|\\begin\{(equation|align|gather|multline)\*?\})")

LAYOUTS = Path(__file__).with_name("layouts")


@dataclass(frozen=True)
class Exported:
    """The TeX document, and the picture files that it includes by name."""

    tex: str
    attachments: Mapping[str, bytes]


def _printable(output: NotebookNode) -> NotebookNode:
    """A display output with the one representation that the PDF shows."""
    if "data" not in output:
        return output
    data = output.data
    chosen = next((kind for kind in KEPT_PICTURES if kind in data), "text/plain")
    if chosen == "text/plain" and MATHEMATICAL_OUTPUT.match(data.get("text/latex", "")):
        chosen = "text/latex"
    elif chosen == "text/plain" and "text/markdown" in data:
        chosen = "text/markdown"
    shown = data.get(chosen, f"[output of type {', '.join(sorted(data))}: not shown in print]")
    output.data = NotebookNode({chosen: shown})
    return output


def _take_title(cells: list[NotebookNode], identity: str) -> str:
    """The first heading of the first cell, which is taken out there, with the name below it: the PDF has its own."""
    found = re.match(r"# (.+)\n*", cells[0].source) if cells and cells[0].cell_type == "markdown" else None
    if not found:
        return "Notebook"
    cells[0].source = cells[0].source[found.end() :].removeprefix(markdown_escape(identity))
    return found[1].strip()


def _highest_heading(texts: list[str]) -> int:
    """The level of the highest heading, 1 to 6; 1 where there is none."""
    without_code = [re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE) for text in texts]
    return min(
        (len(marks) for text in without_code for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)), default=1
    )


def export_latex(notebook: NotebookNode, identity_title: str) -> Exported:
    """The notebook as one TeX document with a title, highlighted code and its outputs."""
    notebook = from_dict(notebook)
    characters = Characters()
    title = _take_title(notebook.cells, identity_title)

    def convert_markdown(notebook: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        shown = [o.data for c in notebook.cells for o in c.get("outputs", []) if "text/markdown" in o.get("data", {})]
        texts = [cell.source for cell in cells] + [data["text/markdown"] for data in shown]
        shift = 1 - _highest_heading(texts)
        pictures = set(resources.get("outputs", {}))
        tex = markdown_to_tex(texts, shift, pictures, characters, LAYOUTS / "markdown.lua")
        for cell, converted in zip(cells, tex, strict=False):
            cell.source = converted
        for data, converted in zip(shown, tex[len(cells) :], strict=True):
            data["text/markdown"] = converted
        return notebook, resources

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_printable(output) for output in cell.outputs]
    exporter = LatexExporter(
        template_name=LAYOUTS.name,
        extra_template_basedirs=[str(LAYOUTS.parent)],
        config=Config(
            {
                "NbConvertBase": {
                    "display_data_priority": [*KEPT_PICTURES, "text/latex", "text/markdown", "text/plain"]
                },
                "ExtractOutputPreprocessor": {"enabled": True, "extract_output_types": set(KEPT_PICTURES)},
                "ExtractAttachmentsPreprocessor": {"enabled": True},
                "SVG2PDFPreprocessor": {"enabled": False},  # needs inkscape
                "LatexPreprocessor": {"enabled": False},  # these two serve nbconvert's own highlighting
                "SphinxPreprocessor": {"enabled": False},
                "HighlightMagicsPreprocessor": {"enabled": False},
            }
        ),
    )
    exporter.register_preprocessor(convert_markdown, enabled=True)
    language = notebook.metadata.get("language_info", {}).get("name", "python")
    exporter.register_filter("code", lambda text: code_lines(text, language, characters))
    exporter.register_filter("output", lambda text: output_lines(text, characters))
    exporter.register_filter("plain", characters.text)
    exporter.register_filter("flowing", characters.flowing)
    exporter.register_filter("replacements", lambda _cells: characters.note())  # what it says is known at the end only
    tex, resources = exporter.from_notebook_node(
        notebook,
        {"unique_key": "figure", "title": title, "identity": identity_title},
    )
    return Exported(tex, dict(resources.get("outputs", {})))
