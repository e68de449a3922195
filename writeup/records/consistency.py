"""What the numbers of a record must have in common, whatever it measured: a forged or mixed-up record breaks it.

`inconsistencies` looks at one record, and `records.load` refuses a record that has any; `copies` compares the records
of a kind. Laws that only one kind of record obeys stand beside its reader, as those of the language model in
`lab/laws.py`.

What no such law can catch is a lie that is told throughout: a curve, the loss that it ends in and the perplexity, all
moved by the same amount. Against that stands the replay, which repeats the record's probe by the code at hand, and a
run made anew; and against a probe taken from an honest run beside curves that are not, the new run alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from writeup.records.record import Record

SHARING = ("corpus", "epochs")  # settings in which records with one probe may differ
HASH = re.compile(r"-([0-9a-f]{8})$")  # the end of a name that is made unique by its settings
# What is said of torch where it is installed must have its form.
SURROUNDINGS = {"python": r"3\.\d+\.\d+.*", "torch": r"(\d+\.\d+\.\d+.*)?", "system": r".+", "cores": r"[1-9]\d*"}


def settings_digest(settings: Mapping[str, Any]) -> str:
    """The hash of all settings that a record's name may end with."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]


def inconsistencies(record: Record) -> Iterator[str]:
    """What contradicts what in the record, in words; nothing when all is well."""
    if (ending := HASH.search(record.name)) and ending[1] != (digest := settings_digest(record.settings)):
        yield f"its name ends with {ending[1]}, its settings have the hash {digest}"
    for name, seeds in (("seed", [record.settings.get("seed")]), ("seeds", record.settings.get("seeds"))):
        if name in record.settings and seeds != record.seeds:
            yield f"its settings have the seeds {seeds}, the record {record.seeds}"
    for what, values in (("curves", record.curves), ("probe", record.probe)):
        if not all(math.isfinite(value) for value in numbers(values)):
            yield f"its {what} hold a number that is not finite"
    for name, seconds in record.timing.items():
        if seconds <= 0:
            yield f"it took {seconds} s ({name})"
    for name, form in SURROUNDINGS.items():
        if not re.fullmatch(form, found := record.environment.get(name, "")):
            yield f"its environment has {name} {found!r}"
    yield from _course(record)


def _course(record: Record) -> Iterator[str]:
    """What its dates and replays contradict: a run comes before its replays, and none of them in the future."""
    dates = [record.date, *(replay.date for replay in record.replays)]
    try:
        in_order = [date.fromisoformat(found) for found in dates]
    except ValueError:
        yield f"its dates are {dates}, not all of the form YYYY-MM-DD"
        return
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # clocks and time zones differ
    if in_order != sorted(in_order) or in_order[-1] > tomorrow:
        yield f"its dates are {dates}, out of order or in the future"
    for replay in record.replays:
        if not 0 <= replay.largest_difference <= replay.tolerance:
            yield f"the replay of {replay.date} differs by {replay.largest_difference}, more than {replay.tolerance}"


def copies(records: Iterable[Record]) -> list[str]:
    """Pairs of records of one kind with other settings and the same probe: one was copied from the other.

    Records that differ in nothing but the corpus may share a probe, which may run on words of its own; so may runs of
    the same course, one longer than the other.
    """
    seen: dict[tuple[str, str], Record] = {}
    found = []
    for record in records:
        if not record.probe:
            continue
        first = seen.setdefault((record.kind, json.dumps(record.probe, sort_keys=True)), record)
        if any(first.settings.get(name) != value for name, value in record.settings.items() if name not in SHARING):
            found.append(f"{record.path} has the probe of {first.path}: delete both and `make experiments`")
    return found


def numbers(values: Any) -> Iterator[float]:
    """All numbers of a nested structure."""
    if isinstance(values, Mapping):
        values = values.values()
    elif isinstance(values, (int, float)):
        yield values
        return
    elif not isinstance(values, (list, tuple)):
        return
    for value in values:
        yield from numbers(value)
