"""The ranked list: its order, its laziness, and that what a random chain produces is always solved."""

from __future__ import annotations

import functools
import itertools
import operator
import tracemalloc
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conv_solve import running
from conv_solve.bench import SMALL, brute_force
from conv_solve.family import Family, Shape, SolverError
from conv_solve.misses import nearest_misses
from conv_solve.ranking import ranked
from conv_solve.search import Search
from conv_solve.windows import Bounds

FREE = replace(SMALL, equal_axes=False)
sizes = st.integers(1, 24)
MODULES = FREE.build(Shape(1, 1, 1))


@st.composite
def random_chain(draw):
    """A start and the constructors of one or two random modules of the family that run from it."""
    start = shape = Shape(draw(st.sampled_from([1, 4, 9])), draw(sizes), draw(sizes))
    modules = []
    for _ in range(draw(st.integers(1, 2))):
        module = draw(st.sampled_from(MODULES))
        options = list(module.settings())
        height, width = draw(st.sampled_from(options)), draw(st.sampled_from(options))
        after = module.size(height, shape.height), module.size(width, shape.width)
        channels = list(module.channels_out(shape.channels, [start.channels]))
        idle = module.redundant(height, shape.height) and module.redundant(width, shape.width)
        if min(after) < 1 or idle or not channels:
            continue
        modules.append(module.constructor(height, width, shape.channels, channels[0]))
        shape = Shape(channels[0], *after)
    return start, modules


@settings(max_examples=60, deadline=None, derandomize=True)
@given(random_chain())
def test_what_a_random_chain_produces_is_solved_and_every_listed_chain_runs(drawn):
    start, modules = drawn
    goal = running.run(modules, start, "meta")[-1]
    if max(goal[1:]) > 200:
        return
    search = Search(start, goal, replace(FREE, growth=16))
    assert search.count > 0
    for chain in itertools.islice(ranked(search), 3):
        assert running.agrees(chain)
        assert chain.shapes[-1] == goal


def test_order_is_layers_then_parameters_then_multiply_adds():
    keys = [(len(c.layers), c.parameters, c.macs) for c in ranked(Search(Shape(4, 9, 9), Shape(2, 8, 8), SMALL))]
    assert keys == sorted(keys)
    assert len(set(keys)) > 50


@pytest.mark.parametrize("equal_axes", [True, False])
def test_the_count_is_the_length_of_the_list_without_repeats(equal_axes):
    family = Family(conv=Bounds(3, 2, 1), transposed=Bounds(2, 2, 0), pool=Bounds(2, 2, 1), margin=1, max_layers=2)
    search = Search(Shape(4, 3, 3), Shape(1, 4, 4), replace(family, equal_axes=equal_axes, modules=family.modules[:5]))
    chains = [(*chain.modules, *chain.shapes) for chain in ranked(search)]
    assert len(chains) == len(set(chains)) == search.count > 20


def test_the_count_is_brute_force_s():
    for goal in (Shape(4, 32, 32), Shape(16, 7, 7)):
        family = replace(SMALL, conv=Bounds(4, 2, 2), transposed=Bounds(4, 2, 2), margin=1)
        assert Search(Shape(16, 15, 15), goal, family).count == brute_force(Shape(16, 15, 15), goal, family)


def ways(modules, n, m, most):
    """From n rows to m by these modules: how many settings, by the modules that are idle; every one is tried."""
    sizes = Counter({(n, ()): 1})
    for module in modules:
        after = Counter()
        for (size, idle), count in sizes.items():
            for (out, is_idle), more in steps(module, size).items():
                after[out, (*idle, is_idle)] += count * more if 1 <= out <= most else 0
        sizes = after
    return {idle: count for (size, idle), count in sizes.items() if size == m}


@functools.cache
def steps(module, n):
    return Counter((module.size(setting, n), module.redundant(setting, n)) for setting in module.settings())


def tally(start, goal, family, layers):
    """Nothing is grouped or inverted; chains with a module that is idle on both axes go by inclusion and exclusion.

    For square shapes: the ways along one axis in which some modules at least are idle, squared, for both axes.
    """
    offered, most = family.offered_channels(start, goal), family.growth * max(*start[1:], *goal[1:])
    total = 0
    for modules in itertools.product(family.build(goal), repeat=layers):
        channels = [start.channels]
        for module in modules:
            channels = [out for one in channels for out in module.channels_out(one, offered)]
        axis = ways(modules, start.height, goal.height, most) if goal.channels in channels else {}
        for idle in itertools.product([False, True], repeat=layers):
            along = sum(count for its, count in axis.items() if all(map(operator.ge, its, idle)))
            total += channels.count(goal.channels) * (-1) ** sum(idle) * along**2
    return total


def test_the_count_with_free_axes_is_that_of_inclusion_and_exclusion():
    start, goal = Shape(4, 10, 10), Shape(1, 20, 20)
    search = Search(start, goal, FREE)
    assert [search.count_of(layers) for layers in (1, 2)] == [tally(start, goal, FREE, layers) for layers in (1, 2)]


def test_listing_more_needs_hardly_more_memory():
    def peak(listed):
        search = Search(Shape(16, 15, 15), Shape(4, 32, 32), SMALL)
        tracemalloc.start()
        assert sum(1 for _ in itertools.islice(ranked(search), listed)) == listed
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(600) < peak(60) + 2**20


def test_identical_shapes_need_nothing():
    first = next(ranked(Search(Shape(3, 5, 5), Shape(3, 5, 5))))
    assert first.modules == []
    assert first.shapes == [Shape(3, 5, 5)]


def test_where_no_chain_exists_the_nearest_miss_is_named():
    family = Family(modules=("MaxPool2d",), max_layers=1, equal_axes=True)
    search = Search(Shape(3, 8, 8), Shape(3, 11, 11), family)
    assert search.count == 0
    assert [miss.chain.shapes[-1] for miss in nearest_misses(search, 1)] == [Shape(3, 9, 9)]


@pytest.mark.parametrize(
    ("shape", "family"),
    [
        (Shape(3, 0, 3), Family()),
        (Shape(3, 10**9, 3), Family()),
        (Shape(3, 9, 9), Family(max_layers=50)),
        (Shape(3, 9000, 9000), Family(max_layers=3)),
    ],
)
def test_a_search_out_of_reach_is_refused_beforehand(shape, family):
    with pytest.raises(SolverError):
        Search(Shape(3, 9, 9), shape, family)
