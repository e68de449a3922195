"""1.2a: every claim holds and every wrong value is rejected."""

from pathlib import Path

from writeup.assignment import load_assignment
from writeup.trust.question import verify_question

ROOT = Path(__file__).resolve().parents[2]


def test_every_claim_holds_and_every_control_is_rejected():
    verified = verify_question(load_assignment(ROOT).select("1.2a")[0], ROOT)
    assert [str(problem) for problem in verified.problems] == []
    assert verified.rows
