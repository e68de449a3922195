"""Whether a fact rests on the records that its name says: `loss_GRU` on no LSTM's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from writeup.records.store import Records
from writeup.trust.ledger import ClaimRow
from writeup.trust.problem import Problem


def misnamed(rows: Iterable[ClaimRow], records: Records) -> Iterator[Problem]:
    """Facts whose name has a word that some record's settings have, and that rest on a record whose setting is another.

    Only settings that are words tell, and only among the records of one question.
    """
    settings = {path: {k: v.lower() for k, v in records[path].settings.items() if isinstance(v, str)}
                for path in records.used}  # fmt: skip
    known = {setting for of in settings.values() for setting in of.items()}
    for row in rows:
        words = row.id.rpartition(".")[2].lower().split("_")
        for path in row.evidence["records"]:
            for key, value in settings.get(path, {}).items():  # of no other record was anything read
                if other := [word for word in words if word != value and (key, word) in known]:
                    told = f"bears the word {other[0]} and rests on record {path}, whose {key} is {value}"
                    yield Problem(row.id, told)
