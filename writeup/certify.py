"""The end of an audit: its certificate beside the files that were built, and on their evidence page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from writeup.assignment import load_assignment
from writeup.errors import WriteupError
from writeup.evidence import with_audit
from writeup.folder import BUILD, LEDGER, alone, replace, sha, stamp_of
from writeup.records.store import environment, write_whole
from writeup.trust.certificate import CERTIFICATE, Certificate, Redone, digest
from writeup.trust.ledger import read

PAGE = "_evidence.html"


def built_facts(root: Path) -> str:
    """The digest of what the built ledger states; empty where there is none that can be read."""
    try:
        return digest(read(root / BUILD / LEDGER))
    except WriteupError:
        return ""


def certify(root: Path, facts: str, sample: int, seed: int, redone: Sequence[Redone]) -> Path:
    """Write what was redone, and put it on the evidence page where that is still of the same `facts`.

    A build in which somebody has changed a file stays as it is: only the certificate speaks of it.
    """
    folder = root / BUILD
    made = Certificate(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        facts=facts,
        sample=sample,
        seed=seed,
        environment=environment(),
        redone=list(redone),
    )
    content = {CERTIFICATE: made.model_dump_json(indent=1) + "\n"}
    with alone(root, wait=True):
        stamp = stamp_of(folder) if facts and built_facts(root) == facts else None
        if stamp is None:
            write_whole(folder / CERTIFICATE, content[CERTIFICATE])
        else:
            for name in (name for name in stamp["files"] if name.endswith(PAGE)):
                content[name] = with_audit((folder / name).read_text(encoding="utf-8"), made)
                stamp["files"][name] = sha(content[name])
            replace(folder, content, stamp, load_assignment(root).naming)
    return folder / CERTIFICATE
