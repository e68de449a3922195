r"""Shares of a training step's time, part by part, as two instruments saw them; and its arithmetic.

The profile [`experiments/language_model/profile.py`] gives PyTorch's own events to parts, the clock
[`experiments/language_model/clock.py`] is read between the parts. A share is taken step by step,

.. math:: s_{p,k} = t_{p,k} / \sum_q t_{q,k},

so that the shares of a step add up to one; "rest" is what the profile gives to no part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import fmean, median

import torch
from torch.autograd.profiler import profile

from experiments.language_model.attribution import DROPOUT, LOSS, MODULES, OTHER
from experiments.language_model.model import RNNModel, drawing_from
from experiments.language_model.train import Settings
from lab.bptt.autograd_graph import onednn
from lab.laws import VOCABULARY
from writeup.errors import CheckFailed
from writeup.records.store import Record

EXAMPLE = Settings()
CELLS = ("LSTM", "GRU")
COMPONENTS = {  # of the profile, by part
    "embedding": (MODULES["encoder"],),
    "recurrent": (MODULES["rnn"], DROPOUT),
    "decoder": (MODULES["decoder"],),
    "loss": (LOSS,),
}
PHASES = {"get_batch": "batching", "repackage_hidden": "repackage_hidden", "clip": "clip", "update": "update"}
ROUNDED = 1e-4  # relative: seconds are recorded to six places

Shares = Mapping[str, Sequence[float]]  # of each step, by part: "decoder forward", "clip"


def profiled(record: Record) -> Shares:
    """Shares under PyTorch's profiler, from a record of kind `language_model_profile`."""
    curves = record.curves
    seconds = {part: curves["step"][phase] for part, phase in PHASES.items()}
    for part, names in COMPONENTS.items():
        for half in ("forward", "backward"):
            seconds[f"{part} {half}"] = _sums([curves[half][name] for name in names])
    seconds["rest"] = _sums([curves[phase][OTHER] for phase in ("step", "forward", "backward")])
    whole = curves["step"]["whole"]
    for number, (parts, due) in enumerate(zip(_sums(list(seconds.values())), whole, strict=True)):
        if not math.isclose(parts, due, rel_tol=ROUNDED):
            raise CheckFailed(due, parts, f"record {record.path}: step {number} from its parts")
    return {part: [t / all_ for t, all_ in zip(times, whole, strict=True)] for part, times in seconds.items()}


def clocked(record: Record) -> Shares:
    """Shares by the clock between the parts, from a record of kind `language_model_clock`."""
    whole = _sums(list(record.curves["step"].values()))
    return {
        part: [t / all_ for t, all_ in zip(times, whole, strict=True)] for part, times in record.curves["step"].items()
    }


def of(shares: Shares, *parts: str) -> list[float]:
    """Share of several parts together, step by step; "decoder" is both of its halves."""
    return _sums([times for name, times in shares.items() if name in parts or name.partition(" ")[0] in parts])


def farthest(one: Shares, other: Shares, *parts: str, by_median: bool = False) -> float:
    """How far the two are apart at most, over `parts`, each by its mean (or median) over steps."""
    middle = median if by_median else fmean
    return max(abs(middle(of(one, part)) - middle(of(other, part))) for part in parts)


def epoch(step: Sequence[float], window: Sequence[float], counts: Mapping[str, float]) -> float:
    """Share of validation in an epoch, from seconds of a training step and of a validation window."""
    training, validation = median(step) * counts["train_windows"], median(window) * counts["valid_windows"]
    return validation / (training + validation)


# -- arithmetic and shapes, by running the model on zeros ------------------------------------------------------------


@cache
def operations(cell: str) -> tuple[int, int]:
    """Floating-point operations of the matrix products of one column, forward and backward, as torch's profiler counts
    them: of those with the vocabulary, and of all. oneDNN is off, since nothing is counted inside its fused layers.
    """
    model, words = _model(cell), torch.zeros(EXAMPLE.bptt, 1, dtype=torch.long)
    with onednn(False), profile(record_shapes=True, with_flops=True) as profiler:
        model(words, model.initial_hidden(1))[0].sum().backward()
    model.zero_grad()
    products = [event for event in profiler.function_events or [] if event.name in ("aten::mm", "aten::addmm")]
    with_vocabulary = [event for event in products if any(VOCABULARY in shape for shape in event.input_shapes)]
    return sum(event.flops for event in with_vocabulary), sum(event.flops for event in products)


def decoder_operations(cell: str) -> float:
    r"""The decoder's share of the multiply-adds, V H of V H + L g H (H + H), with g gates and as many inputs as units.

    Each product of the forward pass has two in the backward pass, whatever its module.
    """
    size, gates = EXAMPLE.hidden_size, {"LSTM": 4, "GRU": 3}[cell]
    decoder, recurrent = VOCABULARY * size, EXAMPLE.layers * gates * size * 2 * size
    return decoder / (decoder + recurrent)


@cache
@torch.no_grad()
def shapes(cell: str) -> dict[str, tuple[int, ...]]:
    """The shapes of what goes from module to module in a step, of the state and of the scores."""
    model, words = _model(cell), torch.zeros(EXAMPLE.bptt, EXAMPLE.batch_size, dtype=torch.long)
    embedded = model.encoder(words)
    output, state = model.rnn(embedded, model.initial_hidden(EXAMPLE.batch_size))
    decoded = model.decoder(output)
    found = {
        "words": words,
        "encoder": embedded,
        "rnn": output,
        "decoder": decoded,
        "scores": decoded.view(-1, VOCABULARY),
    }
    found["state"] = state[0] if isinstance(state, tuple) else state
    return {name: tuple(tensor.shape) for name, tensor in found.items()}


@cache
def _model(cell: str) -> RNNModel:
    sizes = (EXAMPLE.embedding_size, EXAMPLE.hidden_size, EXAMPLE.layers, EXAMPLE.dropout)
    with drawing_from(torch.Generator().manual_seed(0)):
        return RNNModel(cell, VOCABULARY, *sizes).eval()


def _sums(columns: Sequence[Sequence[float]]) -> list[float]:
    return [sum(times) for times in zip(*columns, strict=True)]
