"""Claims about runs of the language-model study, made alike for questions 2d, 2e and 2f.

A number from a record is confirmed from the record's raw curves or from the model itself, built anew; a comparison is
confirmed by the second route of `intervals.py`, and must not be contradicted by the annealing curves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median
from typing import Any

import torch
from scipy import stats

from answers.study.intervals import Difference, difference, probability_below, sign, sign_by_probability
from answers.study.runs import CURVE_TOLERANCE, Run, Setting, Study
from experiments.language_model.model import RNNModel
from experiments.language_model.train import Settings
from writeup.claims import Check, Claim, Control, Evidence, Value, claim, require

# WikiText-2's vocabulary over all three files [Merity et al. 2016, table 1]; the models hold one vector for each word.
VOCABULARY = 33_278


def perplexity_claim(id: str, setting: Setting, study: Study, text: str) -> Claim:
    """The setting's validation perplexity, the geometric mean over its seeds."""
    trained = math.exp(fmean(run.record.curves["train_loss"][-1] for run in setting.runs))
    return claim(
        id,
        setting.perplexity,
        text,
        perplexity_check(setting.losses, setting.runs, study),
        [
            *distinct(
                setting.perplexity,
                ".1f",
                Control(trained, "the training loss"),
                Control(2 ** fmean(setting.losses), "2 to the loss, which is in nats"),
            )
        ],
        form=".1f",
    )


def foretold_loss(runs: Sequence[Run], study: Study) -> float:
    """The mean loss of runs on the whole validation text as their annealing curves foretell it.

    That is a run's best value on the annealing part, plus the median over all *other* runs of how much higher the whole
    text lies. Runs that blew up are no part of that, for they hold both texts to be equally hard.
    """
    names = {run.settings.name for run in runs}
    others = [run for run in study.runs if run.settings.name not in names and not run.blown_up]
    above = median(run.valid_loss - min(run.annealing_curve) for run in others)
    return fmean(min(run.annealing_curve) + (0 if run.blown_up else above) for run in runs)


def perplexity_check(losses: Sequence[float], runs: Sequence[Run], study: Study) -> Check:
    """The root of the product of the runs' perplexities; and the annealing curves foretell it."""

    def check(candidate: float) -> Evidence:
        product = math.prod(math.exp(loss) for loss in losses) ** (1 / len(losses))
        require(math.isclose(candidate, product, rel_tol=1e-9), product, candidate, "geometric mean over the seeds")
        foretold = foretold_loss(runs, study)
        near = abs(math.log(candidate) - foretold) <= CURVE_TOLERANCE
        require(near, math.exp(foretold), candidate, "perplexity foretold by the annealing curves")
        route = "geometric mean over the seeds; foretold by the epochs' curve within a quarter of a nat"
        return Evidence(route, math.exp(foretold), None, records=tuple(run.record.path for run in runs))

    return check


def sign_claim(id: str, first: Setting, second: Setting, study: Study, text: str, words: Mapping[int, str]) -> Claim:
    """Whether `first` has the lower validation loss (-1), the higher one (1), or the seeds leave it open (0)."""
    found = sign(first.losses, second.losses, study.spread)

    def check(candidate: str) -> Evidence:
        computed = sign_by_probability(first.losses, second.losses, study.spread)
        require(candidate == words[computed], words[computed], candidate, "posterior probability of the sign")
        curves = [[min(run.annealing_curve) for run in setting.runs] for setting in (first, second)]
        contrary = sign_by_probability(curves[0], curves[1], study.spread) == -computed != 0
        require(not contrary, words[-computed], candidate, "the annealing curves")
        probability = probability_below(first.losses, second.losses, study.spread)
        route = "posterior probability of the sign, by quadrature; not contradicted by the epochs' curves"
        return Evidence(route, probability, records=first.records + second.records)

    controls = [Control(word, _SLIPS[value]) for value, word in words.items() if value != found]
    return claim(id, words[found], text, check, controls)


_SLIPS = {-1: "the sign taken for the first", 1: "the sign taken for the second", 0: "a difference taken for noise"}


def change_claim(id: str, first: Setting, second: Setting, text: str, form: str = "+.1f") -> Claim:
    """By how many per cent the second setting's perplexity differs from the first's."""
    value = 100 * (second.perplexity / first.perplexity - 1)

    def check(candidate: float) -> Evidence:
        computed = 100 * math.expm1(fmean(second.losses) - fmean(first.losses))
        require(abs(candidate - computed) < 1e-6, computed, candidate, "exponential of the difference of losses")
        return Evidence("exponential of the difference of mean losses", computed, 1e-6, records=first.records)

    other_way = Control(100 * (first.perplexity / second.perplexity - 1), "relative to the other one")
    in_nats = Control(100 * (fmean(second.losses) / fmean(first.losses) - 1), "losses compared, not perplexities")
    return claim(id, value, text, check, distinct(value, form, other_way, in_nats), form=form)


def interval_claims(id: str, first: Setting, second: Setting, study: Study, text: str) -> list[Claim]:
    """The ends (`id`.low, `id`.high) of the interval of `change_claim`; none while no setting has several seeds."""
    if study.spread is None:
        return []
    spread = study.spread
    found = difference(second.losses, first.losses, spread)
    too_narrow = float(stats.norm.ppf(0.975) / stats.t.ppf(0.975, spread.freedom)) * found.half_width
    made = []
    for end, tail in (("low", 0.025), ("high", 0.975)):
        value = 100 * math.expm1(getattr(found, end))
        narrow = 100 * math.expm1(getattr(Difference(found.centre, too_narrow), end))

        def check(candidate: float, tail: float = tail) -> Evidence:
            below = probability_below(second.losses, first.losses, spread, offset=math.log1p(candidate / 100))
            require(abs(below - tail) < 1e-6, tail, below, "posterior probability below this end")
            records = first.records + second.records
            return Evidence("posterior probability below this end, by quadrature", below, 1e-6, records=records)

        controls = distinct(value, "+.1f", Control(narrow, "normal quantile for so few seeds"), Control(-value, "sign"))
        made.append(claim(f"{id}.{end}", value, f"{text}, {end} end of the interval", check, controls, form="+.1f"))
    return made


def parameters_claim(id: str, setting: Setting, text: str) -> Claim:
    """Trainable parameters in millions, as recorded; the model is built anew (without memory) and counted."""
    value = setting.parameters / 1e6

    def check(candidate: float) -> Evidence:
        computed = count_parameters(setting.settings) / 1e6
        require(abs(candidate - computed) < 1e-9, computed, candidate, "parameters of the model built anew")
        return Evidence("parameters of the model built anew", computed, 1e-9, records=setting.records)

    recurrent = setting.runs[0].record.metrics["recurrent_parameters"] / 1e6
    controls = [Control(value - recurrent, "recurrent layers forgotten"), Control(value / 2, "one of two matrices")]
    return claim(id, value, text, check, controls, unit="million", form=".2f")


def count_parameters(settings: Settings, vocabulary_size: int = VOCABULARY) -> int:
    """Trainable parameters of the model that `settings` describe; a shared matrix counts once."""
    with torch.device("meta"):
        model = RNNModel(
            settings.cell,
            vocabulary_size,
            settings.embedding_size,
            settings.hidden_size,
            settings.layers,
            settings.dropout,
            settings.tied,
        )
    return sum(parameter.numel() for parameter in model.parameters())


def seeds_claim(id: str, setting: Setting, text: str = "seeds") -> Claim:
    """How many runs stand behind a mean."""
    count = len(setting.runs)

    def check(candidate: int) -> Evidence:
        firsts = {run.record.probe["losses"][0] for run in setting.runs}  # other seed, other weights, other first loss
        require(candidate == len(firsts), len(firsts), candidate, "different first losses of the runs' probes")
        return Evidence("different first losses of the runs' probes", len(firsts), records=setting.records)

    return claim(id, count, text, check, [Control(count + 1, "one too many"), Control(count - 1, "one forgotten")])


def label_claim(
    id: str, setting: Setting, field: str, text: str, form: str = "g", example: Settings | None = None
) -> Claim:
    """A setting's value (`layers`, `hidden_size`, `bptt` or `learning_rate`), read off what the run then did.

    Where it is said to be the `example`'s, it must be that, too.
    """
    value = getattr(setting.settings, field)
    record = setting.runs[0].record

    def check(candidate: float) -> Evidence:
        if field == "learning_rate":
            route, expected, found = "rate of the first epoch's curve", record.curves["learning_rate"][0], candidate
        elif field == "bptt":
            route, expected = "steps that such windows make of the epochs' tokens", record.metrics["steps"]
            rows = [tokens / setting.settings.batch_size for tokens in record.curves["tokens"]]
            found = sum(math.ceil(row / candidate) for row in rows)
        else:
            route, expected = "parameters of a model of this size, built anew", record.metrics["parameters"]
            changed: dict[str, Any] = {field: int(candidate)}
            found = count_parameters(replace(setting.settings, **changed))
        require(found == expected, expected, found, route)
        if example is not None:
            require(candidate == getattr(example, field), getattr(example, field), candidate, "the example's default")
        return Evidence(route, found, records=(record.path,))

    return claim(id, value, text, check, [Control(2 * value, "doubled"), Control(value + 1, "off by one")], form=form)


def words_of(study: Study) -> int:
    """The vocabulary of the models in the records: embedding parameters by embedding size."""
    run = study.runs[0]
    return int(run.record.metrics["encoder_parameters"]) // run.settings.embedding_size


def distinct(value: Value, form: str, *controls: Control) -> list[Control]:
    """Those controls that do not read the same as the value in print."""
    return [control for control in controls if format(control.value, form) != format(value, form)]
