"""This course's own words: nothing in its templates is typed or unguarded."""

from pathlib import Path

from writeup.text.prose import problems

ROOT = Path(__file__).resolve().parent.parent


def test_every_number_is_a_fact_and_every_comparison_is_guarded():
    assert problems(ROOT) == []
