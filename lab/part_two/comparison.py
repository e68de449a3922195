"""From-scratch modules against torch.nn: largest forward and gradient difference, in double precision."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lab.part_two.convolution import conv2d, conv_transpose2d, max_pool2d
from lab.part_two.loss import cross_entropy
from lab.part_two.recurrent import gru_cell, layers_of, lstm_cell, unroll, weights_of
from lab.part_two.regularisation import BatchNorm2d, dropout, dropout2d


class Difference(NamedTuple):
    """Largest absolute difference to torch.nn, of the outputs and of the gradients."""

    forward: float
    gradient: float


Outputs = Tensor | Sequence[Tensor]
Module = Callable[..., Any]  # a from-scratch function, or a class that makes one


def compare(
    ours: Callable[[], Outputs], theirs: Callable[[], Outputs], leaves: Sequence[Tensor], seed: int
) -> Difference:
    """Run both on the same leaves, pull the same random cotangents back through both, and compare.

    One seed starts both runs, so that modules that draw random masks draw the same one.
    """

    def run(function: Callable[[], Outputs]) -> tuple[list[Tensor], Sequence[Tensor]]:
        torch.manual_seed(seed)
        outputs = function()
        listed = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        generator = torch.Generator().manual_seed(seed)
        cotangents = [torch.randn(out.shape, dtype=out.dtype, generator=generator) for out in listed]
        return listed, torch.autograd.grad(listed, leaves, cotangents)

    def largest(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
        assert [a.shape for a in first] == [b.shape for b in second]
        apart = [(a - b).detach().abs().max() for a, b in zip(first, second, strict=True)]
        return torch.stack(apart).max().item()  # of tensors: NaN stays NaN

    our_outputs, our_gradients = run(ours)
    their_outputs, their_gradients = run(theirs)
    return Difference(largest(our_outputs, their_outputs), largest(our_gradients, their_gradients))


def convolution_inputs(seed: int) -> tuple[Tensor, nn.Conv2d, nn.ConvTranspose2d, nn.MaxPool2d]:
    """An input and the modules of torch; their strides leave a remainder, so that rounding the sides matters."""
    torch.manual_seed(seed)
    x = torch.randn(2, 3, 12, 10, dtype=torch.double, requires_grad=True)
    conv = nn.Conv2d(3, 4, kernel_size=3, stride=2, padding=1, dilation=2, dtype=torch.double)
    up = nn.ConvTranspose2d(3, 5, kernel_size=4, stride=3, padding=1, output_padding=2, dtype=torch.double)
    return x, conv, up, nn.MaxPool2d(3, stride=2, padding=1)


def compare_convolutions(
    seed: int, conv2d: Module = conv2d, conv_transpose2d: Module = conv_transpose2d, max_pool2d: Module = max_pool2d
) -> dict[str, Difference]:
    """Conv2d, ConvTranspose2d and MaxPool2d; another function can be put in the place of each of ours."""
    x, conv, up, pool = convolution_inputs(seed)
    return {
        "Conv2d": compare(
            lambda: conv2d(x, conv.weight, conv.bias, stride=2, padding=1, dilation=2),
            lambda: conv(x),
            [x, *conv.parameters()],
            seed,
        ),
        "ConvTranspose2d": compare(
            lambda: conv_transpose2d(x, up.weight, up.bias, stride=3, padding=1, output_padding=2),
            lambda: up(x),
            [x, *up.parameters()],
            seed,
        ),
        "MaxPool2d": compare(lambda: max_pool2d(x, 3, stride=2, padding=1), lambda: pool(x), [x], seed),
    }


def batch_norm_inputs(seed: int) -> tuple[Tensor, nn.BatchNorm2d]:
    """An input (N, C, H, W), and torch's module with a random scale and shift."""
    torch.manual_seed(seed)
    x = torch.randn(6, 4, 5, 3, dtype=torch.double, requires_grad=True)
    norm = nn.BatchNorm2d(4, dtype=torch.double)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return x, norm


def compare_regularisation(
    seed: int, batch_norm: Module = BatchNorm2d, dropout: Module = dropout
) -> dict[str, Difference]:
    """Dropout and Dropout2d under one seed; BatchNorm2d in training, then in evaluation with what training left."""
    x, theirs = batch_norm_inputs(seed)
    ours = batch_norm(theirs.weight, theirs.bias)
    leaves = [x, theirs.weight, theirs.bias]
    differences = {
        "Dropout": compare(lambda: dropout(x, 0.3, training=True), lambda: nn.Dropout(0.3)(x), [x], seed),
        "Dropout2d": compare(lambda: dropout2d(x, 0.3, training=True), lambda: nn.Dropout2d(0.3)(x), [x], seed),
        "BatchNorm2d, training": compare(lambda: ours(x, training=True), lambda: theirs(x), leaves, seed),
    }
    theirs.eval()
    differences["BatchNorm2d, evaluation"] = compare(lambda: ours(x, training=False), lambda: theirs(x), leaves, seed)
    return differences


def recurrent_inputs(seed: int) -> tuple[Tensor, Tensor, Tensor, nn.LSTMCell, nn.GRUCell]:
    """An input, a hidden and a cell state, and the cells of torch."""
    torch.manual_seed(seed)
    step, hidden, cell = (torch.randn(4, size, dtype=torch.double, requires_grad=True) for size in (3, 5, 5))
    return step, hidden, cell, nn.LSTMCell(3, 5, dtype=torch.double), nn.GRUCell(3, 5, dtype=torch.double)


def compare_recurrent(seed: int, lstm_cell: Module = lstm_cell, gru_cell: Module = gru_cell) -> dict[str, Difference]:
    """LSTM and GRU: single cells from a random state, two-layer stacks over seven steps from zero."""
    step, hidden, cell, lstm_step, gru_step = recurrent_inputs(seed)
    sequence = torch.randn(7, 4, 3, dtype=torch.double, requires_grad=True)
    lstm_stack, gru_stack = (kind(3, 5, num_layers=2, dtype=torch.double) for kind in (nn.LSTM, nn.GRU))

    def run_lstm_stack() -> tuple[Tensor, Tensor, Tensor]:
        outputs, (last_hidden, last_cell) = lstm_stack(sequence)
        return outputs, last_hidden, last_cell

    return {
        "LSTMCell": compare(
            lambda: lstm_cell(step, (hidden, cell), weights_of(lstm_step.parameters())),
            lambda: lstm_step(step, (hidden, cell)),
            [step, hidden, cell, *lstm_step.parameters()],
            seed,
        ),
        "GRUCell": compare(
            lambda: gru_cell(step, (hidden,), weights_of(gru_step.parameters())),
            lambda: gru_step(step, hidden),
            [step, hidden, *gru_step.parameters()],
            seed,
        ),
        "LSTM": compare(
            lambda: unroll(lstm_cell, sequence, layers_of(lstm_stack), carried=2),
            run_lstm_stack,
            [sequence, *lstm_stack.parameters()],
            seed,
        ),
        "GRU": compare(
            lambda: unroll(gru_cell, sequence, layers_of(gru_stack), carried=1),
            lambda: gru_stack(sequence),
            [sequence, *gru_stack.parameters()],
            seed,
        ),
    }


def loss_inputs(seed: int) -> tuple[Tensor, Tensor]:
    """Logits around 1000, where an exponential taken carelessly overflows, and the right classes."""
    torch.manual_seed(seed)
    return (1000 + torch.randn(8, 6, dtype=torch.double)).requires_grad_(), torch.randint(6, (8,))


def compare_loss(seed: int, cross_entropy: Module = cross_entropy) -> dict[str, Difference]:
    """Cross-entropy, its mean over the examples."""
    logits, target = loss_inputs(seed)
    theirs = nn.CrossEntropyLoss()
    ours = compare(lambda: cross_entropy(logits, target), lambda: theirs(logits, target), [logits], seed)
    return {"CrossEntropyLoss": ours}


COMPARISONS = (compare_convolutions, compare_regularisation, compare_recurrent, compare_loss)


def differences(seed: int) -> dict[str, Difference]:
    """All comparisons at one seed."""
    return {name: found for compare_all in COMPARISONS for name, found in compare_all(seed).items()}
