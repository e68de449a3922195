"""The wheel is the generator alone, with its layouts, and needs neither the course nor torch."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.copies import LEFT
from tests.places import ROOT


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
    """A folder to put on the path, in which the wheel lies."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (folder / "bare").mkdir()
    (folder / "bare/torch.py").write_text("raise ModuleNotFoundError('torch')")
    return folder


PROGRAM = """
import sys
import writeup.cli
assert writeup.cli.__file__.startswith(sys.argv.pop(1))
writeup.cli.main()
"""
# The same in an environment that says it has no torch.
BARE = (
    """
import importlib.metadata, sys
def version(name, known=importlib.metadata.version):
    if name == "torch":
        raise importlib.metadata.PackageNotFoundError(name)
    return known(name)
importlib.metadata.version = version
"""
    + PROGRAM
)


def writeup(installed, folder, *arguments, program=BARE):
    path = f"{installed}/bare:{installed}" if program == BARE else str(installed)
    command = [sys.executable, "-P", "-c", program, str(installed), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_generator_alone(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"writeup"}


def test_the_wheel_holds_every_file_of_the_generator(wheel):
    kept = {str(p.relative_to(ROOT)) for p in (ROOT / "writeup").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert kept - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize(
    ("extra", "files"),
    [((), ["html", "md", "pdf", "tex"]), (("--notebook",), ["html", "ipynb", "md", "pdf", "pdf", "tex"])],
)
def test_a_new_assignment_builds_as_it_is(installed, tmp_path, extra, files):
    for arguments in (("new", tmp_path / "x", *extra), ("build", "--root", tmp_path / "x")):
        run = writeup(installed, tmp_path, *arguments)
        assert run.returncode == 0, run.stdout + run.stderr
    assert sorted(path.suffix[1:] for path in (tmp_path / "x/build").glob("Ada_Lovelace_al123_E1*.*")) == files


def test_the_example_builds_and_reads_back(installed, tmp_path):
    root = Path(shutil.copytree(ROOT / "examples/backprop", tmp_path / "backprop", ignore=LEFT))
    run = writeup(installed, tmp_path, "build", "--root", root, program=PROGRAM)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "10 of 10 points" in run.stdout
    files = json.loads((root / "build/ledger.json").read_text())["readback"]["files"]
    assert {Path(row["file"]).suffix for row in files} == {".md", ".tex", ".pdf", ".svg"}


def test_a_folder_that_holds_something_is_left_alone(installed, tmp_path):
    run = writeup(installed, tmp_path, "new", installed)
    assert (run.returncode, "not empty" in run.stderr) == (2, True)


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
