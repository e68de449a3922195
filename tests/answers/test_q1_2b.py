"""1.2b: every claim holds and every wrong value is rejected."""

from pathlib import Path

import pytest

from experiments.regularisation import overfitting
from writeup.assignment import load_assignment
from writeup.records.store import Records
from writeup.trust.question import verify_question

ROOT = Path(__file__).resolve().parents[2]


def test_every_claim_holds_and_every_control_is_rejected():
    verified = verify_question(load_assignment(ROOT).select("1.2b")[0], ROOT)
    assert [str(problem) for problem in verified.problems] == []
    assert verified.rows


@pytest.mark.parametrize("settings", [overfitting.FEW, overfitting.MANY], ids=lambda settings: settings.name)
def test_every_run_has_the_rate_that_is_best_on_its_validation_images(settings):
    for arm in Records(ROOT)[f"{overfitting.KIND}/{settings.name}"].curves.values():
        for chosen, rate, tried in zip(arm["validation_accuracy"], arm["rate"], arm["tried"], strict=True):
            assert chosen == max(tried) == tried[settings.rates.index(rate)]
