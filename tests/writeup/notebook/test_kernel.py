"""Executing: what makes a notebook run again, and what does not."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from writeup.notebook.cells import Part, notebook_of
from writeup.notebook.kernel import _digest, execute


@pytest.fixture
def part():
    return Part("n", notebook_of([new_markdown_cell("words"), new_code_cell("print(1 + 1)")]))


def test_words_are_no_part_of_the_digest(part):
    other = Part("n", nbformat.from_dict(part.notebook))
    other.notebook.cells[0].source = "other words"
    assert _digest(other) == _digest(part)


def test_code_is_part_of_the_digest(part):
    other = Part("n", nbformat.from_dict(part.notebook))
    other.notebook.cells[1].source += "\n1"
    assert _digest(other) != _digest(part)


def test_data_are_part_of_the_digest(part, tmp_path):
    with_data = Part("n", part.notebook, folder=tmp_path)
    (tmp_path / "train.txt").write_text("one")
    first = _digest(with_data)
    (tmp_path / "train.txt").write_text("another")
    assert len({_digest(part), first, _digest(with_data)}) == 3


def test_two_cold_runs_give_the_same_bytes(part, tmp_path):
    both = [execute(part, tmp_path / folder, lambda *_: None)[0] for folder in ("a", "b")]
    assert nbformat.writes(both[0]) == nbformat.writes(both[1])
    assert both[0].cells[1].outputs[0].text == "2\n"
