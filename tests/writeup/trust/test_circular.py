"""Tracing finds facts whose second route reads nothing but what their value was read from."""

import sys
from pathlib import Path

import pytest

from writeup.assignment import Question, load_assignment
from writeup.records.store import save
from writeup.trust.circular import suspects

ROOT = Path(__file__).resolve().parents[3]
ANSWER = """
from writeup.facts import Facts, by

def answer(records):
    a, r = Facts("Q"), records["runs/first"]
    a("circular", len(r.curves["loss"]), by("counting", lambda: sum(1 for _ in r.curves["loss"])))
    a("other", len(r.curves["loss"]), by("another field", lambda: len(r.curves["seconds"])))
    a("independent", len(r.curves["loss"]), by("no field", lambda: 3))
    a("metric", int(r.metrics["steps"]), by("the same metric", lambda: int(r.metrics["steps"])))
    return a.answer()
"""
# Of the questions that rest on records alone. Each is argued here, or mended.
ARGUED = {
    "2e.rate_LSTM": "the value takes final losses, the route the curves, which the laws of the records had read before",
    "2e.apart": "the value reads the published log as perplexities, the route as losses; both read our curve",
    "2f.looks": "the value counts losses, the route words; those were read before, to tell which runs learned",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/__init__.py").write_text("")
    (tmp_path / "answers/q.py").write_text(ANSWER)
    curves = {"loss": [3.0, 2.0, 1.0], "seconds": [1.0, 1.0, 1.0]}
    nothing = {"settings": {}, "seeds": [], "timing": {}, "probe": {}, "sources": []}
    save(tmp_path, kind="runs", name="first", metrics={"steps": 12}, curves=curves, **nothing)
    for name in [name for name in sys.modules if name.partition(".")[0] == "answers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "answers"]:
        del sys.modules[name]


def test_a_route_that_reads_the_same_field_and_no_other_is_suspect(project):
    question = Question(id="Q", module="q", title="?", points=1, ask="?")
    assert dict(suspects(question, project)) == {
        "Q.circular": {"runs/first curves.loss"},
        "Q.metric": {"runs/first metrics.steps"},
    }


def test_every_suspect_of_this_course_is_argued():
    found = {
        id for part in ("2d", "2e", "2f") for q in load_assignment(ROOT).select(part) for id, _ in suspects(q, ROOT)
    }
    assert found == set(ARGUED)
