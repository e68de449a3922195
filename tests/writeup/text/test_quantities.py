"""A share stands before no plural that wants a count, a range does not descend unsaid, a part is below its whole."""

from pathlib import Path

import pytest

from writeup.text.places import Places
from writeup.text.quantities import unfit
from writeup.text.written import Written

SHOWN = {"share": "13 %", "loss": "0.2 nats", "seeds": "4", "more": "4.5 times", "many": "2 million", "name": "AMD",
         "low": "5 ms", "high": "9 ms", "slow": "2 s", "nine": "9"}  # fmt: skip


def found(text):
    return [slip.what for slip in unfit(Places(Written("Q", Path("Q.md.j2"), text)), SHOWN)]


@pytest.mark.parametrize("text", ["Over << share >> seeds.", "In << loss >> runs.", "It has << share >>\nlayers."])
def test_a_share_before_a_plural_is_refused(text):
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Over << seeds >> seeds.",
        "It takes << many >> scores, << more >> less, << share >> less, << share >> as many.",
        "On << name >> cores, << share >> of the runs, and << loss.bare >> nats.",
        "It is << share >>. Runs differ; << share >> is more than << loss >>, as it was.",
    ],
)
def test_what_counts_or_ends_there_passes(text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["It takes << high >> to << low >>.", "It takes $<< high >>$ to $<< low >>$."])
def test_a_range_that_descends_is_refused(text):
    assert found(text) == ["the range 9 ms to 5 ms descends (high, low); exchange them, or say from"]


@pytest.mark.parametrize(
    "text",
    [
        "It takes << low >> to << high >>.",
        "It falls from << high >> to << low >>.",
        "It takes << high >> to << slow >>.",  # of two units
        "From << name >> to << low >>.",
    ],
)
def test_other_ranges_pass(text):
    assert found(text) == []


def test_a_part_above_its_whole_is_refused():
    assert found("It learns in << nine >> of the << seeds >> runs.") == ["9 of 4: a part above its whole (nine, seeds)"]


@pytest.mark.parametrize(
    "text", ["<< seeds >> of the\n<< nine >>.", "<< nine >> of each << seeds >>.", "<< high >> of << seeds >>."]
)
def test_other_parts_pass(text):
    assert found(text) == []
