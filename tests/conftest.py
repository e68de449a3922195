"""A project folder of its own for tests that write records."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
