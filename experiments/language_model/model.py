"""The recurrent language model of the public word_language_model example: embedding, recurrent layers, decoder."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from writeup.errors import WriteupError

CELLS = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
INITIAL_RANGE = 0.1

Hidden = Tensor | tuple[Tensor, Tensor]


class RNNModel(nn.Module):
    """Predicts the next word: dropout(embedding) -> recurrent layers -> dropout -> linear decoder -> log-softmax.

    Parameters are created, and their initial values drawn, in the order of the public example, so that one seed gives
    one model. With `tied`, decoder and embedding share one matrix [Press and Wolf 2016; Inan et al. 2016].
    """

    def __init__(
        self,
        cell: str,
        vocabulary_size: int,
        embedding_size: int,
        hidden_size: int,
        layers: int,
        dropout: float,
        tied: bool = False,
    ) -> None:
        super().__init__()
        if cell not in CELLS:
            raise WriteupError(f"language model: cell is {cell!r}; legal are {', '.join(CELLS)}")
        if tied and embedding_size != hidden_size:
            raise WriteupError(
                "language model: tied weights need embedding_size == hidden_size, "
                f"got {embedding_size} and {hidden_size}"
            )
        self.cell = cell
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(vocabulary_size, embedding_size)
        # nn.RNN warns about dropout between layers where there is only one layer, and draws nothing for it.
        between = dropout if layers > 1 else 0.0
        self.rnn: nn.RNNBase
        if cell in ("LSTM", "GRU"):
            self.rnn = getattr(nn, cell)(embedding_size, hidden_size, layers, dropout=between)
        else:
            nonlinearity = cell.removeprefix("RNN_").lower()
            self.rnn = nn.RNN(embedding_size, hidden_size, layers, nonlinearity=nonlinearity, dropout=between)
        self.decoder = nn.Linear(hidden_size, vocabulary_size)
        if tied:
            self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -INITIAL_RANGE, INITIAL_RANGE)
        nn.init.zeros_(self.decoder.bias)
        nn.init.uniform_(self.decoder.weight, -INITIAL_RANGE, INITIAL_RANGE)

    @property
    def tied(self) -> bool:
        return self.decoder.weight is self.encoder.weight

    def forward(self, inputs: Tensor, hidden: Hidden) -> tuple[Tensor, Hidden]:
        """Log-probabilities (length * batch, vocabulary) of what follows `inputs` (length, batch), and the state."""
        embedded = self.drop(self.encoder(inputs))  # (length, batch, embedding)
        output, hidden = self.rnn(embedded, hidden)  # (length, batch, hidden)
        logits = self.decoder(self.drop(output)).flatten(0, 1)  # (length * batch, vocabulary)
        return logits.log_softmax(dim=1), hidden

    def initial_hidden(self, batch_size: int) -> Hidden:
        """Zeros of shape (layers, batch, hidden); for the LSTM a pair, hidden and cell state."""
        zeros = self.decoder.weight.new_zeros(self.rnn.num_layers, batch_size, self.rnn.hidden_size)
        return (zeros, zeros.clone()) if self.cell == "LSTM" else zeros


def repackage_hidden(hidden: Hidden) -> Hidden:
    """The same values without their history, so that back-propagation ends at the border of the window."""
    if isinstance(hidden, Tensor):
        return hidden.detach()
    return tuple(part.detach() for part in hidden)  # type: ignore[return-value]  # a pair stays a pair


@contextmanager
def drawing_from(generator: torch.Generator) -> Iterator[None]:
    """Let `generator` feed the draws of modules that know only torch's global generator, and restore the global one.

    nn.Embedding, nn.LSTM and nn.Dropout take no generator; randomness is passed in all the same.
    """
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        try:
            yield
        finally:
            generator.set_state(torch.get_rng_state())
