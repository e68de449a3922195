"""The records as runs and settings, however many of them are there."""

import pytest

from answers.study.runs import Study
from experiments.language_model.reduced import SEEDS_A_SETTING
from writeup.errors import WriteupError
from writeup.records.store import Records


def test_no_record_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(WriteupError, match=r"no finished run of LSTM and GRU.*make experiments"):
        Study.read(Records(tmp_path))


def test_one_cell_alone_is_an_error_that_names_the_other(study_of):
    with pytest.raises(WriteupError, match="no finished run of GRU"):
        Study.read(study_of(1))


def test_the_tuned_rate_is_that_of_the_lowest_validation_loss(whole_study):
    rates = Study.read(whole_study).rates
    assert (rates["LSTM"], rates["GRU"]) == (20.0, 10.0)


def test_a_setting_takes_its_cells_tuned_rate(whole_study):
    study = Study.read(whole_study)
    assert study.setting(cell="GRU", layers=1).settings.learning_rate == 10.0


def test_a_setting_holds_all_its_seeds(whole_study):
    assert len(Study.read(whole_study).setting(cell="LSTM").runs) == SEEDS_A_SETTING["cpu"]


def test_a_setting_without_a_run_is_none(study_of):
    assert Study.read(study_of(6)).setting(cell="LSTM", layers=1) is None


def test_the_perplexity_of_a_setting_is_the_geometric_mean(whole_study):
    setting = Study.read(whole_study).setting(cell="LSTM")
    product = 1.0
    for run in setting.runs:
        product *= run.record.metrics["valid_perplexity"]
    assert setting.perplexity == pytest.approx(product ** (1 / len(setting.runs)))


def test_repeated_settings_are_untied_and_gated(whole_study):
    repeated = Study.read(whole_study).repeated
    assert {(setting.settings.cell, setting.settings.tied) for setting in repeated} == {("LSTM", False), ("GRU", False)}


def test_all_planned_runs_are_read(whole_study):
    study = Study.read(whole_study)
    assert (study.preset, len(study.runs)) == ("cpu", len(study.planned))


def test_the_reduced_study_says_so(whole_study):
    assert Study.read(whole_study).reduced
