"""This course's own words: nothing in its templates is typed or unguarded, and what they print is found by grep."""

import re

import pytest
from jinja2.meta import find_undeclared_variables

from tests.places import ROOT
from writeup.pages.render import template_environment
from writeup.text.prose import unguarded
from writeup.text.written import all_written

ANSWERS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "answers").rglob("*.py"))
OFFERED = {"context", "figure", "identity", "ref"}  # of what templates are offered, what no answer names


def test_every_number_is_a_fact_and_every_comparison_is_guarded():
    slips, _ = unguarded(ROOT)  # what its templates do not need a figure's label may
    assert [str(slip) for _, slip in slips] == []


@pytest.mark.parametrize("written", list(all_written(ROOT)), ids=lambda written: written.question)
def test_the_names_of_printed_facts_and_statements_stand_as_they_are_in_the_answers(written):
    facts = find_undeclared_variables(template_environment(ROOT).parse(written.text)) - OFFERED
    statements = {id.removeprefix(f"{written.question}.") for id in written.statements()}
    assert [name for name in sorted(facts | statements) if not re.search(rf"\b{name}\b", ANSWERS)] == []
