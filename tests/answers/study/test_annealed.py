"""Where the spread over seeds comes from: runs in which annealing struck, found by their rates and by their curves."""

from pathlib import Path

import pytest

from answers.study.annealed import _annealed, _without_progress, annealed_claims
from answers.study.runs import Study
from writeup.records.store import Records

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def study():
    return Study.read(Records(ROOT))


def test_a_rate_was_divided_exactly_where_an_epoch_brought_no_progress(study):
    assert [_annealed(run) for run in study.runs] == [_without_progress(run) for run in study.runs]


def test_both_kinds_of_run_are_among_the_committed_ones(study):
    assert {_annealed(run) for run in study.runs} == {True, False}


def test_a_setting_is_split_by_its_seeds_and_not_by_its_rate(study):
    found = {made.id: made.value for made in annealed_claims(study)}
    counted = [len({run.record.curves["learning_rate"][-1] for run in setting.runs}) > 1 for setting in study.repeated]
    assert found["2e.split"] == sum(counted)


def test_where_annealing_never_struck_nothing_is_claimed(study_of):
    assert annealed_claims(Study.read(study_of(6))) == []
