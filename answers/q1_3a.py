"""1.3a: what a mini-batch is, and what its size trades: gradient noise, updates, time, memory."""

from __future__ import annotations

from answers.regularisation.mini_batch_claims import comparison_claims, counting_claims, exact_claims
from answers.regularisation.mini_batch_measured import cost_claims, figure, noise_claims
from answers.regularisation.paired import level_claim
from writeup.claims import Answer
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    claims = [
        *counting_claims(),
        *exact_claims(),
        *noise_claims(records),
        *comparison_claims(records),
        *cost_claims(records),
        level_claim("1.3a.level"),
    ]
    return Answer("1.3a", claims, figures={"noise": figure(records)})
