"""3: what the notebook prints, found here by another route."""

from experiments import circle
from writeup.claims import Answer
from writeup.facts import Facts, by
from writeup.records.store import Records

SEED, POINTS = 0, 100


def answer(records: Records) -> Answer:
    record = records["circle/four_sizes"]
    a = Facts("3").on(record)
    kept = record.curves["estimates"][record.seeds.index(SEED)][record.settings["sizes"].index(POINTS)]
    again = by("the estimate drawn again", circle.estimate, SEED, POINTS, within=1e-12, seed=SEED)
    a("estimate", kept, again, {kept / 4: "the factor of 4 forgotten"}, "{:.2f}")
    return a.answer()
