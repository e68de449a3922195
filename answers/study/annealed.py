"""Question 2e's claims on where the spread over seeds comes from: whether annealing struck within the epochs."""

from __future__ import annotations

import math
from itertools import accumulate
from statistics import fmean

from answers.study.run_claims import distinct
from answers.study.runs import Run, Setting, Study
from writeup.claims import Claim, Control, agrees, claim


def annealed_claims(study: Study) -> list[Claim]:
    """Settings in which annealing struck with one seed and not with another: how many, and which runs end lower."""
    split = [setting for setting in study.repeated if len({_annealed(run) for run in setting.runs}) == 2]
    if not split:
        return []
    repeated, records = len(study.repeated), [path for setting in split for path in setting.records]
    lower = sum(_difference(setting) < 0 for setting in split)
    value = 100 * math.expm1(fmean(map(_difference, split)))

    def by_curves() -> list[Setting]:
        return [setting for setting in study.repeated if len({_without_progress(run) for run in setting.runs}) == 2]

    def lower_by_perplexity() -> int:
        return sum(math.prod(_ratios(setting)) < 1 for setting in by_curves())

    def change_by_perplexities() -> float:
        means = [math.prod(ratios) ** (1 / len(ratios)) for ratios in map(_ratios, by_curves())]
        return 100 * (math.prod(means) ** (1 / len(means)) - 1)

    return [
        claim(
            "2e.split",
            len(split),
            "repeated settings in which annealing struck with one seed and not with another",
            agrees(lambda: len(by_curves()), "epochs before the last without a better loss", records=study.records),
            distinct(
                len(split), "", Control(repeated, "all repeated ones"), Control(repeated - len(split), "the others")
            ),
        ),
        claim(
            "2e.split.lower",
            lower,
            "of these, settings in which the runs with annealing end lower",
            agrees(lower_by_perplexity, "products of ratios of perplexities", records=records),
            distinct(lower, "", Control(len(split) - lower, "those without"), Control(repeated, "all repeated ones")),
        ),
        claim(
            "2e.split.change",
            value,
            "by how many per cent the runs with annealing end with another perplexity, mean over these settings",
            agrees(
                change_by_perplexities, "geometric means of ratios of perplexities", tolerance=1e-6, records=records
            ),
            distinct(
                value,
                "+.1f",
                Control(-value, "the sign"),
                Control(100 * fmean(map(_difference, split)), "nats for per cent"),
            ),
            form="+.1f",
        ),
    ]


def _annealed(run: Run) -> bool:
    """Whether the rate was divided before the last epoch."""
    rates = run.record.curves["learning_rate"]
    return rates[-1] < rates[0]


def _without_progress(run: Run) -> bool:
    """Whether an epoch before the last brought no better loss than those before it: the rule behind the division."""
    curve = run.annealing_curve[:-1]
    return list(accumulate(curve, min)) != curve or len(set(curve)) < len(curve)


def _difference(setting: Setting) -> float:
    """Mean loss of the runs with annealing less that of those without."""
    with_it, without = ([run.valid_loss for run in setting.runs if _annealed(run) == it] for it in (True, False))
    return fmean(with_it) - fmean(without)


def _ratios(setting: Setting) -> list[float]:
    """Perplexities of the runs with annealing by those of the runs without, all pairs."""
    found = {
        it: [run.record.metrics["valid_perplexity"] for run in setting.runs if _without_progress(run) == it]
        for it in (True, False)
    }
    return [one / other for one in found[True] for other in found[False]]
