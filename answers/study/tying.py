"""Demonstrations for question 2d, on models small enough for double precision: one matrix in two roles."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from experiments.language_model.model import RNNModel
from writeup.errors import CheckFailed

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


def arithmetic(tied: bool) -> int:
    """Floating-point operations of one forward and backward pass of the tiny model."""
    counter = FlopCounterMode(display=False)
    model = tiny_model(tied)
    with counter:
        loss(model).backward()
    return counter.get_total_flops()


def error_of_unequal_sizes() -> str:
    """The name of torch's error where the decoder is handed an embedding matrix of another width."""
    encoder, decoder = nn.Embedding(TINY_WORDS, TINY_UNITS), nn.Linear(TINY_UNITS + 1, TINY_WORDS)
    decoder.weight = encoder.weight  # torch does not object here
    try:
        decoder(torch.zeros(1, TINY_UNITS + 1))
    except Exception as error:  # whichever it is: its name is what is asked
        return type(error).__name__
    return "none"


class ProjectedDecoder(nn.Module):
    """Scores of all words from hidden states of another width than the embedding's: project, then use its matrix."""

    def __init__(self, embedding: nn.Embedding, hidden_size: int) -> None:
        super().__init__()
        words, size = embedding.weight.shape
        self.project = nn.Linear(hidden_size, size, bias=False)
        self.decode = nn.Linear(size, words)
        self.decode.weight = embedding.weight

    def forward(self, states: Tensor) -> Tensor:
        """(..., hidden) to (..., words)."""
        return self.decode(self.project(states))


def projected_parameters(words: int, embedding_size: int, hidden_size: int) -> int:
    """Parameters of an embedding with its projected decoder, after a pass that shows that the shapes fit."""
    embedding = nn.Embedding(words, embedding_size, device="meta")
    with torch.device("meta"):
        decoder = ProjectedDecoder(embedding, hidden_size)
        scores = decoder(torch.zeros(1, hidden_size))
    if scores.shape != (1, words):
        raise CheckFailed((1, words), tuple(scores.shape), "shape of the projected decoder's scores")
    return sum(p.numel() for p in nn.ModuleList([embedding, decoder]).parameters())


def module_with_projection() -> str:
    """Which of torch's recurrent modules accepts `proj_size`."""
    accepting = []
    for module in (nn.LSTM, nn.GRU):
        try:
            module(TINY_UNITS, TINY_UNITS, proj_size=TINY_UNITS - 1)
        except (TypeError, ValueError):
            continue
        accepting.append(f"nn.{module.__name__}")
    return " and ".join(accepting)
