"""2a: shares of a step's time, on a profile whose shares are known."""

import pytest

from answers import shares
from answers.q2a import LABELS, block_diagram, shares_table
from answers.shares import PARTS, Profile, decoder_share_by_formula, operations
from writeup.errors import CheckFailed, WriteupError
from writeup.records.store import Record, Records

FORWARD = {"embedding": 1, "dropout": 2, "recurrent layers": 3, "decoder": 20, "log-softmax and loss": 8, "other": 1}
BACKWARD = {"embedding": 2, "dropout": 1, "recurrent layers": 6, "decoder": 40, "log-softmax and loss": 9, "other": 1}
OUTSIDE = {"batching": 1, "repackage_hidden": 1, "clip": 1, "update": 2, "other": 1}
FACTORS = (1.0, 1.02, 0.98, 1.01, 0.99)  # five steps of different length


def varied(parts: dict[str, int]) -> dict[str, list[float]]:
    """Five steps; every part varies in a rhythm of its own by up to two per cent."""
    return {
        part: [seconds * FACTORS[(step + place) % 5] for step in range(5)]
        for place, (part, seconds) in enumerate(parts.items())
    }


def summed(parts: dict[str, list[float]]) -> list[float]:
    return [sum(times) for times in zip(*parts.values(), strict=True)]


def made(cell: str) -> Profile:
    """A profile whose steps take about 100 units each."""
    curves = {"forward": varied(FORWARD), "backward": varied(BACKWARD), "step": varied(OUTSIDE)}
    curves["step"] |= {phase: summed(curves[phase]) for phase in ("forward", "backward")}
    curves["step"]["whole"] = summed(curves["step"])
    curves["plain"] = [98.0 * factor for factor in FACTORS]
    curves["evaluation"] = [20.0 * factor for factor in FACTORS]
    curves["ablated"] = {
        "decoder": [22.0 * factor for factor in FACTORS],
        "recurrent layers": [90.0 * factor for factor in FACTORS],
    }
    curves["once"] = {"corpus": [3.0, 3.1], "batchify": [0.1, 0.2], "save": [1.0, 1.1]}
    return Profile(
        Record(
            kind="language_model_profile",
            name=f"{cell}-threads1",
            settings={"cell": cell, "corpus": "wikitext-2", "hidden_size": 200, "warm_up": 2, "threads": 1},
            seeds=[1],
            metrics={"train_windows": 100, "valid_windows": 10},
            curves=curves,
            timing={},
            probe={},
            sources={},
            data={},
            environment={"processor": "A processor"},
            device="CPU (A processor)",
            date="2020-03-31",
        )
    )


@pytest.fixture
def profile() -> Profile:
    return made("LSTM")


@pytest.fixture
def claims(profile):
    makers = (shares.phase_claims, shares.cross_claims, shares.epoch_claims, shares.setting_claims)
    found = shares.share_claims(profile, {})
    for make in makers:
        found += make(profile)
    return {claim.id: claim for claim in found}


@pytest.mark.parametrize(
    ("part", "half", "share"),
    [
        ("embedding", "total", 0.03),
        ("recurrent", "forward", 0.03),
        ("recurrent", "backward", 0.06),
        ("decoder", "total", 0.60),
        ("clip", "total", 0.01),
        ("rest", "total", 0.05),
    ],
)
def test_a_share_is_the_part_of_the_whole_step(claims, part, half, share):
    assert claims[f"2a.{part}_{half}_LSTM"].value == pytest.approx(share, abs=2e-3)


def test_all_parts_add_up_to_the_step(profile):
    assert sum(sum(profile.shares(part)) for part in PARTS) == pytest.approx(len(FACTORS))


def test_the_second_route_to_a_share_agrees(profile):
    assert profile.by_totals("recurrent") == pytest.approx(0.09, abs=2e-3)


def test_a_wrong_share_is_rejected(claims):
    with pytest.raises(CheckFailed):
        claims["2a.decoder_total_LSTM"].check(0.59)


def test_the_rest_of_the_checks_hold_and_reject_their_controls(claims):
    for claim in claims.values():
        claim.check(claim.value)
        for control in claim.controls:
            with pytest.raises(CheckFailed):
                claim.check(control.value)


def test_the_recurrent_layers_are_not_the_largest_part(claims):
    with pytest.raises(CheckFailed):
        claims["2a.largest_LSTM"].check("recurrent layers")


def test_an_ablation_that_contradicts_the_profile_is_noticed(profile):
    profile.record.curves["ablated"]["decoder"] = [60.0] * 5
    claim = next(c for c in shares.cross_claims(profile) if c.id == "2a.decoder_and_loss_LSTM")
    with pytest.raises(CheckFailed):
        claim.check(claim.value)


def test_an_epoch_is_training_and_evaluation(claims):
    assert claims["2a.epoch_training_LSTM"].value == pytest.approx(9800 / (9800 + 200 + 1.05 + 3.2))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_formula_counts_the_decoders_operations_as_torch_does(cell):
    counted = operations(cell)
    assert decoder_share_by_formula(cell) == pytest.approx(counted["decoder"] / counted["Global"], abs=2e-3)


def test_missing_profiles_are_named(tmp_path):
    with pytest.raises(WriteupError, match="LSTM and GRU are needed"):
        shares.profiles(Records(tmp_path))


def test_the_table_has_a_row_for_every_part():
    assert len(shares_table({"LSTM": made("LSTM"), "GRU": made("GRU")}).rows) == len(LABELS) == len(PARTS)


def test_the_diagram_prints_forward_and_backward_shares(profile, claims):
    text = block_diagram(profile, claims).mermaid()
    assert claims["2a.decoder_forward_LSTM"].printed() in text
    assert claims["2a.decoder_backward_LSTM"].printed() in text


def test_boxes_are_shaded_by_share(profile, claims):
    nodes = {node.id: node.share for node in block_diagram(profile, claims).nodes}
    assert nodes["decoderbackward"] == pytest.approx(0.4, abs=5e-3)
    assert nodes["corpus"] is None
