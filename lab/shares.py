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
from torch.utils.flop_counter import FlopCounterMode

from experiments.language_model.attribution import DROPOUT, LOSS, MODULES, OTHER
from experiments.language_model.model import RNNModel
from experiments.language_model.train import Settings
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


# -- arithmetic and shapes, from the model without any data ----------------------------------------------------------


@cache
def operations(cell: str) -> dict[str, int]:
    """Floating-point operations of one forward and backward pass by module, as torch counts them; "Global" is all."""
    model, inputs = _model(cell), torch.zeros(EXAMPLE.bptt, EXAMPLE.batch_size, dtype=torch.long, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(inputs, model.initial_hidden(EXAMPLE.batch_size))[0].sum().backward()
    return {name.rpartition(".")[2]: sum(kinds.values()) for name, kinds in counter.get_flop_counts().items()}


def decoder_operations(cell: str) -> float:
    r"""The decoder's share of the multiply-adds, V H of V H + L g H (H + H), with g gates and as many inputs as units.

    Each product of the forward pass has two in the backward pass, whatever its module.
    """
    size, gates = EXAMPLE.hidden_size, {"LSTM": 4, "GRU": 3}[cell]
    decoder, recurrent = VOCABULARY * size, EXAMPLE.layers * gates * size * 2 * size
    return decoder / (decoder + recurrent)


@cache
def shapes(cell: str) -> dict[str, tuple[int, ...]]:
    """What goes from module to module in a step: the shape of each module's output, of its input and of the state."""
    model, found = _model(cell), {}
    inputs = torch.zeros(EXAMPLE.bptt, EXAMPLE.batch_size, dtype=torch.long, device="meta")
    hidden = model.initial_hidden(EXAMPLE.batch_size)
    embedded = model.encoder(inputs)
    output, state = model.rnn(embedded, hidden)
    found = {"words": inputs, "encoder": embedded, "rnn": output, "decoder": model.decoder(output)}
    found |= {"state": state[0] if isinstance(state, tuple) else state, "scores": model(inputs, hidden)[0]}
    return {name: tuple(tensor.shape) for name, tensor in found.items()}


def _model(cell: str) -> RNNModel:
    with torch.device("meta"):
        sizes = (EXAMPLE.embedding_size, EXAMPLE.hidden_size, EXAMPLE.layers, EXAMPLE.dropout)
        return RNNModel(cell, VOCABULARY, *sizes).eval()


def _sums(columns: Sequence[Sequence[float]]) -> list[float]:
    return [sum(times) for times in zip(*columns, strict=True)]
