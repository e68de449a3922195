"""What crosses the border between two windows, by gradients and by moving words."""

import pytest
import torch

from lab.bptt.two_windows import TwoWindows


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
@pytest.mark.parametrize("cut", ["all", "nothing"])
def test_gradients_reach_the_words_that_matter(cell, cut):
    pair = TwoWindows.make(4, cell)
    assert pair.reached(cut) == pair.felt(cut) == [cut == "nothing"] * 4 + [True] * 4


def test_detaching_h_alone_leaves_the_way_through_c():
    pair = TwoWindows.make(4)
    assert pair.reached("h") == pair.felt("h") == [True] * 8


def test_the_decoders_gradient_needs_values_alone():
    """Truncation changes the gradient of every recurrent weight, and none of the decoder's."""
    pair = TwoWindows.make(4)
    names = [name for name, _ in pair.model.named_parameters()]
    same = {
        n: torch.equal(*both) for n, *both in zip(names, pair.gradients("all"), pair.gradients("nothing"), strict=True)
    }
    assert all(same[name] == name.startswith("decoder") for name in names)
