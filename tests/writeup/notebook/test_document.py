"""The document and the notebook share a ledger, and neither states the other's claims."""

import pytest

from tests.writeup.rows import claim_row
from writeup.assignment import Assignment, Notebook, Question
from writeup.trust.ledger import Ledger, PrintedRow, RecordRow
from writeup.trust.question import Verified
from writeup.trust.verify import Verification


def question(kind, id, **more):
    return kind(id=id, module="m", title="t", points=5, ask="a", **more)


@pytest.fixture
def assignment():
    both = {"question": [question(Question, "1")], "notebook": [question(Notebook, "3")]}
    return Assignment(title="t", subtitle="s", suffix="A", points=5, section=[], **both)


@pytest.fixture
def verification(assignment):
    records = [RecordRow(path=f"k/{id}", device="", date="", seeds=[], environment={}) for id in "13"]
    answers = {row.path[-1]: Verified(row.path[-1], records=[row]) for row in records}
    claims = [claim_row(f"{id}.x", 1) for id in "13"]
    return Verification(assignment, answers, Ledger(claims=claims, records=records, environment={}), [])


def test_document_has_neither_claims_nor_records_of_the_notebook(verification):
    document = verification.document
    assert [row.id for row in document.ledger.claims] == ["1.x"]
    assert [row.path for row in document.ledger.records] == ["k/1"]
    assert list(document.answers) == ["1"]


def test_what_is_noted_on_the_document_s_rows_stands_in_the_whole_ledger(verification):
    verification.document.ledger.claims[0].printed.append(PrintedRow(file="md", text="1"))
    assert verification.ledger.claims[0].printed[0].text == "1"


def test_the_notebook_is_a_question_that_can_be_asked_for(assignment):
    assert [one.id for one in assignment.select("3")] == ["3"]
