"""2c: the error that training without `repackage_hidden` raises, and the error that it fails to raise."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from answers.bptt import graph
from answers.bptt.steps import by_data, first_error, first_sentence, goes_through, in_place
from answers.bptt.two_windows import TwoWindows
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.errors import CheckFailed


def error_claims() -> list[Claim]:
    batch, message = first_error()

    def elsewhere(candidate: str) -> Evidence:
        """The message is not about recurrence: any graph, run through twice, gives it."""
        value = torch.ones((), requires_grad=True).exp()
        value.backward()
        try:
            value.backward()
        except RuntimeError as error:
            require(candidate == first_sentence(error), first_sentence(error), candidate, "exp, twice")
            return Evidence("the graph of one exponential, run through twice", first_sentence(error))
        raise CheckFailed("an error", "none", "exp, twice")

    def fails_at(candidate: int) -> Evidence:
        """On another cell and without fused kernels: training for one batch less goes through, for this one fails."""
        with graph.onednn(False):
            through = [goes_through(batches, cell="GRU") for batches in (candidate - 1, candidate)]
        require(
            through == [True, False], [True, False], through, f"a GRU, trained for {candidate} batches less one, and"
        )
        return Evidence("a GRU, unrolled, trained for one batch less and for as many", through)

    return [
        claim(
            "2c.error",
            message,
            "the error without repackage_hidden, its first sentence",
            elsewhere,
            [Control(first_error(retain=True, update=in_place)[1], "the error about changed weights")],
            code=True,
        ),
        claim(
            "2c.error_batch",
            batch,
            "the batch at which training without repackage_hidden fails",
            fails_at,
            [Control(1, "at once"), Control(0, "never")],
        ),
        claim(
            "2c.with_it",
            "no error",
            "what the same training gives with repackage_hidden",
            agrees(lambda: first_error(repackaged=True, cell="GRU")[1], "five batches of a GRU"),
            [Control(message, "the error")],
        ),
    ]


# -- the error that does not come -------------------------------------------------------------------------------------

TRAP_WINDOW = 5
EXAMPLE = Settings()


@cache
def trap() -> TwoWindows:
    return TwoWindows.make(TRAP_WINDOW)


def weights_before() -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in trap().model.named_parameters()}


def weights_after() -> dict[str, Tensor]:
    """After one update on the first window's mean loss, at the example's learning rate and clipped as there."""
    with torch.enable_grad():
        gradients = trap().gradients(True, slice(TRAP_WINDOW))
    mean = [gradient / trap().targets[:TRAP_WINDOW].numel() for gradient in gradients]
    norm = torch.cat([gradient.flatten() for gradient in mean]).norm()
    step = EXAMPLE.learning_rate * (EXAMPLE.clip / norm).clamp_max(1)
    named = zip(trap().model.named_parameters(), mean, strict=True)
    return {name: parameter.detach() - step * gradient for (name, parameter), gradient in named}


def second_loss(before: dict[str, Tensor], after: dict[str, Tensor]) -> Tensor:
    """Loss of the second window, read with weights `after` from the state that weights `before` left."""
    first, second = trap().inputs.split(TRAP_WINDOW)
    zeros = trap().model.initial_hidden(trap().inputs.shape[1])
    _, state = functional_call(trap().model, before, (first, zeros))
    log_probabilities, _ = functional_call(trap().model, after, (second, state))
    return functional.nll_loss(log_probabilities, trap().targets[TRAP_WINDOW:].flatten())


@cache
def silent_gradient() -> Tensor:
    """What the example's loop would get for the second window with `retain_graph=True`: one vector."""
    weights = {name: value.requires_grad_() for name, value in weights_before().items()}
    first, second = trap().inputs.split(TRAP_WINDOW)
    zeros = trap().model.initial_hidden(trap().inputs.shape[1])
    _, state = functional_call(trap().model, weights, (first, zeros))
    for name, value in weights_after().items():
        weights[name].data.copy_(value)
    log_probabilities, _ = functional_call(trap().model, weights, (second, state))
    loss = functional.nll_loss(log_probabilities, trap().targets[TRAP_WINDOW:].flatten())
    return _joined(torch.autograd.grad(loss, list(weights.values())))


@cache
def true_gradient() -> Tensor:
    """The derivative of the loss that was computed: each window with the weights that it was read with."""
    before = {name: value.requires_grad_() for name, value in weights_before().items()}
    after = {name: value.requires_grad_() for name, value in weights_after().items()}
    loss = second_loss(before, after)
    early = torch.autograd.grad(
        loss, list(before.values()), retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return _joined(early) + _joined(torch.autograd.grad(loss, list(after.values())))


def _joined(gradients: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


@cache
@torch.no_grad()
def gradient_by_differences(step: float = 1e-5) -> Tensor:
    """The true gradient by central differences, entry by entry; both sets of weights move together."""
    before, after = weights_before(), weights_after()
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
    return ((silent_gradient() - truth).norm() / truth.norm()).item()


def trap_claims() -> list[Claim]:
    data, direct = first_error(retain=True, update=by_data)[1], first_error(retain=True, update=in_place)[1]

    def elsewhere(candidate: str) -> Evidence:
        """Any saved value, changed in place, gives the message."""
        weight = torch.ones((), requires_grad=True)
        product = weight * weight
        with torch.no_grad():
            weight.add_(1)
        try:
            product.backward()
        except RuntimeError as error:
            require(candidate == first_sentence(error), first_sentence(error), candidate, "w * w with w changed")
            return Evidence("the square of a number that is changed before the backward pass", first_sentence(error))
        raise CheckFailed("an error", "none", "w * w with w changed")

    def counted(candidate: int, through_data: bool) -> Evidence:
        """The counter decides whether a saved tensor passes: it must raise exactly if the candidate is not zero."""
        weight = torch.ones((), requires_grad=True)
        product = weight * weight
        with torch.no_grad():
            (weight.data if through_data else weight).add_(1)
        try:
            product.backward()
            raised = 0
        except RuntimeError:
            raised = 1
        require(candidate == raised, raised, candidate, "changes that autograd noticed")
        return Evidence("whether the square of a changed number can still be differentiated", raised)

    def steps_of_counter(through_data: bool) -> int:
        weight = torch.ones((), requires_grad=True)
        before = weight._version
        with torch.no_grad():
            (weight.data if through_data else weight).add_(1)
        return weight._version - before

    def unrolled(update: object) -> str:
        with graph.onednn(False):
            return first_error(retain=True, update=update, cell="GRU")[1]

    silent = error_of_silence(true_gradient())
    stale = (silent_gradient() - _joined(tuple(trap().gradients(False)))).norm() / true_gradient().norm()
    return [
        claim(
            "2c.data_outcome",
            data,
            "what retain_graph and the example's update of p.data give",
            agrees(lambda: unrolled(by_data), "a GRU, unrolled, for five batches"),
            [Control(direct, "as if the change were noticed")],
        ),
        claim(
            "2c.in_place_outcome",
            direct,
            "what they give when the parameter itself is updated in place",
            elsewhere,
            [Control(first_error()[1], "the error about freed tensors"), Control(data, "as if it went unnoticed")],
            code=True,
        ),
        claim(
            "2c.version_data",
            steps_of_counter(True),
            "steps of the version counter after p.data.add_",
            lambda candidate: counted(candidate, True),
            [Control(1, "as for p.add_")],
        ),
        claim(
            "2c.version_in_place",
            steps_of_counter(False),
            "steps of the version counter after p.add_ under no_grad",
            lambda candidate: counted(candidate, False),
            [Control(0, "as for p.data.add_")],
        ),
        claim(
            "2c.silent_error",
            silent,
            "relative error of the gradient that retain_graph gives silently after one update",
            agrees(
                lambda: error_of_silence(gradient_by_differences()),
                "central differences of every weight, each window with its own weights",
                tolerance=2e-4,
            ),
            [Control(0.0, "as if it were right"), Control(float(stale), "against the gradient at unchanged weights")],
            form=".1%",
        ),
    ]
