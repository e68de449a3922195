"""A project folder of its own for tests that write records."""

import shutil
import sys

import pytest

from tests.places import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the experiments' sources without any record, and an empty cache folder."""
    sources = ROOT / "experiments"
    for path in (*sources.rglob("*.py"), sources / "data.toml", ROOT / "answers/assignment.toml"):
        copied = tmp_path / "project" / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "project"


@pytest.fixture
def another_course(monkeypatch):
    """Modules of this course are not taken for those of a test's own, nor those for these afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in _of_courses():
        monkeypatch.delitem(sys.modules, name)
    yield
    for name in _of_courses():
        del sys.modules[name]


def _of_courses():
    return [name for name in sys.modules if name.partition(".")[0] in ("answers", "experiments")]
