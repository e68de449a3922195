"""Passages of the public example: their line numbers, with its file at hand and without."""

from dataclasses import replace

import pytest
import torch

from experiments.language_model.example import folder_from_environment
from experiments.language_model.model import repackage_hidden
from lab.example_source import REPACKAGE, TRAIN

PASSAGES = [TRAIN, REPACKAGE]


@pytest.mark.parametrize("passage", PASSAGES)
def test_a_passage_begins_where_it_begins(passage, monkeypatch):
    monkeypatch.delenv("WORD_LANGUAGE_MODEL", raising=False)
    assert [first for first in range(1, 300) if passage.begins_at(first)] == [passage.first]


@pytest.mark.parametrize("passage", PASSAGES)
def test_an_edited_passage_is_refused(passage):
    assert not replace(passage, text=passage.text.replace("hidden", "state")).begins_at(passage.first)


@pytest.mark.skipif(folder_from_environment() is None, reason="WORD_LANGUAGE_MODEL names no folder")
@pytest.mark.parametrize("passage", PASSAGES)
def test_the_file_holds_the_passage(passage):
    lines = (folder_from_environment() / passage.file).read_text(encoding="utf-8").splitlines()
    given = lines[passage.first - 1 : passage.first - 1 + len(passage.lines)]
    assert [line.strip() for line in given] == [line.strip() for line in passage.lines]


@pytest.mark.parametrize("parts", [1, 2])
def test_the_quoted_function_does_what_ours_does(parts):
    quoted = REPACKAGE.run(torch=torch)["repackage_hidden"]
    history = torch.ones(2, requires_grad=True).exp()
    state = history if parts == 1 else (history, history)
    for function in (quoted, repackage_hidden):
        found = function(state)
        for part in (found,) if parts == 1 else found:
            assert part.grad_fn is None
            assert part.data_ptr() == history.data_ptr()
