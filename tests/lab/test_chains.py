"""What is measured of the chains of 1.1 can say no."""

from __future__ import annotations

import pytest

from conv_solve.family import Shape
from lab import chains
from writeup.errors import CheckFailed


@pytest.mark.parametrize(("kernel", "stride", "weights"), [(4, 2, 2), (3, 1, 3), (6, 3, 2), (2, 2, 1)])
def test_weights_that_meet_in_a_row_are_kernel_over_stride(kernel, stride, weights):
    assert chains.weights_a_row(f"nn.ConvTranspose2d(3, 2, {kernel}, stride={stride})") == weights


def test_a_kernel_that_is_no_multiple_of_the_stride_covers_unevenly():
    with pytest.raises(CheckFailed):
        chains.weights_a_row("nn.ConvTranspose2d(1, 1, 3, stride=2)")


def test_what_torch_refuses_gives_nothing():
    start = Shape(4, 6, 6)
    assert chains.gives(("nn.PixelShuffle(2)",), start, Shape(1, 12, 12))
    assert not chains.gives(("nn.PixelShuffle(3)",), start, Shape(1, 12, 12))
    assert not chains.gives(("nn.Conv2d(4, 1, 7)",), start, Shape(1, 1, 1))


def test_the_share_that_is_read_counts_what_a_stride_steps_over():
    stepped = chains.Case(Shape(2, 9, 9), Shape(3, 3, 3), ("nn.Conv2d(2, 3, kernel_size=2, stride=3)",))
    assert chains.read_share(stepped) == pytest.approx(4 / 9)


def test_a_wrong_rule_misfits():
    assert chains.misfits(lambda n, k, s, p: (n + 2 * p - k) // s + 1, False) == 0
    assert chains.misfits(lambda n, k, s, p: (n + 2 * p - k) // s, False) > 0
