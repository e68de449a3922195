"""The second door: our own notebook, assembled from a template and the assignment's own modules.

The template `templates/answers/<id>.md.j2` of the assignment's `[notebook]` is Markdown, and may use what those of the
document use: facts by their names, `say`, `math`. Its fenced `python` blocks are the code cells, in which
`<< code("module", "name", ...) >>` stands for the source text of functions of the project; a fenced `output` block
after one says what that cell prints (`outputs.py`) and is no part of the notebook.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from writeup.assignment import Notebook
from writeup.errors import WriteupError, near
from writeup.notebook.cells import Part, notebook_of
from writeup.notebook.outputs import given
from writeup.pages.render import Page, guarded, template_environment
from writeup.text.escape import markdown_escape
from writeup.text.marks import Marked, mark, unmarked
from writeup.text.written import written_in
from writeup.trust.verify import Verification

BLOCK = re.compile(r"^```(python|output)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Assembled:
    """Our notebook before it runs; by cell id, the words with the source of every number marked, and what it prints."""

    part: Part
    words: Mapping[str, Marked]
    outputs: Mapping[str, Marked]


def assemble(root: Path, identity_title: str, verification: Verification, notebook: Notebook) -> Assembled:
    """The template of a notebook of the assignment, filled in and cut into cells.

    `verification` has its facts and, in its answer's context, the data that it embeds.
    """
    if notebook.id not in verification.answers:
        raise WriteupError(f"the answer to notebook {notebook.id} has not been verified")
    environment = template_environment(root)
    name = f"answers/{notebook.id}.md.j2"
    page = Page("md", verification, "", {}, notebook.id)
    text = guarded(
        lambda: page.fill(
            environment.get_template(name),
            assignment=verification.assignment,
            identity=mark(markdown_escape(identity_title), "author"),
            code=lambda module, *names: source(root / f"{module}.py", *names),
            given=given,
            math=_displayed,
            **verification.answers[notebook.id].context,
        )
    )
    cells: list[NotebookNode] = []
    words: dict[int, Marked] = {}
    outputs: dict[int, Marked] = {}
    kinds = BLOCK.split(text)
    for prose, kind, body in zip(kinds[::3], [*kinds[1::3], ""], [*kinds[2::3], ""], strict=True):
        if unmarked(prose).strip():
            written = re.sub(r"\n{3,}", "\n\n", prose.strip())
            words[len(cells)] = Marked(written)
            cells.append(new_markdown_cell(unmarked(written)))
        if kind == "python":
            cells.append(new_code_cell(unmarked(body).strip()))
        elif kind == "output":
            outputs[len(cells) - 1] = Marked(body)
    made = notebook_of(cells)

    def by_id(texts: Mapping[int, Marked]) -> dict[str, Marked]:
        return {made.cells[number].id: text for number, text in texts.items()}

    template = written_in(root, notebook.id)
    opened = [template.place(found.start()) for found in re.finditer("^```python$", template.text, re.MULTILINE)]
    code = [number for number, cell in enumerate(made.cells, start=1) if cell.cell_type == "code"]
    places = dict(zip(code, opened, strict=True)) if len(code) == len(opened) else {}  # a loop makes several of one
    return Assembled(Part("the notebook", made, places=places), by_id(words), by_id(outputs))


def _displayed(caller: Callable[[], str]) -> str:
    """A displayed formula, as Jupyter reads it."""
    return f"\n\n$$\n{caller().strip()}\n$$\n\n"


def source(path: Path, *names: str) -> str:
    """The text of the named top-level functions, classes and constants of a module, as it stands in the file.

    Without the lint's marks, which mean nothing to a reader of the notebook.
    """
    if not path.is_file():
        raise WriteupError(f'asks for code of {path}, which does not exist; it is code("folder/module", "name", ...)')
    text = re.sub(r"  # noqa.*", "", path.read_text(encoding="utf-8"))
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
            raise WriteupError(f"asks for the source of {name!r}; {path} defines {', '.join(found)}{near(name, found)}")
    shown = list(dict.fromkeys(found[name] for name in names))
    apart = ["\n" if "\n" not in before + after else "\n\n\n" for before, after in pairwise(shown)]
    return "".join(piece for pair in zip(shown, [*apart, ""], strict=True) for piece in pair)


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
