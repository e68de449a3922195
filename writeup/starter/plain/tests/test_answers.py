"""Every fact holds, every wrong value is rejected; and what the experiment computes is what it says."""

import math
from pathlib import Path

from experiments import circle
from writeup.trust.verify import verify

ROOT = Path(__file__).resolve().parent.parent


def test_the_answers_hold():
    assert verify(ROOT, jobs=1).problems == []


def test_many_points_estimate_pi():
    assert abs(circle.estimate(seed=1, size=1_000_000) - math.pi) < 0.01
