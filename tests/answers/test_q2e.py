"""2e: the comparison's claims on made-up studies, whole and in part; a changed record is found out."""

import math

import pytest

from answers.q2e import answer
from writeup.errors import CheckFailed
from writeup.records.store import Records, write


def printed(made):
    return {claim.id: claim.printed() for claim in made.claims}


@pytest.mark.parametrize("count", [6, 8, 11, 16])
def test_a_part_of_the_plan_gives_claims_that_hold(study_of, faults, count):
    assert faults(answer(study_of(count))) == []


def test_every_claim_holds_and_every_control_is_rejected(whole_study, faults):
    assert faults(answer(whole_study)) == []


def test_the_example_rate_favours_one_cell_and_tuning_the_other(whole_study):
    found = printed(answer(whole_study))
    assert (found["2e.example_lower"], found["2e.lower"]) == ("the LSTM", "the GRU")


def test_settings_are_counted_once(whole_study):
    assert printed(answer(whole_study))["2e.settings"] == "7"


def test_a_wider_model_lowers_the_perplexity(whole_study):
    found = printed(answer(whole_study))
    assert found["2e.hidden_size.LSTM.effect"] == found["2e.hidden_size.GRU.effect"] == "lowers it"


def test_the_pair_nearest_in_recurrent_parameters_is_found(whole_study):
    found = printed(answer(whole_study))
    assert (found["2e.pair.LSTM.units"], found["2e.pair.GRU.units"]) == ("200", "235")


def test_without_timing_there_is_no_word_on_time(study_of):
    assert not [name for name in printed(answer(study_of(16))) if "time" in name]


def test_every_reference_of_a_table_is_a_claim(whole_study):
    made = answer(whole_study)
    ids = {claim.id for claim in made.claims}
    cells = [cell for table in made.tables.values() for row in table.rows if not isinstance(row, str) for cell in row]
    assert [cell.id for cell in cells if hasattr(cell, "id") and "2e" + cell.id not in ids] == []


def test_a_study_of_a_card_says_so(study_of, faults, tmp_path):
    for record in study_of(8).of_kind("language_model"):
        card = {"device": "GPU (a card)", "environment": record.environment | {"torch": "2.13.0+cu130"}}
        write(record.model_copy(update=card), tmp_path)
    made = answer(Records(tmp_path))
    assert printed(made)["2e.device"] == "GPU"
    assert faults(made) == []


@pytest.mark.parametrize(
    ("also_its_perplexity", "message"), [(False, "valid perplexity, from its loss"), (True, "near its curve's best")]
)
def test_an_edited_final_loss_is_found(study_of, also_its_perplexity, message):
    records = study_of(6)
    record = next(r for r in records.of_kind("language_model") if r.settings["learning_rate"] == 20.0)
    record.metrics["valid_loss"] -= 1.0
    if also_its_perplexity:
        record.metrics["valid_perplexity"] = math.exp(record.metrics["valid_loss"])
    with pytest.raises(CheckFailed, match=message):
        answer(records)
