"""The wheel is the generator alone, with its layouts, and needs neither the course nor torch."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/tiny"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="an environment older than the lock; `make test` renews it")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder to put on the path, in which the wheel lies and torch cannot be imported."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (folder / "torch.py").write_text("raise ModuleNotFoundError('torch')")
    return folder


def writeup(installed, folder, *arguments):
    code = "import sys, writeup.cli as c; assert c.__file__.startswith(sys.argv.pop(1)); c.main()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", "-c", code, str(installed), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_generator_alone(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"writeup"}


def test_the_wheel_holds_every_file_of_the_generator(wheel):
    kept = {str(p.relative_to(ROOT)) for p in (ROOT / "writeup").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert kept - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_an_assignment_builds_with_the_wheel(installed, tmp_path):
    root = shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("build", ".cache", "__pycache__"))
    run = writeup(installed, root, "build")
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(list((root / "build").glob("*.pdf"))) == 1


def test_the_lock_pins_what_the_wheels_bounds_allow():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    pinned = dict(
        line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")
    )
    pinned = {name.lower().replace("_", "-"): number for name, number in pinned.items()}
    needed = [Requirement(one) for one in asked]
    outside = [str(one) for one in needed if pinned.get(one.name.replace("_", "-"), "0") not in one.specifier]
    assert outside == []
