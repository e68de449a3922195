"""What `make` promises before there is an environment."""

import shutil
import subprocess

from tests.places import ROOT


def test_set_up_never_wipes_the_environment_that_a_linked_venv_points_to(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").touch()
    (tmp_path / ".venv").symlink_to("other")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    made = subprocess.run(["make", "check", "PYTHON=true"], cwd=tmp_path, capture_output=True, text=True)
    kept = (tmp_path / "other" / "kept").exists()
    assert (made.returncode, ".venv is a link" in made.stderr, kept) == (2, True, True)


def test_what_is_given_reaches_the_program_as_it_is_and_runs_nothing(tmp_path):
    """In a folder whose name holds what a shell, make and TeX read."""
    folder = tmp_path / 'it\'s "$HOME" {x,y}'
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    python = folder / ".venv/bin/python"
    python.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    python.chmod(0o755)
    (folder / ".venv/.ready").touch()
    question = "\"; touch x; echo $(touch y) `touch z` '"
    made = subprocess.run(["make", "check", f"QUESTION={question}"], cwd=folder, capture_output=True, text=True)
    assert (made.stdout, [*folder.glob("[xyz]")]) == (f"<-m><writeup><check><--question><{question}>", [])
