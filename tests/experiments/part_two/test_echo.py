"""The echo task: targets, a memory that is right by construction, and what accuracy says of one that guesses."""

import torch
from torch import nn

from experiments.part_two import echo


class Shift(nn.Module):
    """Echoes without learning: its state is the last symbols themselves."""

    def __init__(self, delay, span):
        super().__init__()
        self.alphabet, self.delay, self.span = 2, delay, span

    def forward(self, symbols, _delays):
        shifted = [torch.roll(symbols, lag, dims=0) for lag in range(self.span)]
        return nn.functional.one_hot(shifted[self.delay], 2).float(), torch.stack(shifted, dim=2).float()


def test_targets_are_the_symbols_of_delay_steps_ago():
    symbols = torch.tensor([[1, 5], [2, 6], [3, 7]])
    target, counts = echo.echoed(symbols, torch.tensor([1, 0]))
    assert target[counts].tolist() == [5, 1, 6, 2, 7]
    assert counts.tolist() == [[False, True], [True, True], [True, True]]


def test_a_perfect_memory_scores_one():
    assert echo.accuracy(Shift(3, 5), 3) == 1.0


def test_a_wrong_delay_scores_like_guessing():
    assert abs(echo.accuracy(Shift(2, 5), 3) - 0.5) < 0.03


def test_probe_finds_what_the_state_holds_and_no_more():
    shares = echo.remembered(Shift(3, 5), 3, longest_lag=7)
    assert shares[:5] == [1.0] * 5
    assert all(abs(share - 0.5) < 0.08 for share in shares[5:])


def test_training_learns_a_short_delay():
    model, losses = echo.train_echo(1, 1, seed=0, hidden=16, length=12, steps=150)
    assert echo.accuracy(model, 1, length=12) > 0.95
    assert losses[0] > 0.6


def test_training_repeats_exactly_under_one_seed():
    first, second = (echo.train_echo(0, 2, seed=4, hidden=8, length=6, steps=5)[1] for _ in range(2))
    assert first == second
