"""Part 2: the claims that the notebook's cells print, and the data that it embeds."""

from __future__ import annotations

from typing import Any

from answers import q1_1
from answers.part_two.chain_claims import chain_claims, chains
from answers.part_two.difference_claims import difference_claims
from answers.part_two.echo_claims import ASKED_FOR, echo_claims
from answers.part_two.slips import SLIPS
from answers.part_two.study_claims import shown, study_claims
from answers.part_two.text_claims import text_claims
from answers.study.runs import Study
from experiments.part_two.echo_trials import FIXED, LONGEST_LAG, VARIABLE
from writeup.claims import Answer
from writeup.records.store import Records

COLUMNS = ("cell", "learning_rate", "seed")


def answer(records: Records) -> Answer:
    claims = [
        *chain_claims(),
        *difference_claims(),
        *echo_claims(records),
        *text_claims(records),
        *study_claims(records),
    ]
    return Answer("3", claims, context={**_names(), "chains": _chains(), **_study(Study.read(records))})


def _names() -> dict[str, Any]:
    """What the claims are about, for the template to go through."""
    return {
        "modules": list(SLIPS),
        "fixed": FIXED,
        "variable": VARIABLE,
        "asked_for": ASKED_FOR,
        "longest_lag": LONGEST_LAG,
        "columns": COLUMNS,
    }


def _chains() -> list[dict[str, Any]]:
    """The chains of question 1.1 as the constructors that the notebook builds."""
    return [
        {
            "case": case,
            "start": tuple(start),
            "goal": tuple(goal),
            "chains": [chain.modules for chain in chains()[case]],
        }
        for case, (start, goal) in q1_1.CASES.items()
    ]


def _study(study: Study) -> dict[str, Any]:
    """What the study's runs share; of each shown run its record's name and the row that the notebook embeds."""
    runs = []
    for run in shown(study):
        settings = [run.record.settings[name] for name in COLUMNS]
        results = [round(run.record.metrics["valid_perplexity"], 2), [round(loss, 3) for loss in run.annealing_curve]]
        runs.append({"name": run.record.name, "row": settings + results})
    return {"base": study.base, "study": runs}
