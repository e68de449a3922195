"""1.3b: every claim holds, every wrong value is rejected, and records with swapped arms are noticed."""

from pathlib import Path

from answers.q1_3b import answer
from answers.regularisation.batch_norm_landscape import WALKS
from answers.regularisation.batch_norm_sweep import SWEEP
from writeup.assignment import load_assignment
from writeup.errors import CheckFailed
from writeup.records.store import Records
from writeup.trust.verify import verify_question

ROOT = Path(__file__).resolve().parents[2]


def test_every_claim_holds_and_every_control_is_rejected():
    verified = verify_question(load_assignment(ROOT).select("1.3b")[0], ROOT)
    assert [str(problem) for problem in verified.problems] == []
    assert verified.rows


def failing(path, change):
    """The claims of the answer that no longer hold when the record's curves are changed."""
    records = Records(ROOT)
    record = records[path]
    records._loaded[path] = record.model_copy(update={"curves": change(record.curves)})
    broken = set()
    for made in answer(records).claims:
        try:
            made.check(made.value)
        except CheckFailed:
            broken.add(made.id)
    return broken


def test_norms_swapped_at_one_rate_are_noticed():
    def swap(curves):
        at = next(k for k, arm in enumerate(curves["none"]) if arm["rate"] == 0.05)
        none, batch = list(curves["none"]), list(curves["batch"])
        none[at], batch[at] = batch[at], none[at]
        return curves | {"none": none, "batch": batch}

    assert {"1.3b.none_again", "1.3b.batch_again"} <= failing(SWEEP, swap)


def test_swapped_arms_in_the_landscape_are_noticed():
    broken = failing(WALKS, lambda curves: curves | {"none": curves["batch"], "batch": curves["none"]})
    assert {"1.3b.none_walk", "1.3b.batch_walk"} <= broken
