"""Question 1.1: the rule of choice, and that its helpers can say no."""

from __future__ import annotations

import pytest
import torch

from answers import q1_1
from conv_solve.family import Shape
from writeup.errors import CheckFailed

torch.set_num_threads(1)


def test_the_textbook_transposed_convolution_is_picked():
    chain = q1_1.pick(Shape(64, 111, 111), Shape(4, 234, 234), ("ConvTranspose2d",))
    assert chain.modules == ["nn.ConvTranspose2d(64, 4, kernel_size=14, stride=2)"]


@pytest.mark.parametrize("name", ["transposed", "upsampling", "shuffle"])
def test_a_picked_chain_is_even_and_uses_everything(name):
    chain = q1_1.pick(Shape(8, 12, 12), Shape(4, 30, 30), q1_1.CHARACTERS[name][1])
    assert chain.even
    assert chain.discarded == chain.blank == (0, 0)
    assert {layer.module.name for layer in chain.layers} == set(q1_1.CHARACTERS[name][1])


def test_a_wrong_layer_is_refused_by_its_check():
    chain = q1_1.pick(Shape(3, 7, 7), Shape(2, 14, 14), ("ConvTranspose2d",))
    check = q1_1._layer_check(chain, 0)
    check(chain.modules[0])
    for slip in q1_1._slips(chain.layers[0]):
        with pytest.raises(CheckFailed):
            check(slip.value)


def test_a_wrong_sum_is_refused():
    layer = q1_1.pick(Shape(3, 7, 7), Shape(2, 14, 14), ("ConvTranspose2d",)).layers[0]
    text, slips = q1_1._arithmetic(layer)
    check = q1_1._arithmetic_check(layer)
    check(text)
    assert slips
    for slip in slips:
        with pytest.raises(CheckFailed):
            check(slip.value)


def test_pixel_shuffle_equals_its_transposed_twin_only_where_the_stride_divides_the_kernel():
    assert q1_1._shuffle_is_transposed(4, 2)
    with pytest.raises(RuntimeError):
        q1_1._shuffle_is_transposed(5, 2)


def test_the_cases_are_those_of_the_assignment():
    """Its text gives A as three numbers and B as three numbers; they are typed twice, here and in the answer."""
    given = {
        "1": ((64, 111, 111), (4, 234, 234)),
        "2": ((256, 56, 56), (14, 126, 126)),
        "3": ((256, 56, 56), (42, 72, 72)),
    }
    assert given == {number: (tuple(start), tuple(goal)) for number, (start, goal) in q1_1.CASES.items()}
