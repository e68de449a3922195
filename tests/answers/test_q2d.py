"""2d: claims about tying hold and their controls are rejected, with and without tied runs."""

from answers.q2d import answer


def printed(made):
    return {claim.id: claim.printed() for claim in made.claims}


def test_every_claim_holds_and_every_control_is_rejected(whole_study, faults):
    assert faults(answer(whole_study)) == []


def test_without_tied_runs_the_rest_stands(study_of, faults):
    made = answer(study_of(6))
    assert (faults(made), made.context["measured"], dict(made.tables)) == ([], False, {})


def test_the_saving_at_the_examples_sizes_is_one_matrix(whole_study):
    assert printed(answer(whole_study))["2d.saved"] == format(33_278 * 200, ",d")


def test_tying_that_helps_is_called_lower(whole_study):
    assert printed(answer(whole_study))["2d.perplexity"] == "lower"


def test_tying_that_hurts_is_called_higher(changed_run):
    records = changed_run(7.5, cell="LSTM", learning_rate=20.0, tied=True)
    assert printed(answer(records))["2d.perplexity"] == "higher"
