"""Copies of the tiny assignment, for tests that build or change it."""

import shutil
from pathlib import Path

TINY = Path(__file__).with_name("tiny")
LEFT = shutil.ignore_patterns("build", ".cache", "__pycache__")


def copy_of_tiny(folder):
    """In a folder of its own, without what a build left there."""
    return Path(shutil.copytree(TINY, folder / "tiny", ignore=LEFT))
