"""Perplexity against time: where the quicker cell's training ends, and who is lower then."""

from statistics import median

import pytest

from answers.q2e import answer
from answers.study.comparison import comparisons
from answers.study.race import epoch_ends, race_claims
from answers.study.runs import Study
from answers.study.step_times import step_time_record

GRU_BASELINE = "stock GRU layers2 hidden200 bptt35"


def claims_of(records):
    study = Study.read(records)
    baseline = next(one for one in comparisons(study, "layers") if one.key == "baseline")
    return {made.id: made.value for made in race_claims(records, study, baseline)}, baseline


def slowed(records, factor):
    """The records with another time for the GRU's baseline on PyTorch's modules."""
    record = step_time_record(records)
    changed = record.model_copy(deep=True)
    changed.curves["seconds"][GRU_BASELINE] = [factor * value for value in record.curves["seconds"][GRU_BASELINE]]

    class Changed:
        def of_kind(self, kind):
            return [changed] if kind == changed.kind else records.of_kind(kind)

    return Changed()


def test_the_clock_stops_when_the_quicker_cell_has_made_all_its_steps(whole_study):
    found, baseline = claims_of(whole_study)
    seconds = step_time_record(whole_study).curves["seconds"]["stock LSTM layers2 hidden200 bptt35"]
    steps = baseline.lstm.runs[0].record.metrics["steps"]
    assert found["2e.race.stock.stop"] == pytest.approx(steps * median(seconds))


def test_a_cell_that_needs_longer_is_judged_by_an_earlier_epoch(whole_study):
    """The made-up GRU is lower at equal epochs; at twice the time a step it is half-way by then."""
    assert claims_of(slowed(whole_study, 2.0))[0]["2e.race.stock"] != claims_of(whole_study)[0]["2e.race.stock"]


def test_marks_lie_at_the_ends_of_the_epochs(whole_study):
    plot = answer(whole_study).figures["race"].plots[0]
    record, (_, baseline) = step_time_record(whole_study), claims_of(whole_study)
    assert [list(series.x) for series in plot.series] == [
        epoch_ends(record, baseline.of(cell), "stock") for cell in ("LSTM", "GRU")
    ]


def test_without_timings_there_is_no_such_figure(study_of):
    assert "race" not in answer(study_of(16)).figures
