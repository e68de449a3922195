"""What torch.nn's dropout modules do, found by feeding them ones and looking at what comes out."""

from __future__ import annotations

import inspect
import re

import torch
from torch import Tensor, nn

IMAGES, CHANNELS, SIDE = 64, 32, 5
PROBABILITY = 0.4
# The inputs for which each module is made: (images, channels) and one, two or three more axes.
AXES = {"Dropout1d": 1, "Dropout3d": 3}


def dropout_names() -> list[str]:
    """All public module classes of torch.nn whose name says dropout, found in the namespace."""
    return sorted(
        name
        for name, thing in vars(nn).items()
        if "Dropout" in name and inspect.isclass(thing) and issubclass(thing, nn.Module)
    )


def outcome(name: str, p: float = PROBABILITY, training: bool = True, axes: int | None = None) -> Tensor:
    """What module `name` makes of a batch of ones (images, channels, side, ...), with a seed of its own."""
    module: nn.Module = getattr(nn, name)(p)
    module.train(training)
    shape = (IMAGES, CHANNELS) + (SIDE,) * (AXES.get(name, 2) if axes is None else axes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return module(torch.ones(shape))


def documented_axes(name: str) -> int:
    """The axes after (N, C) of the first input that the module's documentation names; two where any shape will do."""
    named = re.search(r"Input: :math:`\(N, C, ([\w, ]+)\)`", getattr(nn, name).__doc__ or "")
    return len(named[1].split(",")) if named else 2


def dropped(made: Tensor) -> Tensor:
    """1 where the module put something smaller in place of a one that it kept elsewhere, 0 where it kept it."""
    return (made < (made.min() + made.max()) / 2).float()


def unit_dropped(made: Tensor) -> str:
    """The block that is dropped as one, decided from whether the mask is the same all over it."""
    mask = dropped(made).flatten(2)  # (images, channels, places)
    if bool((mask.mean((1, 2)) % 1 == 0).all()):
        return "image"
    return "channel" if bool((mask.mean(2) % 1 == 0).all()) else "element"


def unit_by_frequency(made: Tensor) -> str:
    """The same by another route: how often two neighbours share their fate, against what chance would give."""
    mask = dropped(made).flatten(2)
    share = float(mask.mean())
    halfway = (1 + share**2 + (1 - share) ** 2) / 2
    if float((mask[:, 1:] == mask[:, :-1]).float().mean()) > halfway:
        return "image"
    return "channel" if float((mask[..., 1:] == mask[..., :-1]).float().mean()) > halfway else "element"
