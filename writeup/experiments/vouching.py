"""Whether a record is what the present code, data and settings would give, and what may vouch for it when it is not."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from writeup.errors import WriteupError
from writeup.experiments import Settings, rehearsal
from writeup.experiments.registry import registry
from writeup.records.replay import recertified
from writeup.records.store import (
    RESULTS,
    Record,
    changed_data,
    changed_sources,
    load,
    source_fingerprints,
    stale_sources,
    write,
)


def current(kind: str, root: Path) -> dict[str, Record]:
    """The records of a kind by name, without those that are damaged, contradict themselves or are stale."""
    stored = (stored_record(kind, path.stem, root) for path in sorted((root / RESULTS / kind).glob("*.json")))
    return {record.name: record for record in stored if record is not None and not stale_sources(record, root)}


def stored_record(kind: str, name: str, root: Path) -> Record | None:
    """The record as it is stored, stale or not; None where there is none that can be read."""
    try:
        return load(root / RESULTS / kind / f"{name}.json")
    except WriteupError:
        return None


def made_with(record: Record, settings: Settings) -> bool:
    """Whether the record's settings are these; its name alone does not say so."""
    planned: dict[str, Any] = asdict(settings)  # type: ignore[call-overload]  # a dataclass, as the protocol says
    return record.settings == json.loads(json.dumps(planned))


def certify(record: Record, root: Path) -> Record:
    """Replay a stale record and save it with the present fingerprints and a note of the replay.

    Raises `WriteupError` with the reason where the record must be run anew instead: no probe can vouch for it, other
    data were used, the rehearsal of its kind comes out otherwise, or its probe does.
    """
    if reason := registry(root).rerun_reason(record):
        raise WriteupError(f"record {record.path}: {reason}")
    if other := changed_data(record, root):
        raise WriteupError(f"record {record.path} was made from other data: {', '.join(other)}")
    # What the record's own device depends on, too: a rehearsal on the CPU knows nothing of a card's code.
    own = [name for name in record.sources if (root / name).is_file()]
    sources = source_fingerprints(own, root) | rehearsal.agreed_sources(record.kind, root)
    certified = recertified(record, registry(root).experiment(record.kind).replay(record), sources)
    return write(certified, root)


def renew(kind: str, root: Path) -> None:
    """Keep a new rehearsal where the code has changed since the last, if every record of the kind is current.

    So no change can vouch for itself: it first has to be re-certified by the old rehearsal, or all runs done anew.
    """
    stored = list((root / RESULTS / kind).glob("*.json"))
    records = current(kind, root)
    if len(records) < len(stored) or all(registry(root).rerun_reason(record) for record in records.values()):
        return
    kept = rehearsal.kept_rehearsal(kind, root)
    if kept is None or changed_sources(kept["sources"], root):
        rehearsal.keep(kind, root)
