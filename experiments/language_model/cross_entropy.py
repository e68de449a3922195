"""Decoder and cross entropy in one: loss, gradients and update by chunks, so that no logit is kept in float32."""

import torch
from torch import Tensor, nn

CHUNK_ROWS = 700  # of features: a window of the example, so that the weight's gradient is written once
BLOCK_ROWS = 20  # of logits in float32 at a time, so that the softmax stays in the cache
UPDATED_ROWS = 8  # of the weight at a time, so that its copy for the products is made while it is in the cache


class LinearCrossEntropy:
    r"""Mean of \(-\log \mathrm{softmax}(x W^\top + b)_t\) over rows, and its gradients.

    With \(p = \mathrm{softmax}(x W^\top + b)\), \(\partial L / \partial z = (p - 1_t) / N\), so a chunk's logits turn
    into their gradient in place and feed both backward products at once, as in Cut Your Losses (Wijmans et al. 2024)
    and Liger Kernel (Hsu et al. 2024). Products take operands of `dtype` and sum in float32; the softmax, the loss and
    the sums over chunks are float32.

    All arrays are kept with the vocabulary along their rows, (size + 1, words), the bias as the last row against a
    column of ones: so all three products read and write their large operand in order. The decoder's weight is stored
    that way, too. Call `refresh` after each change of the decoder's parameters from outside.
    """

    def __init__(
        self, decoder: nn.Linear, dtype: torch.dtype, chunk_rows: int = CHUNK_ROWS, block_rows: int = BLOCK_ROWS
    ) -> None:
        words, self.size = decoder.weight.shape
        decoder.weight.data = decoder.weight.data.t().contiguous().t()
        self.decoder, self.chunk_rows, self.block_rows = decoder, chunk_rows, block_rows
        # Buffers are kept: fresh pages for arrays this large would cost as much as the arithmetic.
        device = decoder.weight.device
        self.operand = torch.empty(self.size + 1, words, dtype=dtype, device=device)
        self.product = torch.empty_like(self.operand)
        self.gradient = torch.empty(self.size + 1, words, device=device)
        self.logits = torch.empty(chunk_rows, words, dtype=dtype, device=device)
        self.probabilities = torch.empty(block_rows, words, device=device)
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over the decoder's present weight and bias."""
        self.operand[:-1] = self.decoder.weight.t()
        self.operand[-1] = self.decoder.bias

    @torch.no_grad()
    def update(self, scale: Tensor) -> None:
        """Add `scale` (a number) times the gradient to the decoder's parameters."""
        parts = (rows.split(UPDATED_ROWS) for rows in (self.decoder.weight.t(), self.gradient[:-1], self.operand[:-1]))
        for weight, gradient, operand in zip(*parts, strict=True):
            operand.copy_(weight.addcmul_(gradient, scale))
        self.operand[-1] = self.decoder.bias.addcmul_(self.bias_gradient, scale)

    def squared_norm(self) -> Tensor:
        """Of the gradient, row by row: float32 summed in one go over this many elements would be a thousandth off."""
        return torch.linalg.vector_norm(self.gradient, dim=1).square().sum()

    @property
    def weight_gradient(self) -> Tensor:
        """Gradient of the decoder's weight, (words, size), as the last call of `gradients` left it."""
        return self.gradient[:-1].t()

    @property
    def bias_gradient(self) -> Tensor:
        """Gradient of the decoder's bias, (words,)."""
        return self.gradient[-1]

    @torch.no_grad()
    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean loss for `features` (rows, size) and `targets` (rows,)."""
        parts = self._widened(features).split(self.chunk_rows), targets.split(self.chunk_rows)
        losses = [self._forward(chunk, answers)[0] for chunk, answers in zip(*parts, strict=True)]
        return torch.stack(losses).sum() / len(features)

    @torch.no_grad()
    def gradients(self, features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and its gradient with respect to `features`; the decoder's are kept in `gradient`."""
        widened = self._widened(features)
        total = features.new_zeros(())
        returned = torch.empty_like(features)
        share = 1 / len(features)
        for start in range(0, len(features), self.chunk_rows):
            rows = slice(start, start + self.chunk_rows)
            loss, error = self._forward(widened[rows], targets[rows])
            total += loss
            returned[rows] = (error @ self.operand.t())[:, :-1]
            torch.mm(widened[rows].t(), error, out=self.product)  # (size + 1, words)
            if start == 0:
                torch.mul(self.product, share, out=self.gradient)
            else:
                self.gradient.add_(self.product, alpha=share)
        return total * share, returned.mul_(share)

    def _widened(self, features: Tensor) -> Tensor:
        """`features` as an operand, with the bias's column of ones."""
        return torch.cat([features, features.new_ones(len(features), 1)], dim=1).to(self.operand.dtype)

    def _forward(self, chunk: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss of a chunk and its derivative with respect to the logits, (rows, words)."""
        logits = torch.mm(chunk, self.operand, out=self.logits[: len(chunk)])
        total = self.probabilities.new_zeros(())
        parts = logits.split(self.block_rows), targets[:, None].split(self.block_rows)
        for block, answers in zip(*parts, strict=True):
            probabilities = self.probabilities[: len(block)]
            torch.softmax(block, dim=1, dtype=torch.float32, out=probabilities)
            picked = probabilities.gather(1, answers)
            # An answer less likely than the smallest normal number counts with that number's loss, 87 nats, not
            # infinity.
            total -= picked.clamp_min(torch.finfo(torch.float32).tiny).log().sum()
            block.copy_(probabilities.scatter_(1, answers, picked - 1))
        return total, logits
