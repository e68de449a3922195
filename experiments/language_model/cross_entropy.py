"""Decoder and cross entropy in one: loss and gradients by chunks of rows, so that the logits are never whole."""

import torch
from torch import Tensor, nn

CHUNK_ROWS = 175
ALIGNMENT = 32


class LinearCrossEntropy:
    r"""Mean of \(-\log \mathrm{softmax}(x W^\top + b)_t\) over rows, and its gradients.

    With \(p = \mathrm{softmax}(x W^\top + b)\), \(\partial L / \partial z = (p - 1_t) / N\), so a chunk's logits turn
    into their gradient in place and feed both backward products at once, as in Cut Your Losses (Wijmans et al. 2024)
    and Liger Kernel (Hsu et al. 2024). Products take operands of `dtype` and sum in float32; the softmax, the loss and
    the sums over chunks are float32.

    The bias rides as one more column of the weights, against a column of ones; zero columns fill up to a width that the
    matrix product likes. Call `refresh` after each change of the decoder's parameters.
    """

    def __init__(self, decoder: nn.Linear, dtype: torch.dtype, chunk_rows: int = CHUNK_ROWS) -> None:
        self.decoder, self.chunk_rows = decoder, chunk_rows
        words, self.size = decoder.weight.shape
        width = -(-(self.size + 1) // ALIGNMENT) * ALIGNMENT
        # Buffers are kept: fresh pages for arrays this large would cost as much as the arithmetic.
        device = decoder.weight.device
        self.operand = torch.zeros(words, width, dtype=dtype, device=device)
        self.logits = torch.empty(chunk_rows, words, dtype=dtype, device=device)
        self.probabilities = torch.empty(chunk_rows, words, device=device)
        self.product = torch.empty(words, width, dtype=dtype, device=device)
        self.gradient = torch.empty(words, width, device=device)
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over the decoder's present weight and bias."""
        self.operand[:, : self.size] = self.decoder.weight
        self.operand[:, self.size] = self.decoder.bias

    @property
    def weight_gradient(self) -> Tensor:
        """Gradient of the decoder's weight, (words, size), as the last call of `gradients` left it."""
        return self.gradient[:, : self.size]

    @property
    def bias_gradient(self) -> Tensor:
        """Gradient of the decoder's bias, (words,)."""
        return self.gradient[:, self.size]

    @torch.no_grad()
    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean loss for `features` (rows, size) and `targets` (rows,)."""
        total = features.new_zeros(())
        for chunk, answer in zip(
            self._widened(features).split(self.chunk_rows), targets.split(self.chunk_rows), strict=True
        ):
            total += self._forward(chunk, answer)[0]
        return total / len(features)

    @torch.no_grad()
    def gradients(self, features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and its gradient with respect to `features`; the decoder's are kept in `gradient`."""
        widened = self._widened(features)
        total = features.new_zeros(())
        returned = torch.empty_like(features)
        share = 1 / len(features)
        for start in range(0, len(features), self.chunk_rows):
            rows = slice(start, start + self.chunk_rows)
            chunk, answer = widened[rows], targets[rows]
            loss, probabilities = self._forward(chunk, answer)
            total += loss
            probabilities[torch.arange(len(chunk), device=chunk.device), answer] -= 1
            error = self.logits[: len(chunk)].copy_(probabilities)  # (rows, words), N times the logits' gradient
            returned[rows] = (error @ self.operand)[:, : self.size]
            torch.mm(error.t(), chunk, out=self.product)
            if start == 0:
                torch.mul(self.product, share, out=self.gradient)
            else:
                self.gradient.add_(self.product, alpha=share)
        return total * share, returned.mul_(share)

    def _widened(self, features: Tensor) -> Tensor:
        """`features` as an operand, with the bias's column of ones."""
        widened = self.operand.new_zeros(len(features), self.operand.shape[1])
        widened[:, : self.size] = features
        widened[:, self.size] = 1
        return widened

    def _forward(self, chunk: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss of a chunk and its softmax (rows, words) in float32."""
        logits = torch.mm(chunk, self.operand.t(), out=self.logits[: len(chunk)])
        probabilities = self.probabilities[: len(chunk)]
        torch.softmax(logits, dim=1, dtype=torch.float32, out=probabilities)
        picked = probabilities.gather(1, targets[:, None])
        # An answer less likely than the smallest normal number counts with that number's loss, 87 nats, not infinity.
        return -picked.clamp_min(torch.finfo(torch.float32).tiny).log().sum(), probabilities
