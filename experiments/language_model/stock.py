"""One training step and one evaluation as the public example does them, with PyTorch's own modules."""

import torch
from torch import Tensor, nn
from torch.autograd.profiler import record_function
from torch.nn import functional

from experiments.language_model.model import Hidden, RNNModel, drawing_from, repackage_hidden


class StockPath:
    """The example's step: log-softmax over all words, autograd, `clip_grad_norm_`, plain gradient descent.

    The named regions cost next to nothing and let a profiler tell the phases apart.
    """

    def __init__(self, model: RNNModel, clip: float, generator: torch.Generator) -> None:
        self.model, self.clip, self.generator = model, clip, generator

    def step(self, inputs: Tensor, targets: Tensor, hidden: Hidden, learning_rate: float) -> tuple[Tensor, Hidden]:
        """Train on one window; returns its mean loss (nats a word, before the update) and the new state."""
        self.model.train()
        self.model.zero_grad()
        with record_function("repackage_hidden"):
            hidden = repackage_hidden(hidden)
        with record_function("forward"), drawing_from(self.generator):
            log_probabilities, hidden = self.model(inputs, hidden)
            loss = functional.nll_loss(log_probabilities, targets)
        with record_function("backward"):
            loss.backward()
        with record_function("clip"):
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        with record_function("update"), torch.no_grad():
            for parameter in self.model.parameters():
                assert parameter.grad is not None
                parameter.sub_(parameter.grad, alpha=learning_rate)
        return loss.detach(), hidden

    @torch.no_grad()
    def loss(self, inputs: Tensor, targets: Tensor, hidden: Hidden) -> tuple[Tensor, Hidden]:
        """Mean loss of one window without dropout and without training."""
        self.model.eval()
        log_probabilities, hidden = self.model(inputs, hidden)
        return functional.nll_loss(log_probabilities, targets), hidden

    def weights_replaced(self) -> None:
        """Nothing here is derived from the weights."""
