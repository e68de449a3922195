"""Ratios within a round: load cancels, and a sign is given only where the rounds agree."""

import pytest

from answers.study.step_times import ratios, sign_by_count, sign_by_flips, step_time_record
from writeup.records.store import Records


def test_no_record_is_none(tmp_path):
    assert step_time_record(Records(tmp_path)) is None


def test_a_ratio_is_per_token(whole_study):
    record = step_time_record(whole_study)
    names = ("stock LSTM layers2 hidden200 bptt70", "stock LSTM layers2 hidden200 bptt35")
    assert ratios(record, *names) == pytest.approx([1.0] * 7, abs=0.07)


def test_load_that_slows_a_whole_round_cancels(whole_study):
    record = step_time_record(whole_study)
    names = ("stock GRU layers2 hidden200 bptt35", "stock LSTM layers2 hidden200 bptt35")
    slow = record.model_copy(deep=True)
    for values in slow.curves["seconds"].values():
        values[3] *= 5
    assert ratios(slow, *names) == pytest.approx(ratios(record, *names))


@pytest.mark.parametrize("by", [sign_by_count, sign_by_flips])
@pytest.mark.parametrize(
    ("values", "expected"),
    [([-0.1] * 6 + [-0.2], -1), ([0.1] * 6 + [0.2], 1), ([0.1, -0.1, 0.2, -0.2, 0.1, -0.15, 0.05], 0)],
)
def test_a_sign_is_given_where_the_rounds_agree(by, values, expected):
    assert by(values) == expected
