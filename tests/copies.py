"""Assignments that a test may build and change: copies of the tiny one, smaller ones made up."""

import shutil
from pathlib import Path

from writeup.build import build
from writeup.naming import Naming
from writeup.pages.submission import load_identity

TINY = Path(__file__).with_name("tiny")
LEFT = shutil.ignore_patterns("build", ".cache", "__pycache__")


def copy_of_tiny(folder):
    """In a folder of its own, without what a build left there."""
    return Path(shutil.copytree(TINY, folder / "tiny", ignore=LEFT))


def make(root, on_stage=lambda _stage: None, **names):
    """Build it, its files named after its key and these names."""
    return build(root, load_identity(root, Naming("E1"), **names), on_stage=on_stage)


def made_up(folder, answer, template="", id="Q1", module="one", points=1):
    """An assignment of one question, whose answer has this source."""
    for path, text in {
        "answers/__init__.py": "",
        "answers/one.py": answer,
        "answers/assignment.toml": f"title='T'\nsubtitle='S'\nsuffix='X'\npoints=1\n"
        f"[[question]]\nid='{id}'\nmodule='{module}'\ntitle='t'\npoints={points}\nask='?'\n",
        f"templates/answers/{id}.md.j2": template,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def edit(path, old, new):
    """Put other words in the place of some that the file has."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
