"""The language model without one of its components: what a component costs, measured without a profiler."""

from typing import Any

from torch import Tensor, nn

from experiments.language_model.model import RNNModel


def without_decoder(model: RNNModel) -> None:
    """A decoder to two words costs next to nothing, and neither does the softmax over them."""
    model.decoder = nn.Linear(model.decoder.in_features, 2)


def without_recurrence(model: RNNModel) -> None:
    """The embedded words pass on unchanged; embedding and hidden units must be equally many."""
    model.rnn = _Identity(model.rnn)  # type: ignore[assignment]  # all of nn.RNNBase that a step uses


class _Identity(nn.Module):
    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.num_layers, self.hidden_size = rnn.num_layers, rnn.hidden_size

    def forward(self, embedded: Tensor, hidden: Any) -> tuple[Tensor, Any]:
        return embedded, hidden


ABLATIONS = {"decoder": without_decoder, "recurrent layers": without_recurrence}
