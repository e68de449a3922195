"""Of a question by itself every claim holds, and every wrong value is rejected."""

import pytest

from tests.places import ROOT
from writeup.assignment import load_assignment
from writeup.trust.question import verify_question


@pytest.mark.parametrize("question", ["1.2a", "1.2b", "1.3a"])
def test_every_claim_holds_and_every_control_is_rejected(question):
    verified = verify_question(load_assignment(ROOT).select(question)[0], ROOT)
    assert [str(problem) for problem in verified.problems] == []
    assert verified.rows
