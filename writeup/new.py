"""`writeup new DIR`: a new assignment that builds as it is, copied from `starter/`."""

from __future__ import annotations

import shutil
from pathlib import Path

from writeup.assignment import DESCRIPTION
from writeup.errors import WriteupError

STARTER = Path(__file__).with_name("starter")
BYTECODE = shutil.ignore_patterns("__pycache__")


def new(folder: Path, notebook: bool = False) -> list[Path]:
    """Write the starter, with a notebook if asked for; returns its files. The folder must be new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WriteupError(f"{folder} is there already and not empty; name a new folder")
    try:
        shutil.copytree(STARTER / "plain", folder, dirs_exist_ok=True, ignore=BYTECODE)
        (folder / "gitignore").rename(folder / ".gitignore")
        if notebook:
            described = (folder / DESCRIPTION).read_text(encoding="utf-8")
            shutil.copytree(STARTER / "notebook", folder, dirs_exist_ok=True, ignore=BYTECODE)
            added = folder / "assignment.toml"
            (folder / DESCRIPTION).write_text(described + added.read_text(encoding="utf-8"), encoding="utf-8")
            added.unlink()
    except OSError as error:
        raise WriteupError(f"{folder} cannot be written: {error.strerror} ({error.filename})") from error
    return sorted(path for path in folder.rglob("*") if path.is_file())
