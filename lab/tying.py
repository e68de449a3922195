"""Demonstrations for question 2d, on models small enough for double precision: one matrix in two roles."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from experiments.language_model.data import batchify, windows
from experiments.language_model.model import RNNModel
from experiments.language_model.train import Settings

TINY_WORDS, TINY_UNITS = 12, 5
INPUTS = torch.tensor([[1, 4, 1], [7, 2, 9]])  # (length, batch); word 1 occurs twice
TARGETS = torch.tensor([4, 1, 2, 2, 9, 3])  # (length * batch,)


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


def words_of_a_window(settings: Settings) -> int:
    """Different words that the first window reads from a text in which no word occurs twice."""
    text = torch.arange(settings.batch_size * (2 * settings.bptt))
    inputs, _targets = next(windows(batchify(text, settings.batch_size), settings.bptt))
    return len(inputs.unique())
