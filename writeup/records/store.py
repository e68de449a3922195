"""Records of finished experiments: reading, writing, fingerprints.

One file a run: `experiments/results/<kind>/<name>.json`, by the schema of `record.py`. A record carries a
fingerprint of every source file that its numbers depend on. Fingerprints are taken of the syntax tree without
docstrings, so a comment, a docstring or a reformatting does not make a long run stale, and a change of code does.
"""

from __future__ import annotations

import ast
import glob
import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from writeup.errors import WriteupError, near
from writeup.records.consistency import inconsistencies
from writeup.records.record import Record as Record
from writeup.records.record import Replay as Replay
from writeup.records.record import sealed as sealed
from writeup.text.files import read_toml

RESULTS = Path("experiments/results")
DATA = Path("experiments/data.toml")  # the sha256 of every file of each data set that a record's `corpus` may name


def source_fingerprint(path: Path) -> str:
    """The sha256 of the file's syntax tree without docstrings and positions (the same on every Python version).

    Imports from the generator do not count: it gives a run its error type and its record, and may be laid out anew.
    """
    try:
        return _fingerprint(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise WriteupError(f"{path}: no Python source ({error})") from error


@cache  # dozens of records share their sources
def _fingerprint(source: str) -> str:
    return hashlib.sha256(repr(_shape(ast.parse(source))).encode()).hexdigest()[:16]


def _shape(node: Any) -> Any:
    """The tree as nested tuples; empty fields are left out, since newer Pythons add some."""
    if isinstance(node, list):
        return tuple(_shape(item) for item in node if not _imports_generator(item))
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node):
        fields["body"] = fields["body"][1:]
    return (
        type(node).__name__,
        tuple((name, _shape(value)) for name, value in fields.items() if value not in (None, [])),
    )


def _imports_generator(node: Any) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "writeup"


def source_fingerprints(paths: Sequence[str], root: Path) -> dict[str, str]:
    """Fingerprints of source files named relative to `root`."""
    return {name: source_fingerprint(root / name) for name in paths}


def environment() -> dict[str, str]:
    """Versions and machine, for a record or for the ledger."""
    return {
        "python": platform.python_version(),
        **_torch(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _torch() -> dict[str, str]:
    """Its version where it is installed: an assignment need not use it."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return {"torch": importlib.metadata.version("torch")}
    return {}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def save(
    root: Path,
    *,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    seeds: Sequence[int],
    metrics: Mapping[str, float],
    curves: Mapping[str, Any],
    timing: Mapping[str, float],
    probe: Mapping[str, Any],
    sources: Sequence[str],
    data: Mapping[str, str] | None = None,
    device: str = "",
) -> Record:
    """Write the record to `root/experiments/results/<kind>/<name>.json`, whole or not at all, and return it."""
    surroundings = environment()
    record = Record(
        kind=kind,
        name=name,
        settings=dict(settings),
        seeds=list(seeds),
        metrics=dict(metrics),
        curves=dict(curves),
        timing=dict(timing),
        probe=dict(probe),
        sources=source_fingerprints(sources, root),
        data=dict(data or {}),
        environment=surroundings,
        device=device or f"CPU ({surroundings['processor']})",
        date=datetime.now(UTC).date().isoformat(),
    )
    return write(record, root)


def write(record: Record, root: Path) -> Record:
    """Write the record to its file, sealed, and return it so; `replays` only where there are any."""
    record = record.model_copy(update={"seal": sealed(record)})
    content = json.dumps(record.model_dump(exclude_defaults=True), indent=1) + "\n"
    write_whole(root / RESULTS / record.kind / f"{record.name}.json", content)
    return record


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content` in one step, so that no reader and no interruption ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode("utf-8") if isinstance(content, str) else content
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):  # of a process that was killed
        if not _alive(left.name.split(".")[-2]):
            left.unlink(missing_ok=True)
    temporary = path.parent / f".{path.name}.{os.getpid()}.part"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)  # less the user's umask
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except OSError:
        pass
    return True


def load(path: Path) -> Record:
    """Read one record file; raises `WriteupError` naming the file and what is wrong with it.

    What `consistency.py` can tell of a single record is part of it, so no answer ever sees a record that breaks it.
    """
    try:
        record = Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WriteupError(
            f"record {path}: cannot be read ({error.strerror}); `make experiments` makes it anew"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        raise WriteupError(
            f"record {path} is damaged at {where}: {first['msg']}; `make experiments` makes it anew"
        ) from error
    if (record.kind, record.name) != (path.parent.name, path.stem):
        raise WriteupError(f"record {path} says that it is {record.path}; a record's file must be <kind>/<name>.json")
    if record.seal != sealed(record):
        raise WriteupError(
            f"record {path} is not as it was written: its content does not match its seal; restore it from the "
            "repository's history, or delete it and `make experiments`"
        )
    if broken := list(inconsistencies(record)):
        raise WriteupError(f"record {path} contradicts itself: {'; '.join(broken)}; `make experiments` makes it anew")
    return record


class Records(Mapping[str, Record]):
    """The committed records by "kind/name", read when asked for; `used` tells which were."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.used: set[str] = set()
        self._loaded: dict[str, Record] = {}

    @cached_property
    def _names(self) -> list[str]:
        folder = self.root / RESULTS
        return sorted(f"{p.parent.name}/{p.stem}" for p in folder.glob("*/*.json"))

    def __getitem__(self, key: str) -> Record:
        path = self.root / RESULTS / f"{key}.json"
        if not path.is_file():
            told = f"record {key} was asked for and {path} does not exist"
            raise WriteupError(f"{told}; `make experiments` makes what is planned{near(key, self)}")
        self.used.add(key)
        if key not in self._loaded:
            self._loaded[key] = load(path)
        return self._loaded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def of_kind(self, kind: str) -> list[Record]:
        """All records of one kind, in order of name."""
        return [self[key] for key in self if key.startswith(kind + "/")]


def stale_sources(record: Record, root: Path) -> list[str]:
    """The files, sources and data, that are not what they were when the record was made."""
    return changed_sources(record.sources, root) + changed_data(record, root)


def changed_data(record: Record, root: Path) -> list[str]:
    """The data files that the record read and that `DATA` has with another sum, or has not, or that it did not read."""
    if not (root / DATA).is_file():
        return []
    sums = read_toml(root / DATA).get(record.settings.get("corpus", ""), {})
    return [name for name in sorted({*sums, *record.data}) if record.data.get(name) != sums.get(name)]


def changed_sources(fingerprints: Mapping[str, str], root: Path) -> list[str]:
    """The source files whose fingerprint is not the given one, or that are gone."""
    return [
        name
        for name, fingerprint in fingerprints.items()
        if not (root / name).is_file() or source_fingerprint(root / name) != fingerprint
    ]
