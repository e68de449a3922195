"""A.1: the sum of the first hundred whole numbers by its closed form, checked by adding."""

from writeup.claims import Answer, Control, Ref, Table, agrees, claim
from writeup.records.store import Records

LAST = 100


def answer(_records: Records) -> Answer:
    total = LAST * (LAST + 1) // 2
    added = agrees(lambda: sum(range(1, LAST + 1)), "adding them one by one")
    return Answer(
        "A.1",
        [
            claim(
                "A.1.last", LAST, "the last number", agrees(lambda: max(range(1, LAST + 1)), "the largest term"), [99]
            ),
            claim(
                "A.1.total",
                total,
                "the sum of the first hundred whole numbers",
                added,
                [Control(LAST * (LAST - 1) // 2, "one pair too few"), Control(LAST**2 // 2, "forgot the middle")],
                form=",d",
            ),
        ],
        tables={"sum": Table(["Terms", "Sum"], [[Ref(".last"), Ref(".total")]], "rr")},
    )
