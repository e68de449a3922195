"""The words of 2d, 2e and 2f print claims that exist, however much of the study is finished."""

from pathlib import Path

import pytest

from answers import q2d, q2e, q2f
from writeup.pages.render import template_environment

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = {"2d": q2d, "2e": q2e, "2f": q2f}


def text(question, records):
    """The rendered words, with a claim's printed value wherever one is asked for; KeyError for one that is not made."""
    answers = {id: module.answer(records) for id, module in QUESTIONS.items()}
    claims = {claim.id: claim.printed() for answer in answers.values() for claim in answer.claims}
    mine = answers[question]

    def value(id):
        return claims[question + id if id.startswith(".") else id]

    def placed(among):
        return lambda name, caller: str(among[name]) and caller()

    def named(kind, name):
        return str({"table": mine.tables, "figure": mine.figures}[kind][name])

    template = template_environment(ROOT).get_template(f"answers/{question}.md.j2")
    return template.render(
        v=value,
        vu=value,
        tex=value,
        table=placed(mine.tables),
        figure=placed(mine.figures),
        ref=named,
        math=lambda caller: caller(),
        context=mine.context,
    )


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("count", [6, 8, 14])
def test_a_part_of_the_study_can_be_written_up(question, count, study_of):
    assert text(question, study_of(count)).strip()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_reduced_study_is_called_reduced(question, whole_study):
    assert "reduced study" in text(question, whole_study)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_full_study_replaces_it(question, full_study):
    assert "reduced study" not in text(question, full_study)


def test_the_full_study_sees_the_whole_text(full_study):
    assert "trains on 100.0% of the training text" in text("2e", full_study)


def test_all_claims_of_the_full_study_hold(full_study, faults):
    assert [fault for module in QUESTIONS.values() for fault in faults(module.answer(full_study))] == []
