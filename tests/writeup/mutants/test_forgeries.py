"""Faults in records: what is forged, and that the project itself stays as it is."""

import json

import pytest

from tests.recorded import saved
from writeup.mutants.forgeries import forgeries, overlay
from writeup.records.store import RESULTS


def make(root, name, cell, loss):
    (root / "source.py").write_text("x = 1\n")
    found = {"metrics": {"loss": loss, "steps": 4.0}, "curves": {"loss": [3.0, 2.0, loss]}, "probe": {"losses": [loss]}}
    settings = {"cell": cell, "layers": 2}
    saved(root, "runs", name, settings=settings, seeds=[1], sources=["source.py"], **found)


@pytest.fixture
def project(tmp_path):
    make(tmp_path, "GRU-small-1a", "GRU", 1.5)
    make(tmp_path, "LSTM-small-2b", "LSTM", 1.25)
    return tmp_path


def forged(project, what, path="runs/GRU-small-1a"):
    """The content of the record after the forgery of that description."""
    (text,) = [f.files[path] for f in forgeries(project) if f.what == what and path in f.files]
    return json.loads(text)


def test_a_metric_is_moved_by_a_hundredth(project):
    assert forged(project, "metrics.loss: 1 % more")["metrics"]["loss"] == 1.5 * 1.01


def test_the_last_digit_of_a_count_is_moved(project):
    assert forged(project, "metrics.steps: one more")["metrics"]["steps"] == 5


def test_one_point_of_a_curve_is_moved(project):
    curves = [
        json.loads(f.files["runs/GRU-small-1a"])["curves"]["loss"]
        for f in forgeries(project)
        if f.what.startswith("curves.loss") and f.what.endswith("doubled") and "runs/GRU-small-1a" in f.files
    ]
    assert [sum(a != b for a, b in zip(curve, [3.0, 2.0, 1.5], strict=True)) for curve in curves] == [1]


def test_numbers_of_two_cells_are_exchanged_under_their_names(project):
    exchanged = forged(project, "metrics, curves, timing, probe exchanged")
    assert (exchanged["settings"]["cell"], exchanged["metrics"]["loss"]) == ("GRU", 1.25)


def test_a_probe_is_copied(project):
    assert forged(project, "probe copied from runs/GRU-small-1a", "runs/LSTM-small-2b")["probe"] == {"losses": [1.5]}


def test_a_file_is_cut_off(project):
    with pytest.raises(json.JSONDecodeError):
        forged(project, "cut off in the middle")


def test_an_overlay_holds_the_forged_record_and_leaves_the_project_alone(project, tmp_path_factory):
    path = RESULTS / "runs" / "GRU-small-1a.json"
    before = (project / path).read_text()
    folder = overlay(project, tmp_path_factory.mktemp("forged"), {"runs/GRU-small-1a": "{}"})
    assert ((folder / path).read_text(), (project / path).read_text()) == ("{}", before)


def test_an_overlay_holds_the_other_records_and_all_else_as_they_are(project, tmp_path_factory):
    folder = overlay(project, tmp_path_factory.mktemp("forged"), {"runs/GRU-small-1a": None})
    other = RESULTS / "runs" / "LSTM-small-2b.json"
    assert (folder / other).read_text() == (project / other).read_text()
    assert (folder / "source.py").read_text() == "x = 1\n"
    assert not (folder / RESULTS / "runs" / "GRU-small-1a.json").exists()
