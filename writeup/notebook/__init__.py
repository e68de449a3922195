"""The notebook: assembled or taken from the student, executed in a fresh kernel, checked, typeset.

Two doors. Where the student names notebooks, those are executed and merged (`course.py`). Otherwise the assignment's
template is the notebook (`own.py`), and what its cells print is held against the claims of the assignment's
`[notebook]` question (`outputs.py`). A hand-in is refused for what it means, before anything slow runs; never for its
looks (`typeset.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from writeup.assignment import Notebook, answer_to
from writeup.errors import WriteupError
from writeup.records.store import Records
from writeup.text.marks import Marked
from writeup.trust.verify import Verification

try:
    import nbformat
    from nbformat import NotebookNode

    from writeup.notebook.cells import Part
    from writeup.notebook.course import merge, read_notebook
    from writeup.notebook.kernel import Limits, Progress, execute
    from writeup.notebook.outputs import hold_against_claims, note_printed
    from writeup.notebook.own import assemble
    from writeup.notebook.typeset import typeset
except ModuleNotFoundError as error:
    raise WriteupError(
        f"{error.name} is not installed, and a notebook needs it: pip install 'writeup[notebook]'"
    ) from error

__all__ = ["Limits", "NotebookResult", "build_notebook", "note_printed", "read_notebook", "typeset"]


@dataclass(frozen=True)
class NotebookResult:
    """The executed notebook; of each cell where it comes from; what is to be said of how it was run.

    `marked` has, by cell id, the words of a Markdown cell or what a code cell printed, with the source of every number
    marked (`writeup.text.marks`): "claim:<id>", or a key of `outputs.GIVEN`. It is empty for the student's own.
    """

    notebook: NotebookNode
    places: Sequence[str]
    notes: Sequence[str] = ()
    marked: Mapping[str, Marked] = field(default_factory=dict)

    @property
    def ipynb(self) -> str:
        return nbformat.writes(self.notebook) + "\n"


def build_notebook(
    root: Path,
    *,
    identity_title: str,
    title: str = "Notebook",
    parts: Sequence[Part],
    verification: Verification | None,
    question: Notebook | None = None,
    cache: Path,
    progress: Progress,
    limits: Limits | None = None,
) -> NotebookResult:
    """Assemble, execute where needed and check.

    `parts` are the notebooks that the student hands in (`read_notebook`). `question` asks for a notebook of our own,
    and `verification` has the facts that it prints; who hands in notebooks of the course needs neither. Raises
    `WriteupError` naming notebook and cell when a cell fails, or prints what the claims do not hold.
    """
    if parts:
        ran = [(part, *execute(part, cache, progress, limits)) for part in parts]
        merged, places = merge([(part, notebook) for part, notebook, _ in ran], title, identity_title)
        notes = [note for part, _, said in ran for note in (*part.notes, said) if note]
        return NotebookResult(merged, places, notes)
    if verification is None or question is None:
        raise WriteupError("no notebook is named, and the assignment has no [notebook] of its own")
    made = assemble(root, identity_title, verification, question)
    executed, said = execute(made.part, cache, progress, limits)
    claims = answer_to(question, Records(root), root).claims
    marked = {**made.words, **hold_against_claims(executed, made.outputs, claims, made.part.cell)}
    places = [f"cell {number}" for number in range(1, len(executed.cells) + 1)]
    return NotebookResult(executed, places, [said] if said else [], marked)
