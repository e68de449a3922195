"""The trace is what a plain loop of torch computes from torch's global generator."""

import json
from itertools import islice

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from experiments.language_model import trace
from experiments.language_model.data import Corpus
from experiments.language_model.train import Settings

CORPUS = Corpus.generated()


def plain_losses(cell, tied, steps):
    """Word by word what the public example's documentation says, written without this project's model."""
    torch.manual_seed(1111)
    embedding = nn.Embedding(60, 16)
    if cell.startswith("RNN"):
        recurrent = nn.RNN(16, 16, 2, nonlinearity=cell[4:].lower(), dropout=0.2)
    else:
        recurrent = getattr(nn, cell)(16, 16, 2, dropout=0.2)
    decoder = nn.Linear(16, 60)
    if tied:
        decoder.weight = embedding.weight
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    nn.init.zeros_(decoder.bias)
    nn.init.uniform_(decoder.weight, -0.1, 0.1)
    parameters = list(dict.fromkeys([*embedding.parameters(), *recurrent.parameters(), *decoder.parameters()]))
    text = CORPUS.train.view(20, 200)
    state, losses = None, []
    for start in range(0, 35 * steps, 35):
        inputs, targets = text[:, start : start + 35].t(), text[:, start + 1 : start + 36].t()
        output, state = recurrent(nn.functional.dropout(embedding(inputs), 0.2), state)
        state = tuple(s.detach() for s in state) if cell == "LSTM" else state.detach()
        logits = decoder(nn.functional.dropout(output, 0.2))
        loss = nn.functional.cross_entropy(logits.reshape(-1, 60), targets.reshape(-1))
        gradients = torch.autograd.grad(loss, parameters)
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= 20.0 * gradient * min(1.0, 0.25 / (norm.item() + 1e-6))
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("cell", "tied"), [("LSTM", False), ("GRU", False), ("RNN_TANH", False), ("LSTM", True)])
@pytest.mark.parametrize("path", ["stock", "fast"])
def test_losses_are_those_of_a_plain_loop(cell, tied, path):
    settings = Settings(cell=cell, tied=tied, path=path, embedding_size=16, hidden_size=16)
    found = list(islice(trace.losses(settings, CORPUS), 5))
    assert found == pytest.approx(plain_losses(cell, tied, 5), abs=1e-4)


def test_another_seed_gives_other_losses():
    settings = Settings(seed=2, embedding_size=16, hidden_size=16)
    assert next(trace.losses(settings, CORPUS)) != pytest.approx(plain_losses("LSTM", False, 1)[0], abs=1e-4)


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "valid", "test"):
        words = [CORPUS.vocabulary[index] for index in getattr(CORPUS, split).tolist()]
        (tmp_path / f"{split}.txt").write_text(" ".join(words))
    return tmp_path


def call(*arguments):
    command = trace.typer.Typer()
    command.command()(trace.main)
    return CliRunner().invoke(command, list(arguments))


def test_json_holds_as_many_losses_as_steps(folder):
    result = call("--cell", "GRU", "--steps", "3", "--seed", "1111", "--data", str(folder), "--json")
    assert len(json.loads(result.stdout)["losses"]) == 3


def test_an_unknown_cell_exits_with_two(folder):
    result = call("--cell", "QRNN", "--data", str(folder))
    assert (result.exit_code, "legal are LSTM" in result.stderr) == (2, True)


def test_a_missing_folder_exits_with_two(tmp_path):
    assert call("--data", str(tmp_path / "nowhere")).exit_code == 2
