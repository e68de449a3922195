"""The second door: our own notebook, assembled from a template and the assignment's own modules.

The template `templates/part_two.md.j2` is Markdown. Its fenced `python` blocks are the code cells, in which
`<< source("module", "name", ...) >>` stands for the source text of functions of the project; a fenced `output` block
after one says what that cell prints (`outputs.py`) and is no part of the notebook.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from writeup.claims import Answer, Claim
from writeup.errors import WriteupError
from writeup.notebook.cells import Part, notebook_of
from writeup.notebook.outputs import claimed, given
from writeup.pages.render import template_environment
from writeup.text.escape import markdown_escape
from writeup.text.marks import Marked, unmarked

TEMPLATE = "part_two.md.j2"
BLOCK = re.compile(r"^```(python|output)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Assembled:
    """Our notebook before it runs; by cell id, the words with the source of every number marked, and what it prints."""

    part: Part
    words: Mapping[str, Marked]
    outputs: Mapping[str, Marked]


def assemble(root: Path, identity_title: str, answer: Answer, data: Path | None = None) -> Assembled:
    """The template, filled in and cut into cells; `answer` has the claims and, in its context, the data that it embeds.

    `data` is the folder that the notebook may read.
    """
    environment = template_environment(root)
    environment.filters["python"] = repr
    claims = _claims_of(answer)

    def value(id: str) -> Marked:
        full = answer.question + id
        try:
            return claimed(claims[full])
        except KeyError:
            raise WriteupError(f"{TEMPLATE} prints claim {full!r}, which no answer makes") from None

    text = environment.get_template(TEMPLATE).render(
        identity=markdown_escape(identity_title),
        source=lambda module, *names: source(root / f"{module}.py", *names),
        v=value,
        given=given,
        **answer.context,
    )
    cells: list[NotebookNode] = []
    words: dict[int, Marked] = {}
    outputs: dict[int, Marked] = {}
    kinds = BLOCK.split(text)
    for prose, kind, body in zip(kinds[::3], [*kinds[1::3], ""], [*kinds[2::3], ""], strict=True):
        if prose.strip():
            words[len(cells)] = Marked(prose.strip())
            cells.append(new_markdown_cell(unmarked(prose.strip())))
        if kind == "python":
            cells.append(new_code_cell(body.strip()))
        elif kind == "output":
            outputs[len(cells) - 1] = Marked(body)
    made = notebook_of(cells)

    def by_id(texts: Mapping[int, Marked]) -> dict[str, Marked]:
        return {made.cells[number].id: text for number, text in texts.items()}

    return Assembled(Part("the notebook", made, data=data), by_id(words), by_id(outputs))


def _claims_of(answer: Answer) -> Mapping[str, Claim]:
    return {claim.id: claim for claim in answer.claims}


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
