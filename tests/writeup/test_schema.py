"""What an editor is told of assignment.toml and submission.toml is what the code that reads them accepts."""

import json
import tomllib

import jsonschema
import pytest

from tests.places import ROOT
from writeup.assignment import DESCRIPTION, Assignment, load_assignment
from writeup.errors import WriteupError
from writeup.naming import Naming
from writeup.pages.submission import load_identity, schema

WHOLE = (ROOT / "tests/tiny" / DESCRIPTION).read_text(encoding="utf-8")
SUBMISSION = 'first_name = "Zoë"\nlast_name = "Söhne"\nnetid = "zob7"\n'


def accepts(described, text):
    """As an editor does, for which a day of TOML is text."""
    data = json.loads(json.dumps(tomllib.loads(text), default=str))
    return jsonschema.Draft202012Validator(described, format_checker=jsonschema.FormatChecker()).is_valid(data)


def reads(read):
    try:
        read()
    except WriteupError:
        return False
    return True


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("points = 7", "points = 7", True),
        ("points = 7", 'points = "many"', False),
        ("points = 7", "points = 7\npoinst = 7", False),
        ('suffix = "E1"\n', "", False),
        ('module = "sums"\n', "", False),
        ("points = 7", 'points = 7\nexperiments = "runs"\ncode = ["answers", "lab"]', True),
        ('suffix = "E1"', 'suffix = "E/1"', False),
        ('suffix = "E1"', 'suffix = ""', False),
        ("points = 7", "points = 7\ndue = 2026-03-14", True),
        ("points = 7", 'points = 7\ndue = "in March"', False),
        ("points = 7", "points = 7\nnames.pattern = '{authors}-hw_{key}'", True),
        ("points = 7", "points = 7\nnames.pattern = '{first}'", False),
        ("points = 7", "points = 7\nnames.pattern = '.{key}'", False),
        ("points = 7", "points = 7\nnames.pattern = '{key}/x'", False),
        ("points = 7", "points = 7\nnames.pattern = '{email}_{key}'", False),
        ("points = 7", "points = 7\nnames.notebook = 'E1b'", True),
        ("points = 7", "points = 7\nnames.notebook = '.b'", False),
        ("points = 7", "points = 7\nnames.order = 1", False),
        ('[[question]]\nid = "A.2"', '[notebook]\nid = "A.2"', True),
        ('[[question]]\nid = "A.2"', '[[notebook]]\nkey = "E1b"\nid = "A.2"', True),
        ('[[question]]\nid = "A.2"', '[[notebook]]\nkey = "E1/b"\nid = "A.2"', False),
        ("points = 7", "points = 7\nnotebook = 3", False),
    ],
)
def test_the_schema_of_an_assignment_accepts_what_is_read(tmp_path, old, new, holds):
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)
    (tmp_path / "answers").mkdir()
    (tmp_path / DESCRIPTION).write_text(text, encoding="utf-8")
    assert [accepts(Assignment.model_json_schema(), text), reads(lambda: load_assignment(tmp_path))] == [holds] * 2


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("", "", True),
        ("zob7", "zob 7", False),
        ("zob7", "z" * 33, False),
        ("Zoë", "", False),
        ("Zoë", "Zoë/Ada", False),
        ('"zob7"', "7", False),
        ("netid", "net_id", False),
        ('"zob7"', '"zob7"\nnotebooks = ["own.ipynb"]', True),
        ('"zob7"', '"zob7"\nnotebooks = ["own.py"]', False),
        ('"zob7"', '"zob7"\nnotebooks = "own.ipynb"', False),
        (SUBMISSION, f"[[authors]]\n{SUBMISSION}", True),
        (SUBMISSION, f"[[authors]]\n{SUBMISSION}[[authors]]\n{SUBMISSION.replace('zob', 'ada')}", True),
        (SUBMISSION, f"[[authors]]\n{SUBMISSION}email = 'z'\n", False),
        (SUBMISSION, f"[[authors]]\n{SUBMISSION.replace('netid', '# ')}", False),
        (SUBMISSION, f"netid = 'x'\n[[authors]]\n{SUBMISSION}", False),
        (SUBMISSION, "authors = []", False),
    ],
)
def test_the_schema_of_a_submission_accepts_what_is_read(tmp_path, old, new, holds):
    text = SUBMISSION.replace(old, new, 1)
    (tmp_path / "submission.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own.ipynb").touch()
    assert [accepts(schema(), text), reads(lambda: load_identity(tmp_path, Naming("E1")))] == [holds] * 2
