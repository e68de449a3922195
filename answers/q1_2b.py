"""1.2b: what dropout does and why it is useful: exact on small cases, measured on real images."""

from __future__ import annotations

from answers.regularisation.dropout_effects import (
    cost_claims,
    feature_claims,
    figure,
    form_claims,
    regularisation_claims,
)
from answers.regularisation.dropout_exact import ensemble_claims, mask_claims, penalty_claims, window_claims
from answers.regularisation.paired import level_claim
from writeup.claims import Answer
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    question = "1.2b"
    claims = [
        *mask_claims(),
        *penalty_claims(),
        *ensemble_claims(records),
        *window_claims(),
        *regularisation_claims(records),
        *feature_claims(records),
        *form_claims(records),
        *cost_claims(records),
        level_claim(f"{question}.level"),
    ]
    return Answer(question, claims, figures={"effect": figure(records)})
