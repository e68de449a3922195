"""Whether a training step of our fused code is one of PyTorch's modules: small models in float32, from the same
weights and with the same dropout masks."""

from __future__ import annotations

import torch
from torch import Tensor

from experiments.language_model.train import Settings, build

WORDS, COLUMNS, STEPS = 300, 6, 4
SMALL = {"embedding_size": 24, "hidden_size": 24}
WEIGHTS, LOSSES = 2e-6, 1e-5  # rounding after a step that moves all weights together by a half; after several


def same_weights(cell: str) -> bool:
    """After one step, every weight."""
    (_, stock), (_, fast) = (stepped(cell, path, 1) for path in ("stock", "fast"))
    return all(bool((a - b).abs().max() <= WEIGHTS) for a, b in zip(stock, fast, strict=True))


def same_losses(cell: str) -> bool:
    """Over several steps, each of which starts from the weights and the state that the last one left."""
    (stock, _), (fast, _) = (stepped(cell, path, STEPS) for path in ("stock", "fast"))
    return all(abs(a - b) <= LOSSES for a, b in zip(stock, fast, strict=True))


def stepped(cell: str, path: str, steps: int) -> tuple[list[float], list[Tensor]]:
    """The losses of some steps, and all weights after them."""
    settings = Settings(cell=cell, path=path, **SMALL)  # type: ignore[arg-type]
    trained = build(settings, WORDS, torch.Generator().manual_seed(0))
    text = torch.randint(WORDS, (steps, settings.bptt, COLUMNS), generator=torch.Generator().manual_seed(1))
    hidden, losses = trained.model.initial_hidden(COLUMNS), []
    for window in text:
        loss, hidden = trained.step(window, window.roll(-1, 0).flatten(), hidden, 0.5 / settings.clip)
        losses.append(loss.item())
    return losses, [parameter.detach() for parameter in trained.model.parameters()]
