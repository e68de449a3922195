"""1.2b: each run has the rate that validation chose."""

import pytest

from experiments.regularisation import overfitting
from tests.places import ROOT
from writeup.records.store import Records


@pytest.mark.parametrize("settings", [overfitting.FEW, overfitting.MANY], ids=lambda settings: settings.name)
def test_every_run_has_the_rate_that_is_best_on_its_validation_images(settings):
    for arm in Records(ROOT)[f"{overfitting.KIND}/{settings.name}"].curves.values():
        for chosen, rate, tried in zip(arm["validation_accuracy"], arm["rate"], arm["tried"], strict=True):
            assert chosen == max(tried) == tried[settings.rates.index(rate)]
