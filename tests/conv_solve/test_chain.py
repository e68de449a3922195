"""What is said of a chain, measured in torch: receptive field, unused rows, costs, labels."""

from __future__ import annotations

import itertools

import pytest

from conv_solve import running
from conv_solve.chain import Chain
from conv_solve.family import Family, Shape
from conv_solve.ranking import ranked
from conv_solve.search import Search
from conv_solve.windows import Bounds
from tests.conv_solve import measuring

FAMILY = Family(
    conv=Bounds(3, 2, 1, 2),
    transposed=Bounds(3, 2, 1, 2, 1),
    pool=Bounds(3, 2, 1),
    margin=1,
    equal_axes=True,
)
PAIRS = [((4, 9, 7), (1, 12, 9)), ((1, 8, 8), (4, 5, 5)), ((2, 5, 6), (2, 8, 10))]


def spread(start: tuple[int, int, int], goal: tuple[int, int, int], most: int) -> list[Chain]:
    """Some `most` chains, evenly from the whole ranked list."""
    search = Search(Shape(*start), Shape(*goal), FAMILY)
    step = max(1, search.count // most)
    return list(itertools.islice(ranked(search), 0, None, step))


CHAINS = [chain for pair in PAIRS for chain in spread(*pair, most=12)]
named = pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: " ".join(chain.modules))


@named
def test_torch_gives_every_shape(chain):
    assert running.agrees(chain)


@named
def test_parameters_are_numel(chain):
    assert chain.parameters == sum(p.numel() for p in running.build(chain.modules).parameters())


@named
def test_multiply_adds_are_the_flop_counter_s(chain):
    assert chain.macs == running.macs(chain.modules, chain.start)


@named
def test_discarded_rows_receive_no_gradient(chain):
    assert chain.discarded[0] == measuring.reach(chain)[1]


@named
def test_evenness_is_measured_evenness(chain):
    if min(min(shape[1:]) for shape in chain.shapes) < 5:
        return  # no inside that the borders do not reach
    assert chain.even == measuring.overlap_is_even(chain)


def test_receptive_field_of_stacked_windows():
    """Three by three after three by three with stride two: 3 + 2 * 2 rows, by the textbook's recursion."""
    family = Family(modules=("Conv2d",), conv=Bounds(3, 2, 1), equal_axes=True)
    wanted = ["nn.Conv2d(1, 1, kernel_size=3, stride=2)", "nn.Conv2d(1, 1, kernel_size=3)"]
    chain = next(c for c in ranked(Search(Shape(1, 15, 15), Shape(1, 5, 5), family)) if c.modules == wanted)
    assert chain.receptive_field == (7, 7)
    assert measuring.reach(chain)[0] == 7
