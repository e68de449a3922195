"""The common end of this package's experiments: settings and raw per-seed values as one record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from experiments import Settings
from writeup.records.store import Record, save

S = TypeVar("S")


def save_run(
    root: Path,
    kind: str,
    settings: Settings,
    measure: Callable[[], Mapping[str, Any]],
    probe: Mapping[str, Any],
    modules: tuple[str, ...],
) -> Record:
    """Time `measure()` and save what it returns as the record's curves.

    The record holds no summary: whoever prints a mean or an interval computes it from the values of the single seeds.
    `modules` are this package's files on which the numbers depend.
    """
    start = time.perf_counter()
    curves = measure()
    stored: dict[str, Any] = asdict(settings)  # type: ignore[call-overload]  # a dataclass, as the protocol says
    return save(
        root,
        kind=kind,
        name=settings.name,
        settings=stored,
        seeds=list(stored.get("seeds", ())),
        metrics={},
        curves=curves,
        timing={"seconds": round(time.perf_counter() - start, 2)},
        probe=probe,
        sources=tuple(f"experiments/regularisation/{name}.py" for name in modules),
    )


def restore(settings_class: type[S], record: Record) -> S:
    """The settings that a record was made with; JSON turned their tuples into lists."""
    return settings_class(**{name: _tuples(value) for name, value in record.settings.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
