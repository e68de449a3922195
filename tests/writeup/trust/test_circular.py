"""Tracing finds facts whose second route reads nothing but what their value was read from."""

from pathlib import Path

import pytest

from tests.recorded import saved
from writeup.assignment import Question, load_assignment
from writeup.audit import carry_out, items
from writeup.trust.circular import suspects

ROOT = Path(__file__).resolve().parents[3]
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
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/__init__.py").write_text("")
    (tmp_path / "answers/q.py").write_text(ANSWER)
    curves = {"loss": [3.0, 2.0, 1.0], "seconds": [1.0, 1.0, 1.0]}
    saved(tmp_path, "runs", "first", metrics={"steps": 12}, curves=curves)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_route_that_reads_the_same_field_and_no_other_is_suspect(project):
    question = Question(id="Q", module="q", title="?", points=1, ask="?")
    found = dict(suspects(question, project))
    assert list(found) == ["Q.circular", "Q.metric"]
    assert found["Q.circular"] == (
        "value and second route both read runs/first curves.loss, and the route nothing else; find it by another "
        f"field, or say why it may by shared= ({project}/answers/q.py:6)"
    )


def test_an_audit_fails_with_the_line_of_a_circular_fact(project):
    (project / "answers/assignment.toml").write_text(
        "title='T'\nsubtitle='S'\nsuffix='X'\npoints=1\n"
        "[[question]]\nid='Q'\nmodule='q'\ntitle='t'\npoints=1\nask='?'\n"
    )
    (item,) = [item for item in items(project, 1, 0) if item.what.startswith("second routes")]
    found = carry_out(item)
    assert (found.holds, "Q.circular: value and second" in found.detail, "(answers/q.py:6)" in found.detail) == (
        False,
        True,
        True,
    )


def test_every_suspect_of_this_course_is_argued():
    """Of the questions that rest on records alone; an audit asks all."""
    asked = load_assignment(ROOT)
    assert [id for part in ("2d", "2e", "2f") for q in asked.select(part) for id, _ in suspects(q, ROOT)] == []
