"""Training with and without `repackage_hidden`: what it fails with, what it leaves in memory, what it gets wrong.

All of it on a small model and random words, in the order of the example's `train()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from experiments.language_model.model import RNNModel, drawing_from, repackage_hidden
from experiments.language_model.train import Settings
from lab import laws
from lab.bptt import autograd_graph
from lab.bptt.two_windows import TwoWindows
from lab.uncompiled import uncompiled

EXAMPLE = Settings()
VOCABULARY, SMALL, RATE, SEED = 60, 8, 0.1, 1111
Update = Callable[[nn.Parameter], Any]


@dataclass(frozen=True)
class Saved:
    """Bytes that are held for the backward pass after a batch's forward pass, counted in two ways."""

    walked: int  # by walking the graph
    boxed: int  # by autograd's saving hooks


def train(
    batches: int,
    *,
    repackaged: bool = False,
    retain: bool = False,
    update: Update | None = None,
    cell: str = "LSTM",
    size: int = SMALL,
    columns: int = 2,
    vocabulary: int = VOCABULARY,
    weighed: bool = False,
) -> Iterator[Saved]:
    """Train batch after batch; yields after each. Bytes are counted only if `weighed`, since hooks cost time."""
    generator = torch.Generator().manual_seed(SEED)
    with drawing_from(generator):
        model = RNNModel(cell, vocabulary, size, size, EXAMPLE.layers, dropout=0.0)
    hidden, saved = model.initial_hidden(columns), autograd_graph.SavedTensors()
    for _ in range(batches):
        inputs, targets = torch.randint(vocabulary, (2, EXAMPLE.bptt, columns), generator=generator)
        if repackaged:
            hidden = repackage_hidden(hidden)
        model.zero_grad()
        # With saving hooks autograd does not look at version counters, so they are there only to measure.
        with saved.recording() if weighed else nullcontext():
            log_probabilities, hidden = model(inputs, hidden)
            loss = functional.nll_loss(log_probabilities, targets.flatten())
        weights = Saved(autograd_graph.saved_bytes(loss), saved.bytes()) if weighed else Saved(0, 0)
        loss.backward(retain_graph=retain)
        for parameter in model.parameters():
            if update:
                update(parameter)
        del log_probabilities, loss
        yield weights


def by_data(parameter: nn.Parameter) -> None:
    """The example's update."""
    assert parameter.grad is not None
    parameter.data.add_(parameter.grad, alpha=-RATE)


@torch.no_grad()
def in_place(parameter: nn.Parameter) -> None:
    """The same update, on the parameter itself."""
    assert parameter.grad is not None
    parameter.add_(parameter.grad, alpha=-RATE)


UPDATES: dict[str, Update] = {"p.data.add_": by_data, "p.add_": in_place}


def first_error(**options: Any) -> tuple[int, str]:
    """The number of the batch that fails, and its message's first sentence; (0, "") if none of five does."""
    finished = 0
    try:
        for _ in train(5, **options):
            finished += 1
    except RuntimeError as error:
        return finished + 1, first_sentence(error)
    return 0, ""


def first_sentence(error: RuntimeError) -> str:
    return re.split(r"\. |: \[| \(", str(error), maxsplit=1)[0]


def error_of(run: Callable[[], Any]) -> str:
    """The first sentence of the error that `run` raises; "" if it raises none."""
    try:
        run()
    except RuntimeError as error:
        return first_sentence(error)
    return ""


def exponential_twice() -> None:
    """Any graph, run through twice, fails: no recurrence is needed."""
    value = torch.ones((), requires_grad=True).exp()
    value.backward()
    value.backward()


def square_of_changed() -> None:
    """Any saved value that is changed before the backward pass makes it fail."""
    weight = torch.ones((), requires_grad=True)
    product = weight * weight
    with torch.no_grad():
        weight.add_(1)
    product.backward()


# -- the gradient that is wrong without an error ---------------------------------------------------------------------

LENGTH = EXAMPLE.bptt
WORDS = laws.VOCABULARY


def weights_before() -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in TwoWindows.make(LENGTH).model.named_parameters()}


def weights_after() -> dict[str, Tensor]:
    """After one update on the first window's mean loss, at the example's learning rate and clipped as there."""
    pair = TwoWindows.make(LENGTH)
    with torch.enable_grad():
        gradients = pair.gradients("all", slice(LENGTH))
    model = deepcopy(pair.model)  # which others see, too
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient / pair.targets[:LENGTH].numel()
    nn.utils.clip_grad_norm_(parameters, EXAMPLE.clip)
    torch.optim.SGD(parameters, EXAMPLE.learning_rate).step()
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def second_loss(before: dict[str, Tensor], after: dict[str, Tensor], between: Callable[[], Any] = bool) -> Tensor:
    """Loss of the second window, read with weights `after` from the state that `before` left; then `between` is run."""
    pair = TwoWindows.make(LENGTH)
    first, second = pair.inputs.split(LENGTH)
    _, state = functional_call(pair.model, before, (first, pair.model.initial_hidden(pair.inputs.shape[1])))
    between()
    log_probabilities, _ = functional_call(pair.model, after, (second, state))
    return functional.nll_loss(log_probabilities, pair.targets[LENGTH:].flatten())


@cache
def silent_gradient() -> Tensor:
    """What the example's loop would get for the second window with `retain_graph=True`: one vector."""
    weights = {name: value.requires_grad_() for name, value in weights_before().items()}

    def update() -> None:
        for name, value in weights_after().items():
            weights[name].data.copy_(value)

    return autograd_graph.joined(torch.autograd.grad(second_loss(weights, weights, update), list(weights.values())))


@cache
def true_gradient() -> Tensor:
    """The derivative of the loss that was computed: each window with the weights that it was read with."""
    before = {name: value.requires_grad_() for name, value in weights_before().items()}
    after = {name: value.requires_grad_() for name, value in weights_after().items()}
    both = [*before.values(), *after.values()]
    parts = torch.autograd.grad(second_loss(before, after), both, allow_unused=True, materialize_grads=True)
    return autograd_graph.joined(parts[: len(before)]) + autograd_graph.joined(parts[len(before) :])


@cache
@torch.no_grad()
def gradient_by_differences() -> Tensor:
    """The true gradient by central differences, entry by entry; both sets of weights move together."""
    before, after, step = weights_before(), weights_after(), 1e-5
    found = []
    for name in before:
        flat_before, flat_after = before[name].view(-1), after[name].view(-1)
        for index in range(len(flat_before)):
            losses = []
            for change in (step, -2 * step):
                flat_before[index] += change
                flat_after[index] += change
                losses.append(second_loss(before, after))
            flat_before[index] += step
            flat_after[index] += step
            found.append((losses[0] - losses[1]) / (2 * step))
    return torch.stack(found)


def error_of_silence(truth: Tensor) -> float:
    """How far the silent gradient is from the truth, as a share of the truth's length."""
    return float((silent_gradient() - truth).norm() / truth.norm())


@cache
@uncompiled()
def errors_at_size() -> tuple[float, float]:
    """The same for a model of the example's sizes at its first weights, after one update; of random words.

    The true gradient comes from one graph of both windows and, again, from two, joined at the state by hand.
    """
    generator = torch.Generator().manual_seed(SEED)
    with drawing_from(generator):
        sizes = (EXAMPLE.embedding_size, EXAMPLE.hidden_size, EXAMPLE.layers)
        model = RNNModel(EXAMPLE.cell, WORDS, *sizes, dropout=0.0)
    text = torch.randint(WORDS, (2 * LENGTH + 1, EXAMPLE.batch_size), generator=generator)
    before: dict[str, Tensor] = dict(model.named_parameters())

    def read(weights: dict[str, Tensor], window: int, state: Any) -> tuple[Tensor, Any]:
        words = text[window * LENGTH : (window + 1) * LENGTH + 1]
        log_probabilities, state = functional_call(model, weights, (words[:-1], state))
        return functional.nll_loss(log_probabilities, words[1:].flatten()), state

    loss, state = read(before, 0, model.initial_hidden(EXAMPLE.batch_size))
    gradients = torch.autograd.grad(loss, list(before.values()), retain_graph=True)
    shorter = EXAMPLE.learning_rate * min(1.0, EXAMPLE.clip / (autograd_graph.joined(gradients).norm().item() + 1e-6))
    updated = [
        weight.detach() - shorter * gradient for weight, gradient in zip(before.values(), gradients, strict=True)
    ]
    after = {name: value.requires_grad_() for name, value in zip(before, updated, strict=True)}
    olds, news = list(before.values()), list(after.values())
    together = torch.autograd.grad(read(after, 1, state)[0], [*olds, *news], retain_graph=True, materialize_grads=True)
    cut = tuple(part.detach().requires_grad_() for part in state)
    apart = torch.autograd.grad(read(after, 1, cut)[0], [*cut, *news])
    past = torch.autograd.grad(state, olds, apart[: len(cut)], retain_graph=True, materialize_grads=True)
    for weight, value in zip(olds, updated, strict=True):
        weight.data.copy_(value)
    silent = autograd_graph.joined(torch.autograd.grad(read(before, 1, state)[0], olds))

    def error(past: Sequence[Tensor], present: Sequence[Tensor]) -> float:
        truth = autograd_graph.joined(past) + autograd_graph.joined(present)
        return float((silent - truth).norm() / truth.norm())

    return error(together[: len(olds)], together[len(olds) :]), error(past, apart[len(cut) :])
