"""The files are called as the assignment has it; a pattern that cannot do that is refused, with field and file."""

import datetime

import pytest
from typer.testing import CliRunner

from tests.copies import TINY, copy_of_tiny, edit
from writeup.assignment import DESCRIPTION, load_assignment
from writeup.cli import app
from writeup.errors import WriteupError
from writeup.naming import Naming


def described(root, top="", names=""):
    """The small assignment's description in `root`, with keys at its top and a `[names]` behind them."""
    (root / "answers").mkdir(exist_ok=True)
    text = (TINY / DESCRIPTION).read_text(encoding="utf-8")
    (root / DESCRIPTION).write_text(f"{top}\n{text}\n[names]\n{names}\n", encoding="utf-8")
    return root


def test_without_names_the_files_are_called_as_ever(tmp_path):
    assert load_assignment(described(tmp_path)).naming == Naming("E1", "{first}_{last}_{netid}_{key}", ("E1_code",))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("pattern = '{first}_{nettid}_{key}'", "names.pattern: '{first}_{nettid}_{key}' has the unknown field {nettid}"
         "; did you mean netid or netids?; a pattern is made of {first}, {last}, {netid}, {authors}, {netids}, {key}"),
        ("pattern = '{}_{key}'", "has the unknown field {}"),
        ("pattern = '{first!r}_{key}'", "has the unknown field {first!r}"),
        ("pattern = '{first}_{netid}'", "has no {key}, so that document and notebook would have the same name"),
        ("pattern = '{netid}/{key}'", "has a path separator"),
        (r"pattern = '{netid}\{key}'", "has a path separator"),
        ("pattern = ''", "names.pattern: '' is empty"),
        ("pattern = '{netid} {key}'", "has ' ' between its fields"),
        ("pattern = '{{key}}'", "has '{' between its fields"),
        ("pattern = '..{key}'", "begins with '.', which hides a file"),
        ("pattern = '-{key}'", "begins with '-', which hides a file or reads as an option"),
        ("pattern = 3", "names.pattern: Input should be a valid string"),
        ("notebook = ''", "names.notebook: '' is empty; it begins with a letter or digit"),
        ("notebook = 'a/b'", "names.notebook: 'a/b' has a path separator"),
        ("notebook = 'e1'", "two files would have the key 'e1'; suffix, names.notebook and the key of each"),
        ("order = 'x'", "names.order; known are pattern, notebook"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_are_one_message_and_nothing_is_written(tmp_path, names, message):
    root = copy_of_tiny(tmp_path)
    result = CliRunner().invoke(app, ["build", "--root", str(described(root, names=names))])
    said = str(result.exception)
    assert isinstance(result.exception, WriteupError)
    assert (said.count(str(DESCRIPTION)), message in said, said.count("\n")) == (1, True, 0), said
    assert not (root / "build").exists()


@pytest.mark.parametrize(("suffix", "problem"), [("", "is empty"), ("../x", "path separator"), ("E 1", "fits no file")])
def test_a_suffix_fits_into_a_file_name(tmp_path, suffix, problem):
    edit(described(tmp_path) / DESCRIPTION, '"E1"', f'"{suffix}"')
    with pytest.raises(WriteupError, match=f"suffix: '{suffix}' .*{problem}"):
        load_assignment(tmp_path)


def test_a_due_day_is_a_date_of_toml(tmp_path):
    read = load_assignment(described(tmp_path, "due = 2026-03-04"))
    assert (read.due, read.due_day) == (datetime.date(2026, 3, 4), "4 March 2026")


@pytest.mark.parametrize("due", ['"2026-03-14"', "2026-03-14T23:59:00", "20260314", "23:59:00"])
def test_a_due_day_otherwise_written_is_refused_with_how_it_is_written(tmp_path, due):
    with pytest.raises(WriteupError, match=r"toml:\d+: due: .* was given; it is a day without quotes, like due ="):
        load_assignment(described(tmp_path, f"due = {due}"))


@pytest.mark.parametrize(
    ("naming", "name", "expected"),
    [
        (Naming("E1"), "Ada_Lovelace_al123_E1.pdf", True),
        (Naming("E1"), "Jean-Luc_van-den-Berg_x1_E1_code.ipynb", True),
        (Naming("E1"), "Ada_Lovelace_al123_E1_evidence.html", True),
        (Naming("E1"), "Ada_Lovelace_al123_E1_figures", True),
        (Naming("E1"), "Ada_Lovelace_al123_E2.pdf", False),
        (Naming("E1"), "Ada_Lovelace_al123_E1_notes.txt", False),
        (Naming("E1"), "notes.md", False),
        (Naming("E.1", "{key}"), "E.1.pdf", True),
        (Naming("E.1", "{key}"), "EX1.pdf", False),
        (Naming("E1", "{key}-{netids}", ("E1b", "E1c")), "E1c-al123-zob7.ipynb", True),
        (Naming("E1", "{key}-{netids}", ("E1b", "E1c")), "E1b-al123-zob7.tex", False),
    ],
)
def test_what_an_earlier_build_left_is_told_by_its_name(naming, name, expected):
    assert naming.ours(name) == expected
