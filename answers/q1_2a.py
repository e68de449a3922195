"""1.2a: the torch.nn module for 2D dropout, found by what the modules do."""

from __future__ import annotations

import inspect

import torch
from torch import nn

from answers.regularisation.modules import (
    CHANNELS,
    IMAGES,
    PROBABILITY,
    documented_axes,
    dropout_names,
    dropped,
    outcome,
    unit_by_frequency,
    unit_dropped,
)
from writeup.claims import Answer, Claim, Control, Evidence, Ref, Table, agrees, claim, require
from writeup.errors import CheckFailed
from writeup.records.store import Records

MODULE = "Dropout2d"


def answer(_records: Records) -> Answer:
    names = dropout_names()
    rows = [[Ref(f".name_{name}"), Ref(f".unit_{name}"), Ref(f".filler_{name}")] for name in names]
    table = Table(["Module of torch.nn", "Dropped as one", "Put in its place"], rows, "lll")
    return Answer("1.2a", [*module_claims(), *[c for name in names for c in row_claims(name)]], {"modules": table})


def module_claims() -> list[Claim]:
    """The module, its default probability, its scale, and what is left of it in evaluation."""
    default = inspect.signature(nn.Dropout2d).parameters["p"].default
    made = outcome(MODULE)
    return [
        claim(
            "1.2a.module",
            "nn.Dropout2d",
            "the module that drops whole two-dimensional maps",
            drops_whole_maps,
            [
                Control("nn.Dropout", "drops single elements"),
                Control("nn.Dropout1d", "made for one spatial axis"),
                Control("nn.Dropout3d", "made for three spatial axes"),
                Control("nn.FeatureAlphaDropout", "drops maps, but does not put zero"),
            ],
            code=True,
        ),
        claim(
            "1.2a.default",
            default,
            "the default probability of dropping a channel",
            share_dropped_by_default,
            [Control(0.2, "the language-model example's rate"), Control(1.0, "drops everything")],
        ),
        claim(
            "1.2a.scaled",
            r"1/(1-p)",
            "what a kept channel is multiplied by in training",
            kept_are_scaled_by,
            [Control(r"1", "no scaling"), Control(r"1/p", "p for 1-p"), Control(r"1-p", "scaled down instead of up")],
            code=True,
        ),
        claim(
            "1.2a.evaluation",
            "identity",
            "what the module is in evaluation mode",
            agrees(
                lambda: "identity" if torch.equal(outcome(MODULE, training=False), torch.ones_like(made)) else "mask",
                "a batch of ones handed through in evaluation mode",
            ),
            [Control("mask", "goes on dropping")],
        ),
    ]


def drops_whole_maps(candidate: str) -> Evidence:
    """The candidate takes (N, C, H, W), zeroes maps as wholes, and draws every map of every image on its own."""
    name = candidate.removeprefix("nn.")
    try:
        made = outcome(name, axes=2)
    except (RuntimeError, ValueError) as error:
        raise CheckFailed("a result for a 4D input", str(error).splitlines()[0], candidate) from error
    mask = dropped(made)
    require(unit_dropped(made) == "channel", "whole channels dropped", unit_dropped(made), candidate)
    require(float(made.min()) == 0.0, "zeros in place of what is dropped", float(made.min()), candidate)
    counts = mask.flatten(2).amax(2).sum(1)
    # Independent maps scatter the number dropped in an image binomially.
    expected = CHANNELS * PROBABILITY * (1 - PROBABILITY)
    require(0.5 < float(counts.var()) / expected < 2, expected, float(counts.var()), "variance of the number dropped")
    return Evidence("masks of a batch of ones, by behaviour", round(float(counts.mean()) / CHANNELS, 4), seed=0)


def share_dropped_by_default(candidate: float) -> Evidence:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        share = float((nn.Dropout2d()(torch.ones(1000, CHANNELS, 1, 1)) == 0).float().mean())
    deviation = (candidate * (1 - candidate) / (1000 * CHANNELS)) ** 0.5
    require(abs(share - candidate) < 4 * deviation, share, candidate, "share of channels dropped without an argument")
    return Evidence("share dropped of 32000 channels, within four standard errors", share, 4 * deviation, seed=0)


def kept_are_scaled_by(candidate: str) -> Evidence:
    factors = {"1/(1-p)": lambda p: 1 / (1 - p), "1": lambda _: 1.0, "1/p": lambda p: 1 / p, "1-p": lambda p: 1 - p}
    for p in (0.1, 0.3, 0.7):
        kept = float(outcome(MODULE, p).max())
        expected = factors[candidate](p)
        require(abs(kept - expected) < 1e-6, kept, expected, f"a kept one at p = {p}")
    return Evidence("the value that a kept one turns into, at three probabilities", tolerance=1e-6, seed=0)


def row_claims(name: str) -> list[Claim]:
    """One row of the table: a module that torch.nn has, what it drops as one, what it puts there."""
    made = outcome(name)
    filler = filler_of(float(made.min()))
    return [
        claim(
            f"1.2a.name_{name}",
            f"nn.{name}",
            "a dropout module of torch.nn",
            is_a_dropout_module,
            [
                Control("nn." + name.replace("Dropout", "DropOut"), "misspelt"),
                Control("nn.Dropout4d", "does not exist"),
            ],
            code=True,
        ),
        claim(
            f"1.2a.unit_{name}",
            unit_dropped(made),
            f"what nn.{name} drops as one",
            agrees(
                lambda: unit_by_frequency(outcome(name, axes=documented_axes(name))),
                "how often neighbours share their fate in an input of the shape that torch documents",
                seed=0,
            ),
            [u for u in ("element", "channel", "image") if u != unit_dropped(made)],
        ),
        claim(
            f"1.2a.filler_{name}",
            filler,
            f"what nn.{name} puts in place of what it drops",
            agrees(lambda: filler_by_zero_input(name), "the batch of ones replaced by zeros", seed=0),
            [f for f in ("zero", "a negative value") if f != filler],
        ),
    ]


def is_a_dropout_module(candidate: str) -> Evidence:
    """By inheritance: all of torch's dropout modules share one base class."""
    family = {f"nn.{c.__name__}" for c in nn.modules.dropout._DropoutNd.__subclasses__()}
    require(candidate in family, sorted(family), candidate, "subclasses of torch's dropout base class")
    return Evidence("subclasses of torch's dropout base class", len(family))


def filler_of(smallest: float) -> str:
    return "zero" if smallest == 0 else "a negative value"


def filler_by_zero_input(name: str) -> str:
    """A dropped zero stays zero only where the filler is zero: multiplication alone never moves it."""
    module = getattr(nn, name)(PROBABILITY).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        axes = outcome(name).dim() - 2
        made = module(torch.zeros((IMAGES, CHANNELS) + (3,) * axes))
    return "zero" if float(made.abs().max()) == 0 else "a negative value"
