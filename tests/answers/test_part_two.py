"""The notebook's facts: what a broken notebook could print is refused."""

import pytest

from answers import part_two
from tests.places import ROOT
from writeup.errors import CheckFailed
from writeup.facts import Facts
from writeup.records.store import Records


@pytest.fixture(scope="module")
def claims():
    records, a = Records(ROOT), Facts("3")
    part_two.chains(a)
    part_two.from_scratch(a)
    part_two.echo(a, records)
    part_two.memory(a, records)
    part_two.language_model(a, records)
    return {claim.id: claim for claim in a.claims}


@pytest.mark.parametrize(
    ("id", "damaged"),
    [
        ("3.path1", "(64, 111, 111) -> (4, 233, 233)"),
        ("3.epsilon_outside", 1.4e-5),
        ("3.comparisons", 11),
        ("3.echo_fixed", 0.99),
        ("3.echo_variable", 0.98),
        ("3.words", 27090),
        ("3.vocabulary", 918),
        ("3.first_loss", 6.84),
        ("3.held_out", 4.2),
        ("3.frequencies", 5.0),
        ("3.by_frequencies", 129.0),
    ],
)
def test_a_damaged_output_is_refused(claims, id, damaged):
    claims[id].check(claims[id].value)
    with pytest.raises(CheckFailed):
        claims[id].check(damaged)


def test_a_drift_of_the_recorded_probe_is_told():
    made = part_two.estimators.student([1.0, 2.0, 3.0])
    assert part_two.probed_and_averaged(0.2, [1.0, 2.0, 3.0], made) == ""
    assert "differs by 4.0 points" in part_two.probed_and_averaged(4.0, [1.0, 2.0, 3.0], made)
