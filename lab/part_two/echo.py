"""The trained echo networks once more: torch's GRU replaced by the one written from scratch, on other sequences."""

import torch
from torch import Tensor, nn

from experiments.part_two.echo import Echo, draw, echoed
from experiments.part_two.echo_trials import unpacked
from lab.part_two.recurrent import gru_cell, layers_of, unroll
from writeup.records.store import Record

OTHER_SEQUENCES = 777  # seed


class FromScratch(nn.Module):
    """The trained network with our own GRU in the place of torch's."""

    def __init__(self, trained: Echo) -> None:
        super().__init__()
        self.trained, self.alphabet = trained, trained.alphabet

    def forward(self, symbols: Tensor, delays: Tensor) -> tuple[Tensor, Tensor]:
        wanted = nn.functional.one_hot(delays, self.trained.max_delay + 1)
        said = nn.functional.one_hot(symbols, self.alphabet)
        inputs = torch.cat([said, wanted.expand(len(symbols), -1, -1)], dim=2).float()
        states, _ = unroll(gru_cell, inputs, layers_of(self.trained.memory), carried=1)
        return self.trained.decoder(states), states


@torch.no_grad()
def echoes(record: Record, asked: int, late: int = 0) -> float:
    """Share of right echoes of the recorded network, asked for `asked`; `late` scores them so many steps later."""
    model = FromScratch(unpacked(record))
    delays = torch.full((100,), asked)
    symbols = draw(delays, 30, model.alphabet, torch.Generator().manual_seed(OTHER_SEQUENCES))
    logits, _ = model(symbols, delays)
    target, counts = echoed(symbols, delays + late)
    return (logits.argmax(dim=2) == target)[counts].double().mean().item()
