"""Which questions of an assignment are meant."""

import pytest

from writeup.assignment import DESCRIPTION, Assignment, find_root, load_assignment
from writeup.errors import WriteupError


@pytest.fixture
def assignment() -> Assignment:
    question = {"module": "m", "title": "t", "points": 1, "ask": "?"}
    ids = ("1.1", "1.12", "1.2a", "1.2b", "2a")
    return Assignment.model_validate(
        {
            "title": "t",
            "subtitle": "s",
            "suffix": "A",
            "points": 5,
            "section": [],
            "question": [question | {"id": id} for id in ids],
        }
    )


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("1.2a", ["1.2a"]),
        ("1.2", ["1.2a", "1.2b"]),
        ("1.1", ["1.1"]),
        ("1", ["1.1", "1.12", "1.2a", "1.2b"]),
        ("2", ["2a"]),
    ],
)
def test_an_id_or_the_start_of_some_selects_questions(assignment, wanted, ids):
    assert [question.id for question in assignment.select(wanted)] == ids


@pytest.mark.parametrize("wanted", ["", "3", "1.", "2ab", "a"])
def test_what_selects_nothing_is_refused_with_the_ids_there_are(assignment, wanted):
    with pytest.raises(WriteupError, match=r"was asked for; .*has 1\.1, 1\.12, 1\.2a, 1\.2b, 2a"):
        assignment.select(wanted)


def test_another_assignment_above_is_not_taken(tmp_path, monkeypatch):
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/assignment.toml").write_text("")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    with pytest.raises(WriteupError, match="no assignment found"):
        find_root()


def test_all_slips_of_the_description_are_told_at_once(tmp_path):
    (tmp_path / "answers").mkdir()
    (tmp_path / DESCRIPTION).write_text('titel = "T"\npoints = "two"\nsubtitle = "S"\nsuffix = "X"\nquestion = []\n')
    with pytest.raises(WriteupError, match="title is missing") as told:
        load_assignment(tmp_path)
    path = tmp_path / DESCRIPTION
    assert str(told.value).splitlines() == [
        f"{path}:1: title is missing; it must be given",
        f"{path}:2: points: Input should be a valid integer, unable to parse string as an integer; 'two' was given",
        f"{path}:1: unknown titel; did you mean title or subtitle?",
    ]
