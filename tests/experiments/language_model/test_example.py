"""The public example's loop runs unchanged from a folder; the stock path has its losses."""

from dataclasses import replace
from itertools import islice

import pytest
import torch

from experiments.language_model import trace
from experiments.language_model.data import Corpus
from experiments.language_model.example import example_steps, folder_from_environment
from experiments.language_model.train import Settings
from writeup.errors import WriteupError

FOLDER = folder_from_environment()
CORPUS = Corpus.generated()
TINY = Settings(corpus="generated", embedding_size=8, hidden_size=8)

MODEL = """
from torch import nn
class RNNModel(nn.Module):
    def __init__(self, cell, words, inputs, units, layers, dropout, tied):
        super().__init__()
        self.table = nn.Embedding(words, words)
    def forward(self, inputs):
        return self.table(inputs).log_softmax(2).flatten(0, 1)
"""
MAIN = """
raise SystemExit("importing would train")
def repackage_hidden(hidden):
    return hidden
def get_batch(source, first):
    return source[first : first + args.bptt], source[first + 1 : first + 1 + args.bptt].reshape(-1)
def train():
    for first in range(0, len(train_data) - 1, args.bptt):
        inputs, targets = get_batch(train_data, first)
        model.zero_grad()
        criterion(model(inputs), targets).backward()
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
"""


@pytest.fixture
def folder(tmp_path):
    """Something of the example's form: a table of what follows a word."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


def test_the_functions_run_although_main_cannot_be_imported(folder):
    steps = example_steps(folder, TINY, CORPUS, steps=3)
    assert len(steps) == 3
    assert steps[-1].loss < steps[0].loss, "the loop that was found trains"


def test_the_times_are_those_between_two_calls_of_the_loss(folder):
    """A tenth of a second spent between them belongs to the step."""
    (folder / "main.py").write_text(MAIN.replace("model.zero_grad()", "model.zero_grad(); time.sleep(0.1)"))
    assert all(step.seconds >= 0.1 for step in example_steps(folder, TINY, CORPUS, steps=2))


def test_a_folder_without_the_example_is_named(tmp_path):
    with pytest.raises(WriteupError, match=r"no main\.py and model\.py in"):
        example_steps(tmp_path, TINY, CORPUS, steps=1)


def test_a_loop_without_its_functions_is_refused(folder):
    (folder / "main.py").write_text("def train(): pass")
    with pytest.raises(WriteupError, match="lacks one of the functions repackage_hidden"):
        example_steps(folder, TINY, CORPUS, steps=1)


@pytest.mark.skipif(FOLDER is None, reason="WORD_LANGUAGE_MODEL names no folder with the public example")
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN_TANH", "RNN_RELU"])
def test_the_stock_path_has_the_losses_of_the_public_example_bit_for_bit(cell, tied):
    settings = replace(TINY, cell=cell, tied=tied, learning_rate=2.0)
    torch.set_num_threads(1)
    expected = [step.loss for step in example_steps(FOLDER, settings, CORPUS, steps=4)]
    assert list(islice(trace.losses(settings, CORPUS), 4)) == expected
