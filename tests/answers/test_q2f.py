"""2f: the chosen run, its one test perplexity, and how much choices flatter."""

from answers.q2f import answer


def printed(made):
    return {claim.id: claim.printed() for claim in made.claims}


def test_every_claim_holds_and_every_control_is_rejected(whole_study, faults):
    assert faults(answer(whole_study)) == []


def test_a_part_of_the_plan_gives_claims_that_hold(study_of, faults):
    assert faults(answer(study_of(7))) == []


def test_the_run_with_the_lowest_validation_loss_is_chosen_whatever_its_test_loss(whole_study):
    found = printed(answer(whole_study))
    records = whole_study.of_kind("language_model")
    best = min(records, key=lambda record: record.metrics["valid_loss"])
    assert found["2f.test"] == format(best.metrics["test_perplexity"], ".1f")


def test_every_epoch_of_every_run_is_a_look(whole_study):
    assert printed(answer(whole_study))["2f.looks"] == str(6 * len(whole_study.of_kind("language_model")))


def test_the_easier_test_text_is_not_taken_for_honesty(whole_study):
    found = printed(answer(whole_study))
    assert found["2f.easier"] == found["2f.contenders"]
