"""Copies of the tiny assignment, for tests that build or change it, and changes of their files."""

import shutil
from pathlib import Path

TINY = Path(__file__).with_name("tiny")
LEFT = shutil.ignore_patterns("build", ".cache", "__pycache__")


def copy_of_tiny(folder):
    """In a folder of its own, without what a build left there."""
    return Path(shutil.copytree(TINY, folder / "tiny", ignore=LEFT))


def edit(path, old, new):
    """Put other words in the place of some that the file has."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
