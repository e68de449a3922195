"""A.1: the sum of the first hundred whole numbers by its closed form, checked by adding."""

from writeup.claims import Answer, Ref, Table
from writeup.facts import Facts, by
from writeup.records.store import Records

LAST = 100


def answer(_records: Records) -> Answer:
    a = Facts("A.1")
    numbers = range(1, LAST + 1)
    a("last", LAST, by("the largest term", max, numbers))
    slips = {LAST * (LAST - 1) // 2: "one pair too few", LAST**2 // 2: "forgot the middle"}
    a("total", LAST * (LAST + 1) // 2, by("adding them one by one", sum, numbers), slips)
    return a.answer({"sum": Table(["Terms", "Sum"], [[Ref("last"), Ref("total")]], "rr")})
