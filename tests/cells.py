"""Cells of notebooks as a kernel leaves them."""

from nbformat.v4 import new_code_cell


def ran(source, count, outputs=()):
    """A code cell that was run as the `count`-th."""
    return new_code_cell(source, execution_count=count, outputs=list(outputs))
