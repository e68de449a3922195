"""The recorded echo network with the GRU from scratch in the place of torch's."""

import pytest
import torch

from experiments.part_two.echo_trials import unpacked
from lab.part_two.echo import FromScratch, echoes
from tests.places import ROOT
from writeup.records.store import Records


@pytest.fixture(scope="module")
def record():
    return Records(ROOT)["echo/delays0-8-steps1200-5-seeds"]


def test_network_from_scratch_is_the_trained_one(record):
    trained = unpacked(record)
    symbols, delays = torch.randint(2, (12, 5)), torch.arange(5)
    ours, theirs = FromScratch(trained)(symbols, delays), trained(symbols, delays)
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its)


def test_echoes_scored_a_step_late_are_as_good_as_guessing(record):
    assert echoes(record, asked=3) > 0.99
    assert echoes(record, asked=3, late=1) == pytest.approx(0.5, abs=0.05)
