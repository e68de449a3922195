"""A log of the example that others published: LSTM, 2 layers, 200 units, rate 20, seed 1111, on a GPU.

Of each epoch the loss and the perplexity of the validation text, as printed. Source: the package nlpia2 0.2.0 [Lane and
Dyshel 2025], nlpia2/ch08/rnn_word/checkpoint_notes/model_LSTM_nlayers_2_epochs_12_nhid_200_batch_size_20_bptt_35
_nlayers.md, the first six of twelve epochs. Its annealing may differ from the example's by an option, but the rate is
cut where the example's rule does it: never in these epochs.
"""

import math
from collections.abc import Sequence

LOG = ((5.53, 252.86), (5.29, 199.32), (5.17, 176.73), (5.08, 160.48), (5.03, 153.08), (5.01, 149.98))
# Of the test text, by users of the example: LSTM, six epochs with its default settings [pytorch/examples issue 415;
# IntelLabs/distiller issue 470].
TEST_PERPLEXITIES = (142.07, 137.47)
TIED_TEST_PERPLEXITIES = (130.32, 130.04)  # the same with --tied


def perplexities() -> list[float]:
    return [perplexity for _, perplexity in LOG]


def losses() -> list[float]:
    """In nats a word, to two places."""
    return [loss for loss, _ in LOG]


def furthest(perplexity: float, reports: Sequence[float]) -> float:
    """How far it is at most from what others report, as a share of theirs."""
    return max(abs(perplexity / theirs - 1) for theirs in reports)


def furthest_loss(loss: float, reports: Sequence[float]) -> float:
    """The same from its logarithm."""
    return max(abs(math.expm1(loss - math.log(theirs))) for theirs in reports)
