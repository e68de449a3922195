"""Records: what is damaged is refused in words, and fingerprints see code but not comments."""

import importlib.metadata

import pytest

from tests.recorded import saved
from writeup.errors import WriteupError
from writeup.records.store import (
    DATA,
    RESULTS,
    Records,
    environment,
    load,
    source_fingerprint,
    stale_sources,
    write_whole,
)


@pytest.fixture
def project(tmp_path):
    """A project with one source file and one record made from it."""
    (tmp_path / "train.py").write_text('"""Trains."""\n\n\ndef step(rate):\n    return rate * 2\n')
    run = {"settings": {"rate": 0.1}, "metrics": {"loss": 0.5}, "curves": {"loss": [1.0, 0.5]}}
    return tmp_path, saved(tmp_path, "training", "one", seeds=[1], timing={"seconds": 1.0}, sources=["train.py"], **run)


def test_a_record_reads_back_as_it_was_written(project):
    root, record = project
    assert Records(root)["training/one"] == record


def test_records_remember_which_were_used(project):
    records = Records(project[0])
    assert records.used == set()
    _ = records["training/one"]
    assert records.used == {"training/one"}


def test_a_missing_record_names_the_command_that_makes_it(project):
    with pytest.raises(WriteupError, match="make experiments"):
        Records(project[0])["training/two"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: text.replace('"loss": 0.5', '"loss": "half"'), "metrics.loss"),
        (lambda text: text.replace('"seeds"', '"seedlings"'), "seeds"),
        (lambda text: text.replace('"name": "one"', '"name": "two"'), "says that it is"),
        (lambda text: text.replace('"loss": 0.5', '"loss": NaN'), "damaged"),
    ],
)
def test_a_damaged_record_is_refused_with_file_and_place(project, damage, message):
    path = project[0] / RESULTS / "training" / "one.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(WriteupError, match=message):
        load(path)


def test_a_comment_docstring_or_blank_line_does_not_change_the_fingerprint(project):
    path = project[0] / "train.py"
    before = source_fingerprint(path)
    path.write_text('"""Trains well."""\n# a comment\ndef step(rate):\n\n    """One step."""\n    return rate*2\n')
    assert source_fingerprint(path) == before


@pytest.mark.parametrize("code", ["def step(rate):\n    return rate * 3\n", "def step(rat):\n    return rat * 2\n"])
def test_a_change_of_code_makes_the_record_stale(project, code):
    root, record = project
    (root / "train.py").write_text(code)
    assert stale_sources(record, root) == ["train.py"]


def test_a_source_that_is_gone_makes_the_record_stale(project):
    root, record = project
    (root / "train.py").unlink()
    assert stale_sources(record, root) == ["train.py"]


def test_an_unchanged_source_leaves_the_record_current(project):
    root, record = project
    assert stale_sources(record, root) == []


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        ({"text.txt": "1"}, []),
        ({"text.txt": "0"}, ["text.txt"]),
        ({}, ["text.txt"]),
        ({"text.txt": "1", "more.txt": "2"}, ["more.txt"]),
    ],
    ids=["the same", "another sum", "not read", "one more"],
)
def test_other_data_make_the_record_stale(project, data, changed):
    root, record = project
    (root / DATA).parent.mkdir(exist_ok=True)
    (root / DATA).write_text('[a-text]\n"text.txt" = "1"\n')
    made = record.model_copy(update={"settings": {"corpus": "a-text"}, "data": data})
    assert stale_sources(made, root) == changed


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_course_without_torch_has_an_environment_too(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert environment().keys() == {"python", "system", "processor", "cores"}


@pytest.mark.parametrize("content", [b"def (", b"\xff\xfe", b"x\0"])
def test_a_source_that_is_no_python_is_named(tmp_path, content):
    (tmp_path / "broken.py").write_bytes(content)
    with pytest.raises(WriteupError, match=r"broken\.py: no Python source"):
        source_fingerprint(tmp_path / "broken.py")
