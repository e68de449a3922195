"""Whether a fact rests on the records that its name says: `loss_GRU` on no LSTM's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from writeup.records.store import Records
from writeup.trust.problem import Problem


def misnamed(facts: Iterable[tuple[str, Iterable[str]]], records: Records) -> Iterator[Problem]:
    """Of facts, each given by its id and the records on which it rests, those whose name has a word that some record's
    settings have, and that rest on a record whose setting is another.

    Only settings that are words tell, and only among the records of one question.
    """
    settings = {path: {k: v.lower() for k, v in records[path].settings.items() if isinstance(v, str)}
                for path in records.used}  # fmt: skip
    known = {setting for of in settings.values() for setting in of.items()}
    for id, paths in facts:
        words = id.rpartition(".")[2].lower().split("_")
        for path in paths:
            for key, value in settings.get(path, {}).items():  # of no other record was anything read
                if other := [word for word in words if word != value and (key, word) in known]:
                    told = f"bears the word {other[0]} and rests on record {path}, whose {key} is {value}"
                    yield Problem(id, told)
