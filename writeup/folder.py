"""What lies in build/: one build's files, replaced together or not at all, by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from writeup.errors import WriteupError
from writeup.naming import Naming
from writeup.records.store import write_whole

BUILD = Path("build")
LEDGER, STAMP = "ledger.json", ".stamp.json"
Stamp = dict[str, Any]  # "inputs": digest of all that the build depends on; "files": sha256 by name
NEXT, DECIDED = ".next", ".decided"  # inside build/: the new files until all are there, and from then on


def stamp_of(folder: Path) -> Stamp | None:
    """The stamp of the last build, while its files are all as they were; else None."""
    stamp = _read(folder / STAMP)
    try:
        whole = all(sha((folder / name).read_bytes()) == kept for name, kept in stamp["files"].items())
    except (OSError, ValueError):
        return None
    return stamp if whole and stamp["inputs"] else None


def _read(path: Path) -> Stamp:
    """A stamp; one without inputs and files where there is none, or none of ours."""
    try:
        stamp: Stamp = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(stamp["inputs"], str) and all(inside(name) for name, _ in stamp["files"].items()):
            return stamp
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return {"inputs": "", "files": {}}


def replace(folder: Path, content: Mapping[str, str | bytes], stamp: Stamp, naming: Naming) -> None:
    """Put new files in place of old ones: all are written beside them first, one rename decides, and what is cut off
    after it is finished at the next start. What the stamp does not list and an earlier build has left is removed."""
    try:
        heal(folder, naming)
        for name, data in {**content, STAMP: json.dumps(stamp, indent=1) + "\n"}.items():
            write_whole(folder / NEXT / name, data)
        (folder / NEXT).rename(folder / DECIDED)
        heal(folder, naming)
    except OSError as error:
        shutil.rmtree(folder / NEXT, ignore_errors=True)
        raise WriteupError(
            f"writing to {folder} failed: {error.strerror} ({error.filename}); it must be writable"
        ) from error


def heal(folder: Path, naming: Naming) -> bool:
    """Undo what an earlier build left before it was decided, finish what was; whether something was finished."""
    shutil.rmtree(folder / NEXT, ignore_errors=True)
    decided = folder / DECIDED
    if not decided.is_dir():
        return False
    for path in sorted(decided.rglob("*"), key=lambda path: path.name == STAMP):  # the stamp comes last
        if path.is_file():
            if path.name == STAMP:
                _remove_earlier(folder, _read(path)["files"], naming)
            target = folder / path.relative_to(decided)
            if target.parent != folder and (target.parent.is_symlink() or not target.parent.is_dir()):
                target.parent.unlink(missing_ok=True)  # nothing is written through a link
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)
    shutil.rmtree(decided)
    return True


def _remove_earlier(folder: Path, content: Collection[str], naming: Naming) -> None:
    """Remove what a build under another name has left, never outside of the folder: told by its name alone, or, where
    the assignment's pattern was another then, by the last build's stamp."""
    listed = {part for name in _read(folder / STAMP)["files"] for part in Path(name).parts[:1]}
    for path in folder.iterdir():
        if (naming.ours(path.name) or path.name in listed) and path.name not in content:
            kept = {Path(name).name for name in content if Path(name).parent.name == path.name}
            if path.is_dir() and not path.is_symlink() and kept:
                for figure in path.iterdir():
                    if figure.name not in kept and not figure.is_dir():
                        figure.unlink()
            elif path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def inside(name: str) -> bool:
    """Whether a name leads nowhere but into build/."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def sha(data: str | bytes) -> str:
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


@contextmanager
def alone(root: Path, wait: bool = False) -> Iterator[None]:
    """One build at a time: a second one is refused, not interleaved, unless it can `wait`. Its temporary files (TeX's,
    notebooks') lie in the project, where the next build removes what a killed one has left."""
    lock, work = FileLock(root / ".cache" / "build.lock", timeout=-1 if wait else 0), root / ".cache" / "temporary"
    folder = root
    try:
        for folder in (root / BUILD, root / ".cache"):
            folder.mkdir(exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()  # better to learn now than after the work that it can be written
        lock.acquire()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(exist_ok=True)
    except Timeout:
        raise WriteupError(f"another build is running in {root} (it holds {lock.lock_file}); wait for it") from None
    except OSError as error:
        lock.release()
        raise WriteupError(f"{folder}: {error.strerror}; the build writes to build/ and .cache/ in {root}") from error
    elsewhere, tempfile.tempdir = tempfile.tempdir, str(work)
    try:
        yield
    finally:
        tempfile.tempdir = elsewhere
        shutil.rmtree(work, ignore_errors=True)
        lock.release()
