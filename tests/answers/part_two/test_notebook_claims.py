"""What the build refuses of the notebook's numbers: each damage is one that a broken notebook could print."""

import math
from pathlib import Path

import pytest
import torch

from answers.part_two import claims
from answers.part_two.comparison import COMPARISONS
from writeup.claims import CheckFailed
from writeup.records import Records

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return Records(tmp_path_factory.mktemp("no-records"))


@pytest.fixture
def measured():
    """Right differences, measured here; the other numbers are what a good run prints."""
    numbers = {"CrossEntropyLoss gradient by hand": 0.0, "study perplexities": []}
    for compare in COMPARISONS:
        for name, (forward, gradient) in compare(0).items():
            numbers |= {f"{name} forward": forward, f"{name} gradient": gradient}
    numbers |= {"echo fixed": 1.0, "echo variable": [1.0, 0.995]}
    numbers["remembered"] = {"0": [1.0, 0.8, 0.6], "1": [1.0, 1.0, 0.7]}
    words = claims.python_reference_words()
    return numbers | {"words": len(words), "first loss": 6.98, "held-out loss": 4.3, "unigram loss": 5.178}


def test_good_numbers_pass(measured, records):
    claims.verify_outputs(measured, records)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Conv2d forward", 1e-7),  # float32 where double was promised
        ("LSTM gradient", 0.3),
        ("GRUCell forward", math.nan),
        ("CrossEntropyLoss gradient by hand", 1e-3),
        ("echo fixed", 0.98),
        ("echo variable", [1.0, 0.5]),
        ("remembered", {"0": [0.9, 0.6, 0.5], "1": [1.0, 1.0, 0.5]}),  # forgets what it was asked for
        ("remembered", {"0": [1.0, 1.0, 0.7], "1": [1.0, 1.0, 0.6]}),  # keeps less for a longer delay
        ("words", 10),
        ("first loss", 5.0),
        ("held-out loss", 5.1),
        ("unigram loss", 4.0),
        ("study perplexities", [100.0]),
    ],
)
def test_a_damaged_number_is_refused(measured, records, name, value):
    measured[name] = value
    with pytest.raises(CheckFailed, match="notebook"):
        claims.verify_outputs(measured, records)


def test_study_is_what_the_records_hold():
    root = Path(__file__).resolve().parents[3]
    found = Records(root)
    claims._study(
        {"study perplexities": [math.exp(r.metrics["valid_loss"]) for r in found.of_kind(claims.KIND)]}, found
    )
