"""What a card says: what the second route found, and each wrong value with the slip that gives it."""

import pytest

from tests.writeup.rows import claim_row, statement_row
from writeup.evidence.cards import fact_card, shown, statement_card
from writeup.trust.ledger import ControlRow, Ledger


def row(value=12, shown="12", computed=12, tolerance=None, **more):
    evidence = {"computed": computed, "tolerance": tolerance, "seed": None, "records": ["k/n"]}
    return claim_row("Q.a", value, shown, evidence=evidence, source="q.py:3", **more)


def card(claim):
    return fact_card(claim, Ledger(claims=[claim], records=[], environment={}), [], str)


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        (row(6655600, computed=6655600), "6,655,600"),
        (row(0.5, computed=0.5 + 1e-9, tolerance=1e-6), "0.5, a difference of 1e-09, where 1e-06 is allowed"),
        (row("word", computed="word"), "word"),
        (row("formula", computed=0.0, tolerance=0.0), "no difference"),
        (row(12, computed=1e-13, tolerance=1e-12), "a difference of 1e-13, where 1e-12 is allowed"),
        (row(1.0, computed=[1.0, -0.5, 2.5], shown_ends=["-0.5", "2.5"]), "agreed with 1 (−0.5 to 2.5)"),
    ],
)
def test_what_the_second_route_found(claim, found):
    assert dict(card(claim).rows) == {"Second route": "counting", "What it found": found}


def test_wrong_values_stand_by_their_slip_each_once():
    controls = [(11, "11", "last"), (13, "13", "last"), (24, "24", "twice"), (13, "13", "last")]
    tried = [ControlRow(value=value, printed=text, why=why, rejected=True) for value, text, why in controls]
    assert card(row(controls=tried)).wrong == [("last", ["11", "13"]), ("twice", ["24"])]


def test_a_wrong_estimate_is_told_with_its_interval():
    control = ControlRow(value=[-1.0, -2.5, 0.5], printed="-1.0", why="exchanged", rejected=True)
    claim = row(1.0, "1.0", [1.0, -0.5, 2.5], shown_ends=["-0.5", "2.5"], form=".1f", controls=[control])
    assert card(claim).wrong == [("exchanged", ["−1.0 (−2.5 to 0.5)"])]


def test_a_value_has_its_interval_and_unit():
    assert shown(row(shown="-3", unit="points", shown_ends=["-4", "2"])) == "−3 (−4 to 2) points"


def test_a_statement_is_as_good_as_its_weakest_fact():
    claims = [row(level="executed"), row(level="recomputed").model_copy(update={"id": "Q.b"})]
    said = statement_row("Q.s", claims=["Q.a", "Q.b"])
    ledger = Ledger(claims=claims, statements=[said], records=[], environment={})
    made = statement_card(said, ledger, [], "Said.")
    assert (made.level, made.facts, made.records) == ("recomputed", ["Q.a", "Q.b"], ("k/n",))
    assert fact_card(claims[0], ledger, [], str).statements == ["Q.s"]
