"""Tracing finds facts whose second route reads nothing but what their value was read from."""

import pytest

from tests.copies import made_up
from tests.places import ROOT
from tests.recorded import saved
from writeup.assignment import load_assignment
from writeup.audit import carry_out, items
from writeup.trust.circular import suspects

ANSWER = """
from writeup.facts import Facts, by

def answer(records):
    a, r = Facts("Q"), records["runs/first"]
    a("circular", len(r.curves["loss"]), by("counting", lambda: sum(1 for _ in r.curves["loss"])))
    a("other", len(r.curves["loss"]), by("another field", lambda: len(r.curves["seconds"])))
    a("independent", len(r.curves["loss"]), by("no field", lambda: 3))
    a("argued", len(r.curves["loss"]), by("counting", lambda: sum(1 for _ in r.curves["loss"])), shared="to count")
    a("metric", int(r.metrics["steps"]), by("the same metric", lambda: int(r.metrics["steps"])))
    return a.answer()
"""


pytestmark = pytest.mark.usefixtures("another_course")


@pytest.fixture
def project(tmp_path, monkeypatch):
    made_up(tmp_path, ANSWER, id="Q")
    curves = {"loss": [3.0, 2.0, 1.0], "seconds": [1.0, 1.0, 1.0]}
    saved(tmp_path, "runs", "first", metrics={"steps": 12}, curves=curves)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_route_that_reads_the_same_field_and_no_other_is_suspect(project):
    found = dict(suspects(load_assignment(project).question[0], project))
    assert list(found) == ["Q.circular", "Q.metric"]
    assert found["Q.circular"] == (
        "value and second route both read runs/first curves.loss, and the route nothing else; find it by another "
        f"field, or say why it may by shared= ({project}/answers/one.py:6)"
    )


def test_an_audit_fails_with_the_line_of_a_circular_fact(project):
    (item,) = [item for item in items(project, 1, 0) if item.what.startswith("second routes")]
    found = carry_out(item)
    assert found.holds is False
    assert "Q.circular: value and second" in found.detail
    assert "(answers/one.py:6)" in found.detail


def test_every_suspect_of_this_course_is_argued():
    """Of the questions that rest on records alone; an audit asks all."""
    asked = load_assignment(ROOT)
    assert [id for part in ("2d", "2e", "2f") for q in asked.select(part) for id, _ in suspects(q, ROOT)] == []
