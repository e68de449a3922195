"""Demonstrations for question 2d, on models small enough for double precision: one matrix in two roles."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.language_model.model import RNNModel

TINY_WORDS, TINY_UNITS = 12, 5
INPUTS = torch.tensor([[1, 4, 1], [7, 2, 9]])  # (length, batch); word 1 occurs twice
TARGETS = torch.tensor([4, 1, 2, 2, 9, 3])  # (length * batch,)
ENTRY = (4, 0)  # a weight of a word that is both read and predicted


def tiny_model(tied: bool) -> RNNModel:
    """The example's model at tiny sizes, without dropout, in double precision; tied and untied hold equal values."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = RNNModel("LSTM", TINY_WORDS, TINY_UNITS, TINY_UNITS, layers=2, dropout=0.0, tied=True).double()
    if tied:
        return model
    untied = RNNModel("LSTM", TINY_WORDS, TINY_UNITS, TINY_UNITS, layers=2, dropout=0.0).double()
    untied.load_state_dict(model.state_dict())
    return untied


def loss(model: RNNModel) -> Tensor:
    predicted, _hidden = model(INPUTS, model.initial_hidden(INPUTS.shape[1]))
    return functional.nll_loss(predicted, TARGETS)


def role_gradients() -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (words, units) of the loss: in the shared matrix, and in the untied model's embedding and decoder."""
    tied, untied = tiny_model(tied=True), tiny_model(tied=False)
    (shared,) = torch.autograd.grad(loss(tied), [tied.encoder.weight])
    as_input, as_output = torch.autograd.grad(loss(untied), [untied.encoder.weight, untied.decoder.weight])
    return shared, as_input, as_output


def finite_difference(step: float = 1e-5) -> float:
    """Central difference of the tied model's loss in one weight of the shared matrix."""
    losses = []
    for move in (step, -step):
        model = tiny_model(tied=True)
        with torch.no_grad():
            model.encoder.weight[ENTRY] += move
            losses.append(float(loss(model)))
    return (losses[0] - losses[1]) / (2 * step)


def rows_touched(gradient: Tensor) -> int:
    """How many words (rows) have a gradient other than zero."""
    return int((gradient != 0).any(dim=1).sum())


def embedding_rows(words: int, positions: int) -> int:
    """Rows of an embedding of `words` words that receive a gradient when all words of a window differ."""
    embedding = nn.Embedding(words, 1)
    (gradient,) = torch.autograd.grad(embedding(torch.arange(positions)).sum(), [embedding.weight])
    return rows_touched(gradient)


def error_of_unequal_sizes() -> str:
    """The name of torch's error where the decoder is handed an embedding matrix of another width."""
    encoder, decoder = nn.Embedding(TINY_WORDS, TINY_UNITS), nn.Linear(TINY_UNITS + 1, TINY_WORDS)
    decoder.weight = encoder.weight  # torch does not object here
    try:
        decoder(torch.zeros(1, TINY_UNITS + 1))
    except Exception as error:  # whichever it is: its name is what is asked
        return type(error).__name__
    return "none"
