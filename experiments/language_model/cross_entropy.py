"""Decoder and cross entropy in one: loss, gradients and update by chunks, so that the logits are never whole."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

CHUNK_ROWS = 350  # of features: half a window of the example, so that the gradient is read and written only twice
BLOCK_ROWS = 20  # of logits in float32 at a time, so that the softmax stays in the cache
BLOCK_WORDS = 2048  # of the weight's gradient in `dtype` at a time, for the same reason
ALIGNMENT = 32


class LinearCrossEntropy:
    r"""Mean of \(-\log \mathrm{softmax}(x W^\top + b)_t\) over rows, and its gradients.

    With \(p = \mathrm{softmax}(x W^\top + b)\), \(\partial L / \partial z = (p - 1_t) / N\), so a chunk's logits turn
    into their gradient in place and feed both backward products at once, as in Cut Your Losses (Wijmans et al. 2024)
    and Liger Kernel (Hsu et al. 2024). Products take operands of `dtype` and sum in float32; the softmax, the loss and
    the sums over chunks are float32.

    The bias rides as one more column of the weights, against a column of ones; zero columns fill up to a width that the
    matrix product likes. Call `refresh` after each change of the decoder's parameters from outside.
    """

    def __init__(
        self,
        decoder: nn.Linear,
        dtype: torch.dtype,
        chunk_rows: int = CHUNK_ROWS,
        block_rows: int = BLOCK_ROWS,
        block_words: int = BLOCK_WORDS,
    ) -> None:
        words, self.size = decoder.weight.shape
        self.decoder, self.chunk_rows = decoder, chunk_rows
        self.block_rows, self.block_words = block_rows, min(block_words, words)
        width = -(-(self.size + 1) // ALIGNMENT) * ALIGNMENT
        # Buffers are kept: fresh pages for arrays this large would cost as much as the arithmetic.
        device = decoder.weight.device
        self.operand = torch.zeros(words, width, dtype=dtype, device=device)
        self.logits = torch.empty(chunk_rows, words, dtype=dtype, device=device)
        self.probabilities = torch.empty(block_rows, words, device=device)
        self.product = torch.empty(self.block_words, width, dtype=dtype, device=device)
        self.gradient = torch.empty(words, width, device=device)
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over the decoder's present weight and bias."""
        self.operand[:, : self.size] = self.decoder.weight
        self.operand[:, self.size] = self.decoder.bias

    @torch.no_grad()
    def update(self, scale: Tensor) -> None:
        """Add `scale` (a number) times the gradient to the decoder's parameters."""
        self.decoder.bias.addcmul_(self.bias_gradient, scale)
        for block in self._word_blocks():  # the operand takes its copy while the block is in the cache
            weight = self.decoder.weight[block].addcmul_(self.weight_gradient[block], scale)
            self.operand[block, : self.size] = weight
        self.operand[:, self.size] = self.decoder.bias

    def squared_norm(self) -> Tensor:
        """Of the gradient, row by row: float32 summed in one go over this many elements would be a thousandth off."""
        return torch.linalg.vector_norm(self.gradient, dim=1).square().sum()

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
            chunk = widened[rows]
            loss, error = self._forward(chunk, targets[rows])
            total += loss
            returned[rows] = (error @ self.operand)[:, : self.size]
            for block in self._word_blocks():
                part = error[:, block].t()
                product = torch.mm(part, chunk, out=self.product[: len(part)])
                if start == 0:
                    torch.mul(product, share, out=self.gradient[block])
                else:
                    self.gradient[block].add_(product, alpha=share)
        return total * share, returned.mul_(share)

    def _word_blocks(self) -> Iterator[slice]:
        """Slices that part the vocabulary."""
        for start in range(0, len(self.operand), self.block_words):
            yield slice(start, start + self.block_words)

    def _widened(self, features: Tensor) -> Tensor:
        """`features` as an operand, with the bias's column of ones."""
        widened = self.operand.new_zeros(len(features), self.operand.shape[1])
        widened[:, : self.size] = features
        widened[:, self.size] = 1
        return widened

    def _forward(self, chunk: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss of a chunk and its derivative with respect to the logits, (rows, words)."""
        logits = torch.mm(chunk, self.operand.t(), out=self.logits[: len(chunk)])
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
