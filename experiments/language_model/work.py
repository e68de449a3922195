r"""How much arithmetic a run is, known before its text is read.

.. math:: 2 \cdot 3 \cdot T B \left(W H + \sum_{l=1}^{L} g H (I_l + H)\right)

floating-point operations (a multiplication and an addition, one product forward and two backward) for T steps of B
columns, W words, L layers of H units with I inputs and g gates (4 in an LSTM, 3 in a GRU).
"""

from typing import NamedTuple

from experiments.language_model.train import Settings

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
OPERATIONS_A_SECOND = 1e11  # of one core, in bfloat16; measured: 0.5 to 1.5 times that


class Size(NamedTuple):
    """Of a corpus: different words, and tokens of the training text."""

    words: int
    tokens: int


SIZES = {"wikitext-2": Size(33_278, 2_088_628), "generated": Size(60, 4_000)}


def operations(settings: Settings, words: int, tokens: int) -> int:
    """Floating-point operations of the matrix products by which so many tokens are trained on."""
    size, gates = settings.hidden_size, GATES[settings.cell]
    inputs = [settings.embedding_size] + [size] * (settings.layers - 1)
    weights = words * size + sum(gates * size * (count + size) for count in inputs)
    return 2 * 3 * tokens * weights


def cost(settings: Settings) -> float:
    """Roughly how many seconds the run takes on one core."""
    size = SIZES[settings.corpus]
    return operations(settings, size.words, size.tokens) * settings.epochs / OPERATIONS_A_SECOND
