"""The training step of `stock.py` at equal mathematics and less cost.

The decoder takes nine tenths of the arithmetic: `cross_entropy.py` fuses it with the loss and its update. `lstm.py` and
`gru.py` multiply with all inputs of a window at once. The embedding's gradient has only as many rows as the window has
words, so it is never spread over the vocabulary; the norm for clipping is exact all the same. Dropout masks come from
the generator in the example's order. No step waits for a number on the host.
"""

from collections.abc import Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from experiments.language_model.cross_entropy import BLOCK_ROWS, LinearCrossEntropy
from experiments.language_model.gru import GRULayer
from experiments.language_model.lstm import LSTMLayer
from experiments.language_model.model import Hidden, RNNModel, repackage_hidden
from writeup.errors import WriteupError

CLIP_EPSILON = 1e-6  # as in torch.nn.utils.clip_grad_norm_


class FastPath:
    """Steps and losses as `StockPath` gives them, up to the rounding of `precision` in the matrix products.

    The recurrence of RNN_TANH and RNN_RELU stays PyTorch's, in float32."""

    precisions: ClassVar[dict[str, torch.dtype]] = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    block_rows = BLOCK_ROWS

    def __init__(self, model: RNNModel, clip: float, generator: torch.Generator, precision: str) -> None:
        if precision not in self.precisions:
            legal = ", ".join(self.precisions)
            raise WriteupError(f"language model: precision is {precision!r}; legal on this device are {legal}")
        self.model, self.clip, self.generator = model, clip, generator
        self.dtype = self.precisions[precision]
        self.cross_entropy = LinearCrossEntropy(model.decoder, self.dtype, block_rows=self.block_rows)
        self.recurrent_weights: list[nn.Parameter] = list(model.rnn.parameters())

    def weights_replaced(self) -> None:
        """To be called when the model's weights were changed from outside."""
        self.cross_entropy.refresh()

    def step(self, inputs: Tensor, targets: Tensor, hidden: Hidden, learning_rate: float) -> tuple[Tensor, Hidden]:
        """Train on one window; returns its mean loss (nats a word, before the update) and the new state."""
        embedded = self.model.encoder.weight.detach()[inputs].requires_grad_()  # (length, batch, embedding)
        with torch.enable_grad():
            output, hidden = self._recur(self._drop(embedded), repackage_hidden(hidden), training=True)
            features = self._drop(output).flatten(0, 1)  # (length * batch, hidden)
        loss, gradient = self.cross_entropy.gradients(features.detach(), targets)
        gradients = torch.autograd.grad(features, [embedded, *self.recurrent_weights], gradient)
        self._update(inputs.flatten(), gradients[0].flatten(0, 1), gradients[1:], learning_rate)
        return loss, repackage_hidden(hidden)

    @torch.no_grad()
    def loss(self, inputs: Tensor, targets: Tensor, hidden: Hidden) -> tuple[Tensor, Hidden]:
        """Mean loss of one window without dropout and without training."""
        output, hidden = self._recur(self.model.encoder.weight[inputs], hidden, training=False)
        return self.cross_entropy.loss(output.flatten(0, 1), targets), hidden

    def _drop(self, values: Tensor) -> Tensor:
        """Dropout as torch's modules do it, from our own generator."""
        probability = self.model.drop.p
        if probability == 0:
            return values
        return values * self._mask(values, 1 - probability).div_(1 - probability)

    def _mask(self, values: Tensor, keep: float) -> Tensor:
        """Ones with probability `keep`, else zeros, in the shape of `values`."""
        return torch.empty_like(values).bernoulli_(keep, generator=self.generator)

    def _recur(self, values: Tensor, hidden: Hidden, training: bool) -> tuple[Tensor, Hidden]:
        """All recurrent layers, with dropout between them in training."""
        lasts: list[Sequence[Tensor]] = []
        for layer, parameters in enumerate(self.model.rnn.all_weights):
            weights: list[Tensor] = list(parameters)
            if training and layer > 0:
                values = self._drop(values)
            if self.model.cell == "GRU":
                values = GRULayer.apply(values, hidden[layer], *weights, self.dtype)
                lasts.append((values[-1],))
            elif self.model.cell == "LSTM":
                values, last = LSTMLayer.apply(values, hidden[0][layer], hidden[1][layer], *weights, self.dtype)
                lasts.append((values[-1], last))
            else:
                recurrence = torch.rnn_tanh if self.model.cell == "RNN_TANH" else torch.rnn_relu
                state = cast(Tensor, hidden)[layer : layer + 1]
                # Biases, one layer, no dropout inside, mode, one direction, time first.
                values, end = recurrence(values, state, weights, True, 1, 0.0, training, False, False)
                lasts.append((end[0],))
        stacked = tuple(torch.stack(parts) for parts in zip(*lasts, strict=True))
        return values, (stacked[0], stacked[1]) if self.model.cell == "LSTM" else stacked[0]

    @torch.no_grad()
    def _update(self, words: Tensor, word_gradients: Tensor, gradients: Sequence[Tensor], learning_rate: float) -> None:
        """Clip by the global norm, then one step of gradient descent."""
        if self.model.tied:  # one matrix, two roles: the gradients add up
            self.cross_entropy.weight_gradient.index_add_(0, words, word_gradients)
        # A repeated word's gradients are summed in one row, that of its first place in alphabetical order.
        rows = torch.searchsorted(words.sort().values, words)
        squares = [gradient.square().sum() for gradient in gradients]
        squares.append(self.cross_entropy.squared_norm())
        if not self.model.tied:
            squares.append(torch.zeros_like(word_gradients).index_add_(0, rows, word_gradients).square().sum())
        norm = torch.stack(squares).sum().sqrt()
        scale = (self.clip / (norm + CLIP_EPSILON)).clamp_max(1) * -learning_rate
        for weight, gradient in zip(self.recurrent_weights, gradients, strict=True):
            weight.addcmul_(gradient, scale)
        self.cross_entropy.update(scale)
        if not self.model.tied:
            self.model.encoder.weight.index_add_(0, words, word_gradients * scale)
