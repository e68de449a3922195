"""1.3b: what batch norm does and why it is useful: exact by hand, measured on real images."""

from __future__ import annotations

from answers.regularisation.batch_norm_claims import backward_claims, degenerate_claims, forward_claims, symmetry_claims
from answers.regularisation.batch_norm_landscape import landscape_claims
from answers.regularisation.batch_norm_limits import small_batch_claims
from answers.regularisation.batch_norm_sweep import figure, sweep_claims
from answers.regularisation.paired import level_claim
from writeup.claims import Answer, Ref, Table
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    claims = [
        *forward_claims(),
        *backward_claims(),
        *symmetry_claims(),
        *degenerate_claims(),
        *sweep_claims(records),
        *landscape_claims(records),
        *small_batch_claims(records),
        level_claim("1.3b.level"),
    ]
    labels = {"none": "none", "batch": "batch norm", "group": "group norm", "layer": "layer norm"}
    columns = ("usable", "loss", "accuracy")
    rows: list[list[str | Ref]] = [
        [label, *(Ref(f".{norm}_{column}") for column in columns)] for norm, label in labels.items()
    ]
    header = ["Norm", "Highest usable rate", "Training loss, nats", "Test accuracy, %"]
    return Answer("1.3b", claims, {"norms": Table(header, [*rows], "lrrr")}, {"sweep": figure(records)})
