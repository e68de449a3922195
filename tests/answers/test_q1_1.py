"""Question 1.1: the cases are the assignment's, and its chains are such as an engineer would write."""

from __future__ import annotations

import pytest
import torch

from answers import q1_1
from conv_solve import running
from lab.chains import CASES

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def test_the_cases_are_those_of_the_assignment():
    """Its text gives A and B as three numbers each; they are typed twice, here and in the answer."""
    given = {
        "1": ((64, 111, 111), (4, 234, 234)),
        "2": ((256, 56, 56), (14, 126, 126)),
        "3": ((256, 56, 56), (42, 72, 72)),
    }
    assert given == {number: (tuple(case.start), tuple(case.goal)) for number, case in CASES.items()}


@every_case
def test_a_chain_is_even_reads_all_of_a_and_leaves_no_row_of_b_blank(case):
    transposed = [layer.height for layer in case.chain.layers if layer.module.name == "ConvTranspose2d"]
    assert all(window.kernel % window.stride == 0 for window in transposed)
    assert case.chain.discarded == case.chain.blank == (0, 0)
    assert all(layer.height == layer.width for layer in case.chain.layers)


@every_case
def test_b_is_not_constant_in_blocks(case):
    with torch.no_grad():
        b = running.build(list(case.modules))(torch.randn(1, *case.start))
    assert (b.diff(dim=2) != 0).float().mean() > 0.999
    assert (b.diff(dim=3) != 0).float().mean() > 0.999


@pytest.mark.parametrize(
    ("equation", "right"), [(r"(9 - 1) \cdot 2 + 3 = 19", 19), ("8/2^2 = 2", 2), ("7/2 = 3", -1), ("2 + 2 = 5", -1)]
)
def test_an_equation_has_a_result_only_if_it_holds(equation, right):
    assert q1_1.result(equation) == right
