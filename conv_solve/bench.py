"""`python -m conv_solve.bench`: solver against brute force, the assignment's cases, growing bounds, new pairs.

Seconds are CPU time of this process, so a busy machine does not blur them. Every solver time counts building the tables
of the family afresh (a first call) and listing the ten best chains.
"""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

from conv_solve.chain import Chain
from conv_solve.family import CONV, POOL, TRANSPOSED, Family, Shape
from conv_solve.kinds import kinds
from conv_solve.ranking import ranked
from conv_solve.search import Search, groups
from conv_solve.windows import Bounds
from writeup.errors import run_program

ASSIGNMENT = [
    (Shape(64, 111, 111), Shape(4, 234, 234)),
    (Shape(256, 56, 56), Shape(14, 126, 126)),
    (Shape(256, 56, 56), Shape(42, 72, 72)),
]
NEW_PAIRS = [
    ((3, 224, 224), (64, 112, 112)),
    ((64, 56, 56), (128, 28, 28)),
    ((3, 31, 47), (8, 62, 94)),
    ((16, 100, 60), (16, 60, 100)),
    ((1, 28, 28), (32, 13, 13)),
    ((512, 7, 7), (512, 1, 1)),
    ((100, 1, 1), (512, 4, 4)),
    ((3, 17, 19), (5, 23, 29)),
    ((12, 64, 64), (3, 128, 128)),
    ((3, 128, 128), (48, 32, 32)),
    ((8, 97, 97), (8, 89, 89)),
    ((8, 89, 89), (8, 97, 97)),
    ((1, 1, 1), (1, 1, 1)),
    ((10, 20, 30), (10, 20, 30)),
    ((2, 5, 300), (7, 11, 100)),
    ((32, 240, 320), (1, 480, 640)),
    ((6, 13, 13), (24, 26, 26)),
    ((1, 500, 500), (3, 7, 7)),
    ((64, 9, 9), (4, 72, 72)),
    ((5, 211, 223), (9, 227, 229)),
]
SMALL = Family(
    conv=Bounds(kernel=7, stride=3, padding=3, dilation=2),
    transposed=Bounds(kernel=7, stride=3, padding=3, dilation=2, output_padding=1),
    pool=Bounds(kernel=3, stride=3, padding=1),
    margin=2,
    equal_axes=True,
)
Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds and the result, with no table left over from an earlier call."""
    groups.cache_clear()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def solve(start: Shape, goal: Shape, family: Family) -> tuple[int, list[Chain]]:
    """The count and the ten best."""
    search = Search(start, goal, family)
    return search.count, list(itertools.islice(ranked(search), 10))


def brute_force(start: Shape, goal: Shape, family: Family) -> int:
    """The count for equal axes by trying every setting of every module in turn, as one would write it down."""
    modules, offered = family.build(goal), family.offered_channels(start, goal)
    most = family.growth * max(*start[1:], *goal[1:])

    def steps(shape: Shape) -> Iterator[Shape]:
        for module in modules:
            for setting in module.settings():
                height, width = module.size(setting, shape.height), module.size(setting, shape.width)
                if not (1 <= height <= most and 1 <= width <= most):
                    continue
                if module.redundant(setting, shape.height) and module.redundant(setting, shape.width):
                    continue
                for channels in module.channels_out(shape.channels, offered):
                    yield Shape(channels, height, width)

    def chains(shape: Shape, left: int) -> int:
        return (shape == goal) + (sum(chains(out, left - 1) for out in steps(shape)) if left else 0)

    return chains(start, family.max_layers)


def _list(search: Search, most: int) -> int:
    return sum(1 for _ in itertools.islice(ranked(search), most))


def main() -> None:
    """Print the four tables."""
    start, goal = Shape(16, 15, 15), Shape(4, 32, 32)
    fast, (count, _) = timed(partial(solve, start, goal, SMALL))
    slow, counted = timed(partial(brute_force, start, goal, SMALL))
    print(f"Two layers, equal axes, {start} to {goal}, family: {SMALL}")
    print(f"  solver {fast:.4f} s, {count:,} chains; brute force {slow:.2f} s, {counted:,}: ratio {slow / fast:,.0f}")
    assert count == counted
    print("The assignment's cases, default family, count and ten best:")
    for start, goal in ASSIGNMENT:
        seconds, (count, chains) = timed(partial(solve, start, goal, Family()))
        print(f"  {start} to {goal}: {count:,} chains, {seconds:.3f} s; first by rank {chains[0].modules}")
    print("Growing bounds, first case (memory: peak of Python's allocations):")
    for kernel, layers in ((10, 2), (20, 2), (40, 2), (10, 3), (20, 3)):
        family = Family(
            max_layers=layers,
            conv=replace(CONV, kernel=kernel, padding=kernel // 2),
            transposed=replace(TRANSPOSED, kernel=kernel, padding=kernel // 2),
            pool=POOL,
        )
        seconds, (count, _) = timed(partial(solve, *ASSIGNMENT[0], family))
        tracemalloc.start()
        solve(*ASSIGNMENT[0], family)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(f"  kernel <= {kernel}, {layers} layers: {count:,} chains, {seconds:.3f} s, {peak:.1f} MiB")
    search = Search(*ASSIGNMENT[0], Family(equal_axes=True))
    for listed in (200, 2_000):
        tracemalloc.start()
        seconds, _ = timed(partial(_list, search, listed))
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(f"  listing {listed:,} chains: {seconds:.2f} s (with tracing), {peak:.1f} MiB")
    print("Pairs for which nothing was tuned, default family:")
    for a, b in NEW_PAIRS:
        seconds, (count, chains) = timed(partial(solve, Shape(*a), Shape(*b), Family()))
        best = [kind.chain for kind in kinds(Search(Shape(*a), Shape(*b)))] or chains
        first = " -> ".join(best[0].modules) or "(nothing)" if best else "none"
        print(f"  {a} to {b}: {count:,} chains, {seconds:.3f} s; {first}")


if __name__ == "__main__":
    run_program(main, "bench")
