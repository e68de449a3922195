"""What an editor is told of assignment.toml and submission.toml is what the code that reads them accepts."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from writeup.assignment import DESCRIPTION, Assignment, load_assignment
from writeup.errors import WriteupError
from writeup.pages.identity import load_identity, schema

ROOT = Path(__file__).resolve().parents[2]
WHOLE = (ROOT / "tests/tiny" / DESCRIPTION).read_text(encoding="utf-8")
SUBMISSION = 'first_name = "Zoë"\nlast_name = "Söhne"\nnetid = "zob7"\n'


def accepts(described, text):
    return jsonschema.Draft202012Validator(described).is_valid(tomllib.loads(text))


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
    ],
)
def test_the_schema_of_a_submission_accepts_what_is_read(tmp_path, old, new, holds):
    text = SUBMISSION.replace(old, new, 1)
    (tmp_path / "submission.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own.ipynb").touch()
    assert [accepts(schema(), text), reads(lambda: load_identity(tmp_path, "E1"))] == [holds] * 2
