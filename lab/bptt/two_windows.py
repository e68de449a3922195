"""Two neighbouring windows of text through a small language model in double precision: what crosses the border."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.language_model.model import Hidden, RNNModel, drawing_from, repackage_hidden
from experiments.language_model.train import Settings

WINDOW = Settings().bptt
VOCABULARY, EMBEDDING_SIZE, HIDDEN_SIZE, LAYERS, COLUMNS = 20, 5, 6, 2, 3
REMEMBERING = 3.0  # bias of the forget gates: keeps 95 % a step, so that differences can be seen 70 words back
SEED = 2020
STEP = 1e-2  # by which an embedding is moved
VISIBLE = 1e-12  # a change of a loss of about 3 that double precision shows for certain


@dataclass(frozen=True)
class TwoWindows:
    """A model with long memory, and 2 * `length` words of random text, (2 * length, columns), with their successors."""

    model: RNNModel
    inputs: Tensor
    targets: Tensor

    @classmethod
    @cache
    def make(cls, length: int = WINDOW, cell: str = "LSTM") -> TwoWindows:
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

    def losses(self, cut: str, embedded: Tensor | None = None, border: Hidden | None = None) -> Tensor:
        """Loss of every word, (2 * length, columns).

        `cut` says what of the state between the windows is detached: "all", "h" (of an LSTM's pair) or "nothing".
        `embedded` stands in for the embeddings of `inputs`; `border`, for the state between the windows.
        """
        if embedded is None:
            embedded = self.model.encoder(self.inputs)
        first, second = embedded.split(self.length)
        before, state = self.model.rnn(first)
        if border is not None:
            state = border
        elif cut == "all":
            state = repackage_hidden(state)
        elif cut == "h":
            state = (state[0].detach(), state[1])
        after, _ = self.model.rnn(second, state)
        logits = self.model.decoder(torch.cat([before, after]))
        return functional.cross_entropy(logits.permute(0, 2, 1), self.targets, reduction="none")

    def gradients(self, cut: str, rows: slice = slice(None)) -> list[Tensor]:
        """Gradient of the summed loss of `rows` by each parameter."""
        return list(torch.autograd.grad(self.losses(cut)[rows].sum(), list(self.model.parameters())))

    def reached(self, cut: str) -> list[bool]:
        """For each word, whether the gradient of the last word's loss reaches its embedding."""
        embedded = self.model.encoder(self.inputs).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.losses(cut, embedded)[-1, 0], embedded)
        return (gradient.abs().amax((1, 2)) > 0).tolist()

    @torch.no_grad()
    def felt(self, held: str) -> list[bool]:
        """For each word, whether the last word's loss changes when its embedding is moved a little.

        What `held` names of the state between the windows stays at its values: the route that needs no graph.
        """
        embedded = self.model.encoder(self.inputs)
        unmoved = self.model.rnn(embedded[: self.length])[1]
        found = []
        for position in range(-1, len(self.inputs)):
            moved = embedded.clone()
            if position >= 0:
                moved[position, 0] += STEP
            state = self.model.rnn(moved[: self.length])[1]
            state = {"all": unmoved, "h": (unmoved[0], state[1]), "nothing": state}[held]
            found.append(self.losses("nothing", moved, state)[-1, 0])
        return ((torch.stack(found[1:]) - found[0]).abs() > VISIBLE).tolist()
