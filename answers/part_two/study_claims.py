"""Claims of the notebook's fifth part: the perplexity of each run of the study that it shows."""

import math
from collections.abc import Iterator
from dataclasses import replace

from answers.study.run_claims import distinct, foretold_loss
from answers.study.runs import CURVE_TOLERANCE, Run, Study
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Evidence, claim, require
from writeup.records.store import Records


def shown(study: Study) -> list[Run]:
    """The runs that the notebook shows: at the baseline's sizes, any cell, rate and seed; in order of these."""

    def at_baseline(settings: Settings) -> bool:
        base = study.base
        free = replace(settings, cell=base.cell, learning_rate=base.learning_rate, seed=base.seed)
        return free == base

    runs = [run for run in study.runs if at_baseline(run.settings) and not run.diverged]
    return sorted(runs, key=lambda run: (run.settings.cell, run.settings.learning_rate, run.settings.seed))


def study_claims(records: Records) -> Iterator[Claim]:
    study = Study.read(records)
    runs = shown(study)
    for run in runs:
        yield _perplexity_claim(run, study)


def _perplexity_claim(run: Run, study: Study) -> Claim:
    """Within the printed hundredth of the loss's exponential; and the annealing curve foretells it."""
    foretold = foretold_loss([run], study)

    def check(candidate: float) -> Evidence:
        expected = math.exp(run.valid_loss)
        require(abs(candidate - expected) <= 0.0051, expected, candidate, "exponential of the validation loss")
        near = abs(math.log(candidate) - foretold) <= CURVE_TOLERANCE
        require(near, math.exp(foretold), candidate, "perplexity foretold by the annealing curve")
        route = "exponential of the loss; foretold by the epochs' curve within a quarter of a nat"
        return Evidence(route, math.exp(foretold), 0.0051, records=(run.record.path,))

    value = run.record.metrics["valid_perplexity"]
    controls = distinct(
        value,
        ".2f",
        Control(run.record.metrics["test_perplexity"], "the test set's"),
        Control(math.exp(run.record.curves["train_loss"][-1]), "the training text's"),
        Control(2**run.valid_loss, "2 to the loss, which is in nats"),
    )
    return claim(f"3.study.{run.record.name}", value, "validation perplexity of the run", check, controls, form=".2f")
