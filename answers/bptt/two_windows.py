"""Two neighbouring windows of text through a small language model in double precision: what crosses the border."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.language_model.model import Hidden, RNNModel, drawing_from, repackage_hidden

VOCABULARY, EMBEDDING_SIZE, HIDDEN_SIZE, LAYERS, COLUMNS = 20, 5, 6, 2, 3
REMEMBERING = 3.0  # bias of the forget gates: keeps 95 % a step, so that finite differences can see 70 words back
SEED = 2020


@dataclass(frozen=True)
class TwoWindows:
    """A model with long memory, and 2 * `length` words of random text, (2 * length, columns), with their successors."""

    model: RNNModel
    inputs: Tensor
    targets: Tensor

    @classmethod
    def make(cls, length: int, cell: str = "LSTM") -> TwoWindows:
        generator = torch.Generator().manual_seed(SEED)
        with drawing_from(generator):
            model = RNNModel(cell, VOCABULARY, EMBEDDING_SIZE, HIDDEN_SIZE, LAYERS, dropout=0.0).double()
        for name, parameter in model.rnn.named_parameters():
            if cell == "LSTM" and name.startswith("bias_ih"):
                nn.init.constant_(parameter[HIDDEN_SIZE : 2 * HIDDEN_SIZE], REMEMBERING)
        text = torch.randint(VOCABULARY, (2 * length + 1, COLUMNS), generator=generator)
        return cls(model, text[:-1], text[1:])

    @property
    def length(self) -> int:
        return len(self.inputs) // 2

    def losses(self, repackaged: bool, embedded: Tensor | None = None, border: Hidden | None = None) -> Tensor:
        """Loss of every word, (2 * length, columns).

        `embedded` stands in for the embeddings of `inputs`; `border`, for the state that enters the second window.
        """
        if embedded is None:
            embedded = self.model.encoder(self.inputs)
        first, second = embedded.split(self.length)
        before, state = self.model.rnn(first)
        after, _ = self.model.rnn(second, border or (repackage_hidden(state) if repackaged else state))
        logits = self.model.decoder(torch.cat([before, after]))
        return functional.cross_entropy(logits.permute(0, 2, 1), self.targets, reduction="none")

    def border(self) -> Hidden:
        """The state between the windows, as values."""
        with torch.no_grad():
            return self.model.rnn(self.model.encoder(self.inputs[: self.length]))[1]

    # -- how far the last word's loss reaches back ------------------------------------------------------------------

    def gradient_reach(self, repackaged: bool) -> Tensor:
        """Norm of the gradient of the last word's loss by the embedding at each position, (2 * length,)."""
        embedded = self.model.encoder(self.inputs).detach().requires_grad_()
        self.losses(repackaged, embedded)[-1, 0].backward()
        assert embedded.grad is not None
        return embedded.grad[:, 0].norm(dim=1)

    @torch.no_grad()
    def value_reach(self, step: float = 1e-2) -> Tensor:
        """How much the last word's loss changes when the embedding at one position moves, (2 * length,)."""
        changes = []
        embedded = self.model.encoder(self.inputs)
        unchanged = self.losses(True, embedded)[-1, 0]
        for position in range(len(self.inputs)):
            moved = embedded.clone()
            moved[position, 0] += step
            changes.append(self.losses(True, moved)[-1, 0] - unchanged)
        return torch.stack(changes).abs()

    # -- the derivative along one direction in the space of all weights ---------------------------------------------

    def direction(self) -> list[Tensor]:
        """A random direction, one tensor a parameter, of length one in all."""
        generator = torch.Generator().manual_seed(SEED + 1)
        parts = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in self.model.parameters()]
        length = torch.stack([part.square().sum() for part in parts]).sum().sqrt()
        return [part / length for part in parts]

    def gradients(self, repackaged: bool, rows: slice = slice(None)) -> list[Tensor]:
        """Gradient of the summed loss of `rows` by each parameter."""
        return list(torch.autograd.grad(self.losses(repackaged)[rows].sum(), list(self.model.parameters())))

    def by_autograd(self, repackaged: bool, rows: slice = slice(None)) -> float:
        """Derivative of the summed loss of `rows` along `direction`."""
        pairs = zip(self.gradients(repackaged, rows), self.direction(), strict=True)
        return sum((gradient * part).sum() for gradient, part in pairs).item()  # type: ignore[union-attr]

    @torch.no_grad()
    def by_difference(self, frozen: bool, rows: slice = slice(None), step: float = 1e-4) -> float:
        """The same by central differences; `frozen` holds the state between the windows at its present values."""
        border = self.border() if frozen else None
        found = []
        for sign in (1, -1):
            with self._moved(sign * step):
                found.append(self.losses(False, border=border)[rows].sum())
        return ((found[0] - found[1]) / (2 * step)).item()

    @contextmanager
    def _moved(self, step: float) -> Iterator[None]:
        kept = [parameter.clone() for parameter in self.model.parameters()]
        for parameter, part in zip(self.model.parameters(), self.direction(), strict=True):
            parameter.add_(part, alpha=step)
        try:
            yield
        finally:
            for parameter, before in zip(self.model.parameters(), kept, strict=True):
                parameter.copy_(before)
