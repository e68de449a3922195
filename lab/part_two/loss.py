"""Cross-entropy from logits."""

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean negative log-likelihood in nats; logits is (N, C), target (N,) holds class numbers.

    The largest logit is subtracted first, so that no exponential overflows; the value does not change.
    """
    shifted = logits - logits.max(dim=1, keepdim=True).values.detach()
    log_normaliser = torch.log(torch.exp(shifted).sum(dim=1))
    chosen = shifted[torch.arange(len(target)), target]
    return (log_normaliser - chosen).mean()


def cross_entropy_gradient(logits: Tensor, target: Tensor) -> Tensor:
    """The gradient by hand, (softmax - one-hot) / N: what back-propagation must arrive at."""
    probabilities = torch.exp(logits - logits.logsumexp(dim=1, keepdim=True))
    probabilities[torch.arange(len(target)), target] -= 1
    return probabilities / len(target)
