"""Records that have what a test says of them, and nothing else."""

from writeup.records.store import Record, save

EMPTY = ("settings", "metrics", "curves", "timing", "probe")


def saved(root, kind, name, **fields):
    """A record that is saved in a project."""
    blank = {field: {} for field in EMPTY} | {"seeds": [], "sources": []}
    return save(root, kind=kind, name=name, **(blank | fields))


def made(kind, name, **fields):
    """A record that no project has."""
    blank = {field: {} for field in (*EMPTY, "sources", "data", "environment")}
    return Record(kind=kind, name=name, **(blank | {"seeds": [1], "device": "CPU", "date": "2026-01-01"} | fields))
