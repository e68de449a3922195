"""The notebook: assembled or taken from the student, executed in a fresh kernel, checked, exported.

Two doors. Where the student names notebooks, those are executed and merged (`course.py`). Otherwise the assignment's
template is the notebook (`own.py`), and what its cells print is held against the claims of the assignment's
`[notebook]` question (`outputs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from writeup.assignment import answer_to
from writeup.errors import WriteupError
from writeup.records.store import Records
from writeup.text.marks import Marked
from writeup.trust.verify import Verification

try:
    import nbformat

    from writeup.notebook.course import merge, read_notebook
    from writeup.notebook.kernel import Progress, execute
    from writeup.notebook.latex import export_latex
    from writeup.notebook.outputs import hold_against_claims, note_printed
    from writeup.notebook.own import assemble
except ModuleNotFoundError as error:
    raise WriteupError(
        f"{error.name} is not installed, and a notebook needs it: pip install 'writeup[notebook]'"
    ) from error

__all__ = ["NotebookResult", "build_notebook", "note_printed"]


@dataclass(frozen=True)
class NotebookResult:
    """The executed notebook, and its TeX with the pictures that this includes.

    `marked` has, by cell id, the words of a Markdown cell or what a code cell printed, with the source of every number
    marked (`writeup.text.marks`): "claim:<id>", or a key of `outputs.ALLOWED`. It is empty for the student's own.
    """

    ipynb: str
    tex: str
    attachments: Mapping[str, bytes]
    marked: Mapping[str, Marked] = field(default_factory=dict)


def build_notebook(
    root: Path,
    *,
    identity_title: str,
    notebooks: Sequence[Path],
    verification: Verification | None,
    cache: Path,
    progress: Progress,
) -> NotebookResult:
    """Assemble, execute where needed, check and export.

    `verification` has the facts that our own notebook prints; who hands in notebooks of the course needs none. Raises
    `WriteupError` naming notebook and cell when a cell fails, is left to do, or prints what the claims do not hold.
    """
    marked: Mapping[str, Marked] = {}
    if notebooks:
        parts = [read_notebook(path) for path in notebooks]
        executed = merge([(part, execute(part, cache, progress)) for part in parts], identity_title)
    elif verification is not None and (question := verification.assignment.notebook):
        made = assemble(root, identity_title, verification, question.folder)
        executed = execute(made.part, cache, progress)
        claims = answer_to(question, Records(root), root).claims
        marked = {**made.words, **hold_against_claims(executed, made.outputs, claims)}
    else:
        raise WriteupError("no notebook is named, and the assignment has no [notebook] of its own")
    exported = export_latex(executed, identity_title)
    return NotebookResult(nbformat.writes(executed) + "\n", exported.tex, exported.attachments, marked)
