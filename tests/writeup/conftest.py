"""The tiny assignment, to look at and to change."""

import shutil
from pathlib import Path

import pytest

from tests.copies import copy_of_tiny, make


@pytest.fixture
def tiny(tmp_path):
    """Not built; a test may change it."""
    return copy_of_tiny(tmp_path)


@pytest.fixture(scope="package")
def built(tmp_path_factory):
    """Built once: no test changes it."""
    root = copy_of_tiny(tmp_path_factory.mktemp("built"))
    make(root)
    return root


@pytest.fixture
def own(built, tmp_path):
    """Built; a test may change it."""
    return Path(shutil.copytree(built, tmp_path / "tiny"))
