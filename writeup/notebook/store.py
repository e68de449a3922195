"""The store of executed notebooks: sealed, and healing itself. What is not as it was written counts as not there."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from writeup.records.store import write_whole

KEPT_DAYS = 60  # an executed notebook that nobody asked for is removed after so long


@dataclass(frozen=True)
class Store:
    """One file a notebook, by the digest of what it depends on."""

    folder: Path

    def get(self, digest: str) -> tuple[NotebookNode | None, str]:
        """The executed notebook and the time of its run; without one, why what lies there is not used."""
        path = self._path(digest)
        if not path.exists():
            return None, ""
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["seal"] == _seal(digest, kept["notebook"]):
                path.touch()
                return nbformat.reads(kept["notebook"], as_version=4), kept["run"]
        except Exception:  # whatever lies there, it is not what was written
            pass
        return None, "the outputs kept of an earlier run are damaged"

    def put(self, digest: str, notebook: NotebookNode) -> None:
        text = nbformat.writes(notebook)
        run = datetime.now().isoformat(" ", "minutes")
        write_whole(self._path(digest), json.dumps({"seal": _seal(digest, text), "run": run, "notebook": text}))
        for path in self.folder.iterdir():
            if path.is_file() and time.time() - path.stat().st_mtime > KEPT_DAYS * 86400:
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.json"


def _seal(digest: str, text: str) -> str:
    return hashlib.sha256(f"{digest}\n{text}".encode()).hexdigest()
