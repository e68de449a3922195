"""Faults in records: what a slip of the hand or a forger would change in `experiments/results`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from writeup.records.store import RESULTS

Content = dict[str, Any]


@dataclass(frozen=True)
class Forgery:
    """What is done to which records; `files` holds the changed texts by "kind/name", None for a file that is gone."""

    what: str
    files: Mapping[str, str | None] = field(hash=False)

    def __str__(self) -> str:
        return f"{', '.join(self.files)}: {self.what}"


def forgeries(root: Path) -> list[Forgery]:
    """All forgeries of the committed records, in the order of their names."""
    files = sorted((root / RESULTS).glob("*/*.json"))
    texts = {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in files}
    made: list[Forgery] = []
    for path, text in texts.items():
        for what, changed in _edits(path, json.loads(text)):
            made.append(Forgery(what, {path: json.dumps(changed)}))
        made.append(Forgery("cut off in the middle", {path: text[: len(text) // 2]}))
        made.append(Forgery("deleted", {path: None}))
    for first, second in _pairs(list(texts)):
        made += _exchanges(first, second, *(json.loads(texts[path]) for path in (first, second)))
    return made


def _edits(path: str, record: Content) -> Iterator[tuple[str, Content]]:
    for name, value in record["metrics"].items():
        for what, edited in (("1 % more", 1.01), ("1 % less", 0.99), ("doubled", 2.0)):
            if value:
                yield f"metrics.{name}: {what}", _with(record, ("metrics", name), value * edited)
        if value == int(value):
            yield f"metrics.{name}: one more", _with(record, ("metrics", name), value + 1)
    draw = random.Random(path)  # which point of a series, the same every time
    for where, series in _series(record["curves"], ("curves",)):
        point = (*where, draw.randrange(len(series)))
        for what, factor in (("10 % more", 1.1), ("doubled", 2.0)):
            if value := _at(record, point):
                yield f"{'.'.join(map(str, point))}: {what}", _with(record, point, value * factor)
    for name, value in record["settings"].items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"settings.{name}: doubled", _with(record, ("settings", name), value * 2 or 1)
    yield "seeds: the first moved by one", _with(record, ("seeds", 0), record["seeds"][0] + 1)
    source = next(iter(record["sources"]))
    yield f"sources.{source}: one digit", _with(record, ("sources", source), "0" + record["sources"][source][1:] + "0")


def _exchanges(first: str, second: str, one: Content, other: Content) -> Iterator[Forgery]:
    """Two records of a kind with their numbers exchanged, and the second with a copy of the first's probe."""
    for fields in (("metrics",), ("curves",), ("metrics", "curves", "timing", "probe")):
        if any(one[field] != other[field] for field in fields):
            swapped = {first: one | {f: other[f] for f in fields}, second: other | {f: one[f] for f in fields}}
            yield Forgery(f"{', '.join(fields)} exchanged", {path: json.dumps(text) for path, text in swapped.items()})
    yield Forgery(f"probe copied from {first}", {second: json.dumps(other | {"probe": one["probe"]})})


def _pairs(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Neighbours within a kind, which differ in a seed or a setting; and each LSTM with the GRU nearest in name."""
    pairs = [(a, b) for a, b in pairwise(paths) if a.partition("/")[0] == b.partition("/")[0]]
    for path in paths:
        twin = path.replace("/LSTM-", "/GRU-").rpartition("-")[0]
        pairs += [(path, other) for other in paths if other != path and other.startswith(twin) and "/LSTM-" in path][:1]
    return list({frozenset(pair): pair for pair in reversed(pairs)}.values())


def _series(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], list[float]]]:
    """All lists of numbers below `value`, the first and the last of a list of lists only."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _series(item, (*where, key))
    elif isinstance(value, list) and value and isinstance(value[0], (int, float)):
        yield where, value
    elif isinstance(value, list):
        for number in sorted({0, len(value) - 1} if value else ()):
            yield from _series(value[number], (*where, number))


def _at(content: Any, where: Sequence[str | int]) -> Any:
    for key in where:
        content = content[key]
    return content


def _with(content: Content, where: Sequence[str | int], value: Any) -> Content:
    """A copy of the content with another value at one place."""
    copied: Content = json.loads(json.dumps(content))
    _at(copied, where[:-1])[where[-1]] = value
    return copied


def overlay(root: Path, folder: Path, files: Mapping[str, str | None]) -> Path:
    """A project in `folder` that is `root` by links, but for the forged records."""
    for entry in root.iterdir():
        if entry.name != RESULTS.parts[0]:
            (folder / entry.name).symlink_to(entry)
    experiments = folder / RESULTS.parts[0]
    experiments.mkdir()
    for entry in (root / RESULTS.parts[0]).iterdir():
        if entry.name != RESULTS.name:
            (experiments / entry.name).symlink_to(entry)
    for path in (root / RESULTS).glob("*/*.json"):
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        name = f"{path.parent.name}/{path.stem}"
        if name not in files:
            copy.symlink_to(path)
        elif (text := files[name]) is not None:
            copy.write_text(text, encoding="utf-8")
    return folder
