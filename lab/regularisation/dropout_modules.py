"""What torch's dropout modules do: they are fed ones, and what comes out shows what falls out together."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SHAPE = (64, 32, 5, 5)  # images, maps, height, width
PROBABILITY = 0.4
BLOCKS = ("single elements", "rows of a map", "whole maps", "whole images")

Call = Callable[[Tensor], Tensor]


def in_evaluation(x: Tensor) -> Tensor:
    """A network's forward method in evaluation mode that calls the function and does not pass `self.training` on."""
    return F.dropout2d(x, PROBABILITY)


CALLS: dict[str, Call] = {
    "whole": lambda x: nn.Dropout2d(PROBABILITY)(x),
    "element": lambda x: nn.Dropout(PROBABILITY)(x),
    "unbatched": lambda x: torch.stack([nn.Dropout2d(PROBABILITY)(maps) for maps in x]),
    "evaluation": lambda x: nn.Dropout2d(PROBABILITY).eval()(x),
    "functional": in_evaluation,
}


def outcome(call: Call, seed: int = 0) -> Tensor:
    """What `call` makes of ones, with a seed of its own; always of shape (images, maps, height, width)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return call(torch.ones(SHAPE)).view(SHAPE)


def dropped_together(made: Tensor) -> str:
    """The largest block of which each is gone or kept as a whole; "nothing" where all is kept as it was."""
    if bool((made == 1).all()):
        return "nothing"
    gone = (made == made.min()).float()
    blocks = [gone.reshape(*SHAPE[: 4 - axes], -1) for axes in range(len(BLOCKS))]
    return BLOCKS[max(axes for axes, block in enumerate(blocks) if torch.equal(block.amax(-1), block.amin(-1)))]


def together_by_frequency(made: Tensor) -> str:
    """The same from how often neighbours share their fate, along one axis after the other, against chance."""
    gone = (made < (made.amin() + made.amax()) / 2).float()
    share = float(gone.mean())
    if share in (0.0, 1.0):
        return "nothing"
    halfway = (1 + share**2 + (1 - share) ** 2) / 2
    size = 0
    for axis in (3, 2, 1):
        a, b = gone.narrow(axis, 1, SHAPE[axis] - 1), gone.narrow(axis, 0, SHAPE[axis] - 1)
        if float((a == b).float().mean()) < halfway:
            break
        size += 1
    return BLOCKS[size]


def drops_maps(name: str) -> bool:
    """Whether module `name` takes (N, C, H, W), puts zero in place of whole maps, and draws each map on its own."""
    try:
        made = outcome(lambda x: getattr(nn, name)(PROBABILITY)(x))
    except (RuntimeError, ValueError):
        return False
    gone = (made == 0).float()
    if dropped_together(made) != "whole maps" or not gone.any():
        return False
    counts = gone.amax((2, 3)).sum(1)
    expected = SHAPE[1] * PROBABILITY * (1 - PROBABILITY)  # independent maps scatter binomially
    return 0.5 < float(counts.var()) / expected < 2
