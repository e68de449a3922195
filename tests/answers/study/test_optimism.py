"""The best of several flatters itself: order statistics in closed form, and a made-up world with known noise."""

import math
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pytest

from answers.study.optimism import Choice, expected_maximum


@dataclass(frozen=True)
class Pretended:
    """In place of a run: its loss on the text that chooses, and on the one that judges."""

    first: float
    second: float


def choice(weight=0.5):
    return Choice("key", "text", lambda run: run.first, lambda run: run.second, weight)


def world(count, noise, seed=0):
    """Equally good runs, whose losses are seen with noise on two texts of equal length."""
    draws = np.random.default_rng(seed).normal(scale=noise, size=(count, 2))
    return [Pretended(5 + float(a), 5.1 + float(b)) for a, b in draws]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi))],
)
def test_the_expected_maximum_has_its_closed_form(count, expected):
    assert expected_maximum(count) == pytest.approx(expected, abs=1e-9)


def test_the_noise_of_one_text_is_found_from_the_difference_of_two():
    assert choice().noise(world(4000, noise=0.02)) == pytest.approx(0.02, rel=0.03)


def test_the_noise_of_a_part_is_found_from_its_difference_to_the_whole():
    share = 0.05
    draws = np.random.default_rng(1).normal(size=(4000, 2)) * 0.02 / np.sqrt([share, 1 - share])
    runs = [Pretended(float(part), float(share * part + (1 - share) * rest)) for part, rest in draws]
    assert choice(1 / (1 - share)).noise(runs) == pytest.approx(0.02 / math.sqrt(share), rel=0.03)


def test_choosing_from_one_flatters_nobody():
    assert choice().flattery(world(20, 0.02), 1) == pytest.approx(0, abs=1e-12)


def test_equally_good_runs_are_flattered_as_order_statistics_say():
    seen = fmean(choice().flattery(world(12, 0.02, seed), 12) for seed in range(600))
    assert seen == pytest.approx(0.02 * expected_maximum(12), rel=0.1)


def test_the_common_difference_of_the_texts_is_no_flattery():
    runs = world(20, 0.02)
    harder = [Pretended(run.first, run.second + 3) for run in runs]
    assert choice().flattery(harder, 5) == pytest.approx(choice().flattery(runs, 5))


def test_flattery_is_the_regret_of_the_chosen_run():
    runs = [Pretended(1.0, 2.0), Pretended(1.5, 1.9)]
    assert choice().flattery(runs, 2) == pytest.approx(1.0 - (1.0 + 0.4) / 2)
