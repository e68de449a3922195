"""Cells of notebooks as a kernel leaves them, whole notebooks built of files, and the words of the papers."""

from nbformat.v4 import new_code_cell

from writeup.notebook import build_notebook, read_notebook
from writeup.pages.pdf import text_of


def ran(source, count, outputs=()):
    """A code cell that was run as the `count`-th."""
    return new_code_cell(source, execution_count=count, outputs=list(outputs))


def built_of(*paths, cache, **more):
    """The student's notebooks, run and merged; without a display unless there is more."""
    asked = {"identity_title": "A B (ab1)", "verification": None, "progress": lambda *_: None} | more
    return build_notebook(paths[0].parent, parts=[*map(read_notebook, paths)], cache=cache, **asked)


def words(paper):
    """All of a PDF on one line."""
    return " ".join(" ".join(text_of(paper)).split())
