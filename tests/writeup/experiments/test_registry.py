"""Another course's experiments are found by its own assignment and need nothing of this one's."""

import pytest
from typer.testing import CliRunner

from tests.copies import TINY, copy_of_tiny
from writeup.audit import carry_out, items, replay
from writeup.cli import app
from writeup.errors import WriteupError
from writeup.experiments.registry import registry
from writeup.experiments.vouching import current

COIN = """
import random
from dataclasses import asdict, dataclass
from writeup.records.store import save

KIND = "coin"

@dataclass(frozen=True)
class Settings:
    seed: int = 1
    name = property(lambda self: f"seed{self.seed}")

def plan(preset, finished):
    return [Settings()]

def heads(seed):
    chance = random.Random(seed)
    return sum(chance.random() < 0.5 for _ in range(100))

def run(settings, root, report):
    found = heads(settings.seed)
    return save(root, kind=KIND, name=settings.name, settings=asdict(settings), seeds=[settings.seed],
        metrics={"heads": found}, curves={}, timing={}, probe={"heads": found}, sources=["trials/coin.py"])

def replay(record):
    return {"heads": heads(record.settings["seed"])}
"""
PACKAGE = """
MODULES = ("trials.coin",)
AUDITED = "coin"

def rerun_reason(record):
    return ""
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The tiny course with a package of one experiment, at its own place."""
    root = copy_of_tiny(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(root))
    description = root / "answers/assignment.toml"
    description.write_text('experiments = "trials"\n' + description.read_text())
    (root / "trials").mkdir()
    (root / "trials/__init__.py").write_text(PACKAGE)
    (root / "trials/coin.py").write_text(COIN)
    return root


def test_its_experiments_are_run_kept_and_replayed(course):
    result = CliRunner().invoke(app, ["experiments", "--root", str(course), "--jobs", "1"])
    assert (result.exit_code, "1 records are current, 0 missing" in result.output) == (0, True)
    (record,) = current("coin", course).values()
    assert replay(record, course) == 0.0
    (trained,) = (item for item in items(course, 1, 0) if item.what.startswith("quick runs"))
    assert carry_out(trained).detail.startswith("1 runs, the two the same to the last bit")


def test_an_assignment_without_experiments_says_so():
    assert registry(TINY).kinds == {}
    result = CliRunner().invoke(app, ["experiments", "--root", str(TINY)])
    assert "names no package of them" in str(result.exception)


def test_an_unknown_kind_is_told_the_known_ones(course):
    with pytest.raises(WriteupError, match=r"no experiment of kind 'die'; there are \['coin'\]"):
        registry(course).experiment("die")
