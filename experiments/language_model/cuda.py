"""The fast path on a CUDA device, where launching kernels costs more than their arithmetic.

Step by step, the two recurrent layers would launch over a thousand kernels a window. cuDNN runs a layer in one call,
forward and backward, the GRU as well as the LSTM, so that no CUDA graph is needed. What goes by cache-sized blocks on a
CPU goes by whole chunks here. Dropout masks still come from the CPU's generator: a seed means the same weights and
masks on every device, so that a record made here can be replayed elsewhere. Sums over repeated words have no fixed
order here; two runs agree up to rounding, and so does one that was interrupted.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from experiments.language_model.cross_entropy import CHUNK_ROWS
from experiments.language_model.fast import FastPath
from experiments.language_model.model import Hidden, RNNModel


class CudaPath(FastPath):
    """Steps and losses as `FastPath` gives them; the model must already be on the device.

    `float32` keeps float32 products as they are, `tf32` rounds their operands to TF32, `bfloat16` takes the decoder's
    operands in bfloat16 and the recurrence's in TF32; sums stay float32. These are switches of the whole process, set
    by the last path made, and PyTorch's older `allow_tf32` may refuse to be read after them.
    """

    precisions: ClassVar[dict[str, torch.dtype]] = {**FastPath.precisions, "tf32": torch.float32}
    block_rows = CHUNK_ROWS

    def __init__(self, model: RNNModel, clip: float, generator: torch.Generator, precision: str) -> None:
        super().__init__(model, clip, generator, precision)
        products = "ieee" if precision == "float32" else "tf32"
        torch.backends.cuda.matmul.fp32_precision = products
        torch.backends.cudnn.rnn.fp32_precision = products  # type: ignore[attr-defined]  # a module that is a class
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        self.layers = [_single_layer(model.rnn, index) for index in range(model.rnn.num_layers)]
        self.recurrent_weights = [weight for layer in self.layers for weight in layer.parameters()]

    def _mask(self, values: Tensor, keep: float) -> Tensor:
        # Drawing is most of the host's time in a step, which several runs side by side hide. From pinned memory the
        # copy runs beside the kernels, and the host does not wait for it.
        mask = torch.empty(values.shape, pin_memory=values.is_cuda).bernoulli_(keep, generator=self.generator)
        return mask.to(values.device, non_blocking=True)

    def _recur(self, values: Tensor, hidden: Hidden, training: bool) -> tuple[Tensor, Hidden]:
        states = (hidden,) if isinstance(hidden, Tensor) else hidden
        ends: list[tuple[Tensor, ...]] = []
        for index, layer in enumerate(self.layers):
            if training and index > 0:
                values = self._drop(values)
            state = tuple(part[index : index + 1] for part in states)
            values, end = layer(values, state if len(state) > 1 else state[0])
            ends.append((end,) if isinstance(end, Tensor) else end)
        joined = tuple(torch.cat(parts) for parts in zip(*ends, strict=True))
        return values, (joined[0], joined[1]) if len(joined) > 1 else joined[0]


def _single_layer(rnn: nn.RNNBase, index: int) -> nn.RNNBase:
    """The layer alone, in the one piece of memory that cuDNN wants; the whole network's weights become views of it."""
    weights: list[Tensor] = list(rnn.all_weights[index])
    make: Callable[..., nn.RNNBase] = type(rnn)
    options = {"nonlinearity": rnn.nonlinearity} if isinstance(rnn, nn.RNN) else {}
    # Made on the meta device, so that it draws no initial weights; the move flattens them.
    layer = make(weights[0].shape[1], rnn.hidden_size, device="meta", **options).to_empty(device=weights[0].device)
    for own, shared in zip(layer.parameters(), weights, strict=True):
        own.data.copy_(shared)
        shared.data = own.data
    return layer
