"""The comparison of a replayed probe with the recorded one, and what re-certification notes."""

import math

import pytest

from writeup.errors import CheckFailed
from writeup.records.replay import REPLAY_TOLERANCE, largest_difference

PROBE = {"losses": [10.4, 9.8, 9.5], "valid_loss": 9.6, "rates": [2.0, 0.5]}


def test_equal_probes_differ_by_nothing():
    assert largest_difference(PROBE, PROBE, "k/n") == 0.0


def test_rounding_of_another_device_passes_and_is_reported():
    other = PROBE | {"valid_loss": 9.6 * (1 + REPLAY_TOLERANCE / 2)}
    assert largest_difference(PROBE, other, "k/n") == pytest.approx(REPLAY_TOLERANCE / 2, rel=1e-2)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"losses": [10.4, 9.8, 9.4]}, r"k/n\.losses\[2\]"),
        ({"losses": [10.4, 9.8]}, r"k/n\.losses"),
        ({"rates": [2.0, 2.0]}, r"k/n\.rates\[1\]"),
        ({"valid_loss": math.nan}, r"k/n\.valid_loss"),
        ({"extra": 1}, "k/n"),
    ],
)
def test_another_run_is_refused_at_the_place_where_it_differs(change, place):
    with pytest.raises(CheckFailed, match=place):
        largest_difference(PROBE, PROBE | change, "k/n")
