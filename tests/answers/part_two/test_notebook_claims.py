"""The notebook's claims: they hold, their controls are rejected, and so is what a broken notebook could print."""

from pathlib import Path

import pytest
import torch

from answers.part_two import chain_claims, difference_claims, echo_claims, slips, study_claims, text_claims
from writeup.errors import CheckFailed
from writeup.records.store import Records

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def claims():
    """Those that take no search: all but the chains."""
    records = Records(ROOT)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WRITEUP_DATA", raising=False)
        made = [
            *difference_claims.difference_claims(),
            *echo_claims.echo_claims(records),
            *text_claims.text_claims(records),
            *study_claims.study_claims(records),
        ]
    return {claim.id: claim for claim in made}


def test_every_claim_holds(claims):
    assert len(claims) > 60
    for claim in claims.values():
        claim.check(claim.value)


def test_every_control_is_rejected(claims):
    for claim in claims.values():
        for control in claim.controls:
            with pytest.raises(CheckFailed):
                claim.check(control.value)


@pytest.mark.parametrize(
    ("id", "damaged"),
    [
        ("3.Conv2d.forward", 1e-7),  # float32 where double was promised
        ("3.LSTM.gradient", float("nan")),
        ("3.echo.fixed", 0.985),
        ("3.echo.variable.8", 0.95),
        ("3.remembered.6.kept", 0.9),
        ("3.text.words", 34587),
        ("3.text.vocabulary", 1074),
        ("3.model.first-loss", 6.8),
        ("3.model.perplexity", 80.0),
        ("3.text.unigram", 177.2),
    ],
)
def test_a_damaged_output_is_refused(claims, id, damaged):
    with pytest.raises(CheckFailed):
        claims[id].check(damaged)


@pytest.mark.parametrize("module", slips.SLIPS)
def test_every_slip_is_seen_in_value_and_gradient(module):
    wrong = slips.difference_of(slips.SLIPS[module], module, seed=3)
    assert min(wrong) > 1e6 * difference_claims.ROUNDING


def test_from_scratch_network_is_the_trained_one():
    record = Records(ROOT)["echo/delays0-8-steps1200-5-seeds"]
    trained = echo_claims.unpacked(record)
    symbols, delays = torch.randint(2, (12, 5)), torch.arange(5)
    ours, theirs = echo_claims.FromScratch(trained)(symbols, delays), trained(symbols, delays)
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its)


def test_path_reads_as_the_notebook_prints_it():
    assert chain_claims.path([(3, 8, 9), (4, 6, 7)]) == "3x8x9 -> 4x6x7"
