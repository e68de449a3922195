"""Gradients of a language model through time: how far they reach, and what cutting them changes."""

import torch
from torch import Tensor
from torch.nn import functional

from experiments.language_model.model import Hidden, RNNModel, repackage_hidden


def by_distance(model: RNNModel, inputs: Tensor, targets: Tensor, hidden: Hidden) -> Tensor:
    r"""Norms \(\|\partial \ell_{last} / \partial e_{last-k}\|\) of the last word's loss by the embeddings before it.

    `inputs` and `targets` have shape (length, columns). Columns do not mix, so one backward pass through the summed
    losses gives every column's own gradient. Returns (length, columns), index k being the distance in words.
    """
    embedded = model.encoder.weight.detach()[inputs].requires_grad_()  # (length, columns, embedding)
    output, _ = model.rnn(embedded, repackage_hidden(hidden))
    logits = functional.linear(output[-1], model.decoder.weight.detach(), model.decoder.bias.detach())
    loss = functional.cross_entropy(logits, targets[-1], reduction="sum")
    (gradient,) = torch.autograd.grad(loss, embedded)
    return gradient.norm(dim=2).flip(0)


def at_features(model: RNNModel, inputs: Tensor, targets: Tensor, hidden: Hidden, rows: int) -> Tensor:
    """Gradient of the mean loss by the decoder's inputs, (length, columns, hidden), `rows` rows at a time.

    It depends on values alone, so it is the same wherever the history is cut.
    """
    with torch.no_grad():
        output, _ = model.rnn(model.encoder(inputs), hidden)
    parts = []
    for features, words in zip(output.split(rows), targets.split(rows), strict=True):
        leaf = features.detach().requires_grad_()
        logits = functional.linear(leaf, model.decoder.weight.detach(), model.decoder.bias.detach()).flatten(0, 1)
        loss = functional.cross_entropy(logits, words.flatten(), reduction="sum") / targets.numel()
        parts.extend(torch.autograd.grad(loss, leaf))
    return torch.cat(parts)


def recurrent_gradient(model: RNNModel, inputs: Tensor, upstream: Tensor, hidden: Hidden, bptt: int) -> Tensor:
    """Gradient of all recurrent weights, as one vector, with the history cut after every `bptt` rows.

    `upstream` is what `at_features` returns. With `bptt` of the whole length nothing is cut.
    """
    weights = list(model.rnn.parameters())
    total = [torch.zeros_like(weight) for weight in weights]
    embedded = model.encoder(inputs).detach()
    for words, gradient in zip(embedded.split(bptt), upstream.split(bptt), strict=True):
        output, hidden = model.rnn(words, repackage_hidden(hidden))
        for kept, part in zip(total, torch.autograd.grad(output, weights, gradient), strict=True):
            kept += part
    return torch.cat([part.flatten() for part in total])
