"""The corpus, its columns and windows."""

import pytest
import torch

from experiments.language_model.data import Corpus, batchify, count_windows, windows
from writeup.errors import WriteupError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.txt").write_text(" the cat \n\n the dog sat \n", encoding="utf-8")
    (tmp_path / "valid.txt").write_text("a cat\n", encoding="utf-8")
    (tmp_path / "test.txt").write_text("naïve dog", encoding="utf-8")
    return tmp_path


def test_words_are_numbered_as_they_first_appear_over_the_three_files(folder):
    assert Corpus.load(folder).vocabulary == ["the", "cat", "<eos>", "dog", "sat", "a", "naïve"]


def test_every_line_ends_in_one_eos_and_an_empty_line_is_one(folder):
    assert Corpus.load(folder).train.tolist() == [0, 1, 2, 2, 0, 3, 4, 2]


def test_a_last_line_without_newline_counts(folder):
    assert Corpus.load(folder).test.tolist() == [6, 3, 2]


def test_a_missing_file_is_named(folder):
    (folder / "valid.txt").unlink()
    with pytest.raises(WriteupError, match=r"valid\.txt does not exist.*train\.txt, valid\.txt, test\.txt"):
        Corpus.load(folder)


def test_an_empty_file_is_refused(folder):
    (folder / "test.txt").write_text("")
    with pytest.raises(WriteupError, match=r"test\.txt holds no text"):
        Corpus.load(folder)


def test_columns_are_consecutive_stretches_without_the_remainder():
    assert batchify(torch.arange(11), 3).tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


def test_too_short_a_text_is_refused():
    with pytest.raises(WriteupError, match="5 tokens in 3 columns leave 1 rows"):
        batchify(torch.arange(5), 3)


def test_targets_are_the_next_words_of_the_same_column():
    columns = batchify(torch.arange(20), 2)
    for inputs, targets in windows(columns, 4):
        assert targets.tolist() == (inputs + 1).flatten().tolist()


def test_windows_cover_every_row_but_the_last_once():
    columns = batchify(torch.arange(23), 2)
    covered = torch.cat([inputs for inputs, _ in windows(columns, 4)])
    assert covered.tolist() == columns[:-1].tolist()


def test_the_last_window_may_be_shorter():
    lengths = [len(inputs) for inputs, _ in windows(batchify(torch.arange(22), 2), 4)]
    assert lengths == [4, 4, 2]


@pytest.mark.parametrize("tokens", [8, 9, 10, 11, 12, 13, 40])
def test_windows_are_counted_right(tokens):
    columns = batchify(torch.arange(tokens), 2)
    assert count_windows(columns, 4) == len(list(windows(columns, 4)))


def test_the_generated_language_has_at_most_two_successors_a_word():
    corpus = Corpus.generated()
    successors = {(a, b) for a, b in zip(corpus.train.tolist(), corpus.train[1:].tolist(), strict=False)}
    assert max(sum(a == word for a, _ in successors) for word in range(60)) == 2
