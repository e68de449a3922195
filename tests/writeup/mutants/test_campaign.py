"""Faults tried on a small project in a process of its own: how each ends, what is counted, and what is an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import made_up
from tests.places import ROOT
from writeup.claims import Ref, Table
from writeup.facts import Facts, by
from writeup.mutants import effect
from writeup.mutants.campaign import Campaign
from writeup.mutants.effect import Outcome
from writeup.text.written import Written

ANSWER = """
from answers.numbers import LARGEST
from writeup.facts import Facts, by, when

GAP = 1


def near(value):
    return value - 15 in (0, 2, -2)[:GAP]


def count(last):
    steps = 0
    while steps < last:
        steps += 1
    return steps


def answer(records):
    total = LARGEST * (LARGEST + 1) // 2
    steps = count(LARGEST)
    a = Facts("Q1")
    a("total", total, when("by hand", near))
    a("largest", LARGEST, by("counting", lambda: len(range(LARGEST))))
    a("steps", steps, by("the largest", lambda: LARGEST))
    return a.answer()
"""
# name: (module, text, replacement)
FAULTS = {
    "wrong sum": ("one", "(LARGEST + 1)", "(LARGEST - 1)"),
    "no such name": ("one", "total = LARGEST", "total = LARGES"),
    "no end": ("one", "steps += 1", "steps += 0"),
    "other order": ("one", "LARGEST * (LARGEST + 1)", "(LARGEST + 1) * LARGEST"),
    "wider gap": ("one", "GAP = 1", "GAP = 3"),
    "both routes": ("numbers", "STEPS = 5", "STEPS = 6"),
}
TRY = """
import ast, json, sys
from functools import partial
from pathlib import Path
from writeup.mutants import bench as forked
forked.GRACE = 0
root = Path.cwd()
bench = forked.Bench(root, lambda question, seconds: None)
tasks = {}
for name, (module, old, new) in json.loads(sys.argv[1]).items():
    source = (root / "answers" / f"{module}.py").read_text()
    tasks[name] = partial(bench.try_module, f"answers.{module}", ast.parse(source.replace(old, new)))
print(json.dumps({name: outcome.verdict for name, outcome in forked.try_all(2, tasks)}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = made_up(tmp_path_factory.mktemp("project"), ANSWER)
    (folder / "experiments").mkdir()
    (folder / "answers/numbers.py").write_text("STEPS = 5\nLARGEST = STEPS\n")
    return folder


def run(project, *arguments):
    path = os.pathsep.join([str(project), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def ended(project):
    """How each of `FAULTS` ended."""
    return json.loads(run(project, "-c", TRY, json.dumps(FAULTS)).stdout)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("wrong sum", "failed"),
        ("no such name", "broke"),
        ("no end", "timeout"),
        ("other order", "idle"),
        ("wider gap", "weakens"),
    ],
)
def test_how_a_fault_ends(ended, fault, verdict):
    assert ended[fault] == verdict


def test_a_fault_in_an_imported_module_reaches_the_answer(ended):
    assert ended["both routes"] == "failed"


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (["drawing a: (3.5,2) node {one}"], "moves"),
        (["drawing a: (1.5,2) node {two}"], "shows"),
        (["plot a: (3.5,2) node {one}"], "shows"),
        ([], "shows"),
    ],
)
def test_a_drawing_moves_where_its_words_are_the_same(after, verdict):
    assert effect.difference(["drawing a: (1.5,2) node {one}"], after)[0] == verdict


def test_the_report_lists_what_passes_and_fails_below_the_aim(project):
    ran = run(project, "-m", "writeup.mutants", "--sample", "0")
    assert ran.returncode == 1
    line = 1 + ANSWER.splitlines().index("GAP = 1")
    assert f"weakens: answers/one.py:{line}: number: 1 -> 2: Q1.total: 17" in ran.stdout


def test_a_result_that_was_cut_short_is_tried_again_and_the_next_is_written_behind_the_last_whole_one(tmp_path):
    results = tmp_path / "mutants.jsonl"
    results.write_text('{"key": "a", "verdict": "idle"}\n{"key": "b", "ver')
    assert Campaign(tmp_path, None, results).known() == {"a": Outcome("idle")}
    assert results.read_text() == '{"key": "a", "verdict": "idle"}\n'


def test_a_word_for_a_number_is_refused_in_one_line(project):
    ran = run(project, "-m", "writeup.mutants.templates", "--sample", "many")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr


def test_a_second_campaign_tries_nothing_again(project):
    run(project, "-m", "writeup.mutants", "--sample", "0")
    assert ", 0 to try" in run(project, "-m", "writeup.mutants", "--sample", "0").stdout


def test_what_a_template_or_a_table_prints_is_told_from_what_only_a_sentence_rests_on():
    facts = Facts("1.2a")
    for name in ("said", "in_a_cell", "unprinted"):
        facts(name, 3, by("counting", lambda: 3))
    answer = facts.answer(tables={"kinds": Table(["kind"], [[Ref("in_a_cell")]], "l")})
    seen = effect.Seen.of(answer, Written("1.2a", Path("1.2a.md.j2"), "There are << said >>."))
    assert seen.names == {"1.2a.said", "1.2a.in_a_cell"}
    assert seen.printed[:2] == ("1.2a.said = 3 ", "1.2a.in_a_cell = 3 ")
