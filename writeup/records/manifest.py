"""The manifest: every record on which the documents rest, with its seal, in one committed file.

A seal shows that a record is as its run left it, not that it is one of the runs that were made. So the folder of
records and the manifest must hold the same: a record deleted, added, exchanged for another or sealed anew is a finding
until somebody accepts it, by `writeup manifest`, which anybody can read in the repository's history.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from writeup.errors import WriteupError
from writeup.records.store import RESULTS, Records, write_whole
from writeup.text.files import read_toml

MANIFEST = RESULTS.parent / "records.toml"
ACCEPT = "`writeup manifest` accepts the records as they are"


def problems(root: Path) -> Iterator[tuple[str, str]]:
    """Each record in which folder and manifest differ, and what to do about it."""
    listed, records = manifest(root), Records(root)
    found = set(records)
    for path in sorted({*listed, *found}):
        where = f"record {path}"
        if path not in found:
            yield where, f"is gone, and {MANIFEST} lists it; restore it from the repository's history, or {ACCEPT}"
        elif path not in listed:
            yield where, f"is not in {MANIFEST}; delete it, or {ACCEPT}"
        else:
            try:
                seal = records[path].seal
            except WriteupError as error:
                yield where, str(error)
                continue
            if seal != listed[path]:
                yield where, f"has the seal {seal[:8]}, in {MANIFEST} {listed[path][:8]}; restore it, or {ACCEPT}"


def manifest(root: Path) -> dict[str, str]:
    """The seals by record; none where there is no manifest."""
    try:
        listed = read_toml(root / MANIFEST)
    except WriteupError as error:
        raise WriteupError(f"{error}; {ACCEPT}") from error
    for path, seal in listed.items():
        if not isinstance(seal, str):
            raise WriteupError(f"{root / MANIFEST}: {path} = {seal!r} is no seal; {ACCEPT}")
    return listed


def accept(root: Path) -> list[tuple[str, str]]:
    """Write the manifest of the records as they are; what it thereby accepts."""
    records = Records(root)
    try:
        accepted = list(problems(root))
    except WriteupError as error:  # what cannot be read lists none of them
        accepted = [("all records:", str(error))]
    write_whole(root / MANIFEST, "".join(f'"{path}" = "{records[path].seal}"\n' for path in records))
    return accepted
