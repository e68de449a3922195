"""1.2b: each run has the rate that validation chose; forged and sealed records are found by training again."""

import pytest

from answers.q1_2b import answer
from experiments.regularisation import overfitting
from tests.answers.forged import added, contradicted
from tests.places import ROOT
from writeup.records.store import Records


@pytest.mark.parametrize("settings", [overfitting.FEW, overfitting.MANY], ids=lambda settings: settings.name)
def test_every_run_has_the_rate_that_is_best_on_its_validation_images(settings):
    for arm in Records(ROOT)[f"{overfitting.KIND}/{settings.name}"].curves.values():
        for chosen, rate, tried in zip(arm["validation_accuracy"], arm["rate"], arm["tried"], strict=True):
            assert chosen == max(tried) == tried[settings.rates.index(rate)]


@pytest.mark.parametrize(
    ("settings", "p"),
    [(settings, p) for settings in (overfitting.FEW, overfitting.MANY, overfitting.MISLABELLED) for p in ("0", "0.5")],
    ids=str,
)
def test_ten_points_less_of_either_arm_are_found(settings, p):
    assert contradicted(answer, overfitting, settings, lambda curves: added([curves[p]], "test_accuracy", -0.1))
