"""Question 2e's claims: what was run, the tuned rates, every LSTM against its GRU, and what each parameter does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import numpy as np

from answers.study.intervals import LEVEL, pooled_spread, sign, sign_by_probability
from answers.study.run_claims import (
    change_claim,
    distinct,
    interval_claims,
    label_claim,
    parameters_claim,
    perplexity_claim,
    seeds_claim,
    sign_claim,
)
from answers.study.runs import CELLS, Run, Setting, Study
from experiments.language_model import reduced as plan_of_study
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Evidence, agrees, claim, require

EXAMPLE_RATE = "the example's learning rate"
TRAIN_TOKENS = 2_088_628  # of WikiText-2's training text [Merity et al. 2016, table 1], with an <eos> a line
LOWER = {-1: "LSTM", 1: "GRU", 0: "open"}
LOWER_IN_A_SENTENCE = {-1: "the LSTM", 1: "the GRU", 0: "neither cell"}


@dataclass(frozen=True)
class Comparison:
    """LSTM and GRU at equal settings, each at its tuned learning rate. `field` tells what differs from the baseline."""

    key: str
    field: str
    lstm: Setting
    gru: Setting

    def of(self, cell: str) -> Setting:
        return self.lstm if cell == "LSTM" else self.gru


def comparisons(study: Study, field: str) -> list[Comparison]:
    """One for each value of `field` that both cells were trained with, in increasing order; the baseline among them."""
    values = dict(plan_of_study.VARIATIONS)[field]
    base = getattr(study.base, field)
    found = []
    for value in sorted({*values, base}):
        lstm, gru = (study.setting(cell=cell, **{field: value}) for cell in CELLS)
        if lstm and gru:
            found.append(Comparison("baseline" if value == base else f"{field}{value}", field, lstm, gru))
    return found


def study_claims(study: Study, baseline: Comparison) -> list[Claim]:
    """How large the study is, what a plain reader must know before any number of it, and the spread over seeds."""
    names = {settings.name for settings in study.planned}
    stored = sum(f"{plan_of_study.KIND}/{name}" in study.records for name in names)
    base, runs = study.base, study.runs
    steps = sum(int(run.record.metrics["steps"]) for run in runs)
    fraction = (base.train_tokens or TRAIN_TOKENS) / TRAIN_TOKENS
    epochs = base.epochs
    device = " and ".join(sorted({run.record.device.partition(" ")[0] for run in runs}))
    return [
        claim(
            "2e.runs",
            len(runs),
            "finished runs of the study",
            agrees(lambda: stored, "record files with the names that the plan gives", records=study.records),
            [Control(len(runs) + 1, "one too many"), Control(len(runs) - 1, "one forgotten")],
        ),
        claim(
            "2e.planned",
            len(study.planned),
            "runs that the plan wants, as far as it is known",
            agrees(lambda: len(names), "different names of planned records"),
            [Control(len(study.planned) + 1, "one too many"), Control(len(study.planned) - 1, "one forgotten")],
        ),
        claim(
            "2e.steps",
            steps,
            "training steps of all runs",
            agrees(lambda: sum(_steps(run) for run in runs), "windows that the epochs' tokens make"),
            [Control(sum(_steps(run, whole_only=True) for run in runs), "short last windows forgotten")],
            form=",d",
        ),
        claim(
            "2e.fraction",
            fraction,
            "share of WikiText-2's training text that a run sees",
            agrees(lambda: _tokens(runs[0]) / TRAIN_TOKENS, "tokens that an epoch predicts", tolerance=1e-4),
            [Control(0.05, "a twentieth"), Control(epochs * fraction, "epochs counted as new text")],
            form=".1%",
        ),
        claim(
            "2e.seen",
            epochs * fraction,
            "words that a run trains on in all its epochs, by those of one epoch of the whole text",
            agrees(lambda: _seen(runs[0]) / TRAIN_TOKENS, "tokens of all epochs", tolerance=1e-3),
            [Control(fraction, "a single epoch"), Control(1.0, "a whole epoch")],
            form=".0%",
        ),
        claim(
            "2e.epochs",
            epochs,
            "epochs of a run",
            agrees(lambda: max(len(run.annealing_curve) for run in runs), "points of the longest curve"),
            [Control(40, "the example's default"), Control(epochs - 1, "counted from zero")],
        ),
        claim(
            "2e.device",
            device,
            "what the runs were trained on",
            agrees(lambda: _device(runs), "build of torch in the records", records=study.records),
            distinct(
                device,
                "",
                Control("GPU", "what such studies use"),
                Control("CPU", "what is at hand"),
                Control("CPU and GPU", "a mixture"),
            ),
        ),
        claim(
            "2e.level",
            LEVEL,
            "coverage of every interval",
            _coverage,
            [Control(0.99, "a stricter one"), Control(0.90, "a looser one")],
            form=".0%",
        ),
        *(
            label_claim(f"2e.base.{field}", baseline.lstm, field, f"the example's {field}", example=Settings())
            for field, _ in plan_of_study.VARIATIONS
        ),
        *(seeds_claim(f"2e.seeds.{cell}", baseline.of(cell), f"seeds of the {cell} baseline") for cell in CELLS),
        *spread_claims(
            "2e.deviation",
            study,
            "standard deviation of the validation perplexity over seeds, per cent",
            lambda run: run.valid_loss,
        ),
    ]


def _tokens(run: Run) -> float:
    """Training tokens in the columns: what an epoch predicts and the first row, which it does not."""
    return float(run.record.curves["tokens"][0] + run.settings.batch_size)


def _seen(run: Run) -> float:
    return float(sum(run.record.curves["tokens"]))


def _steps(run: Run, whole_only: bool = False) -> int:
    rows = [tokens / run.settings.batch_size for tokens in run.record.curves["tokens"]]
    return sum(
        math.floor(row / run.settings.bptt) if whole_only else math.ceil(row / run.settings.bptt) for row in rows
    )


def _device(runs: Sequence[Run]) -> str:
    on_cpu = {"+cpu" in run.record.environment["torch"] or "CPU" in run.record.device for run in runs}
    return "CPU" if on_cpu == {True} else "GPU" if on_cpu == {False} else "CPU and GPU"


def _coverage(candidate: float) -> Evidence:
    """Three runs against three with equal true means: how often does the interval hold the true difference, zero?"""
    generator = np.random.default_rng(2020)
    first, second = generator.normal(size=(2, 20_000, 3))
    pooled = np.sqrt((first.var(axis=1, ddof=1) + second.var(axis=1, ddof=1)) / 2)
    margin = 2.7764451 * pooled * math.sqrt(2 / 3)  # Student's t, four degrees of freedom, from a printed table
    covered = float((np.abs(first.mean(axis=1) - second.mean(axis=1)) <= margin).mean())
    require(abs(candidate - covered) < 0.01, covered, candidate, "coverage in simulated studies")
    return Evidence("coverage in 20,000 simulated studies", covered, 0.01, seed=2020)


def spread_claims(id: str, study: Study, text: str, loss: Callable[[Run], float]) -> list[Claim]:
    """The deviation of a loss over seeds, pooled over the repeated settings, as per cent of the perplexity."""
    groups = [[loss(run) for run in setting.runs] for setting in study.repeated]
    spread = pooled_spread(groups)
    if spread is None:
        return []
    value = 100 * math.expm1(spread.deviation)

    def by_least_squares() -> float:
        design = np.repeat(np.eye(len(groups)), [len(group) for group in groups], axis=0)
        losses = np.concatenate(groups)
        residuals = losses - design @ np.linalg.lstsq(design, losses, rcond=None)[0]
        return 100 * math.expm1(math.sqrt(float(residuals @ residuals) / (len(losses) - len(groups))))

    biased = spread.deviation * math.sqrt(spread.freedom / (spread.freedom + len(groups)))
    controls = distinct(
        value, ".2f", Control(100 * math.expm1(biased), "divided by n"), Control(value / math.sqrt(3), "of a mean")
    )
    records = tuple(name for setting in study.repeated for name in setting.records)
    route = "residual of a least-squares fit of the settings' means"
    check = agrees(by_least_squares, route, tolerance=1e-9, records=records)
    return [claim(id, value, text, check, controls, form=".2f")]


def grid_claims(study: Study, grid: Mapping[float, Mapping[str, Setting]]) -> list[Claim]:
    """Perplexities over the learning rates that both cells were given, the best rates, the winner at the example's."""
    made = []
    for rate, settings in grid.items():
        made.append(label_claim(f"2e.rate{rate:g}", settings["LSTM"], "learning_rate", "learning rate"))
        for cell in CELLS:
            made.append(perplexity_claim(f"2e.rate{rate:g}.{cell}", settings[cell], study, f"{cell}, rate {rate:g}"))
    for cell in CELLS:
        made.append(_tuned_claim(study, cell))
    made += _grid_counts(study, grid)
    made += _blown_up_claims(grid)
    example = study.base.learning_rate
    if example in grid:
        lstm, gru = (grid[example][cell] for cell in CELLS)
        made.append(label_claim("2e.example_rate", lstm, "learning_rate", EXAMPLE_RATE, example=Settings()))
        text = "lower validation perplexity at the example's learning rate"
        made.append(sign_claim("2e.example_lower", lstm, gru, study, text, LOWER_IN_A_SENTENCE))
        made.append(change_claim("2e.example_change", lstm, gru, "GRU's perplexity less the LSTM's, per cent"))
    return made


def _blown_up_claims(grid: Mapping[float, Mapping[str, Setting]]) -> list[Claim]:
    """Where training went astray: an epoch ended with a loss above that of guessing every word alike."""
    settings = [setting for of_rate in grid.values() for setting in of_rate.values()]
    blown = [setting.settings for setting in settings if any(run.blown_up for run in setting.runs)]
    if not blown:
        return []

    def by_training_text() -> str:
        """The epochs' training losses, of another text than the validation losses."""
        return _named(
            setting.settings
            for setting in settings
            if any(max(run.record.curves["train_loss"]) > math.log(run.words) for run in setting.runs)
        )

    check = agrees(by_training_text, "training losses above the logarithm of the vocabulary's size")
    controls = [
        Control(_named(one for one in (s.settings for s in settings) if one not in blown), "the runs that went well"),
        Control("none", "blown up and recovered counted as well"),
    ]
    return [claim("2e.blown_up", _named(blown), "runs of the grid in which training blew up", check, controls)]


def _named(settings: Iterable[Settings]) -> str:
    return " and ".join(f"the {one.cell} at {one.learning_rate:g}" for one in settings)


def _grid_counts(study: Study, grid: Mapping[float, Mapping[str, Setting]]) -> list[Claim]:
    """At how many common rates each cell is lower beyond the spread over seeds."""
    pairs = [(settings["LSTM"].losses, settings["GRU"].losses) for settings in grid.values()]
    signs = [sign(lstm, gru, study.spread) for lstm, gru in pairs]
    by_probability = [sign_by_probability(lstm, gru, study.spread) for lstm, gru in pairs]
    return [
        claim(
            f"2e.grid.{cell}",
            signs.count(direction),
            f"rates of the grid at which the {cell} is lower beyond the spread over seeds",
            agrees(partial(by_probability.count, direction), "posterior probabilities of the signs"),
            [Control(len(grid) + 1, "one too many"), Control(signs.count(direction) + 1, "an open one counted")],
        )
        for cell, direction in zip(CELLS, (-1, 1), strict=True)
    ]


def _tuned_claim(study: Study, cell: str) -> Claim:
    """The rate of the lowest validation loss; it is also the one with which the plan went on."""
    rates = sorted(study.grid(cell))

    def check(candidate: float) -> Evidence:
        finished = {run.record.name: run.record for run in study.runs}
        _grid, chosen = plan_of_study.tuned_rates(study.base, finished)
        used = {run.settings.learning_rate for run in study.runs if run.settings.cell == cell and _varied(run, study)}
        perplexities = {setting.perplexity: rate for rate, setting in study.grid(cell).items()}
        expected = {chosen[cell] if chosen else perplexities[min(perplexities)]}
        require(used <= expected, expected, used, "rates of the runs that vary a parameter")
        require({candidate} == expected, expected, candidate, "rate that the plan chose")
        curves = {rate: min(min(run.annealing_curve) for run in study.grid(cell)[rate].runs) for rate in rates}
        near = curves[candidate] <= min(curves.values()) + 0.1
        require(near, min(curves, key=curves.__getitem__), candidate, "the epochs' curves")
        return Evidence("rate that the plan went on with; near the best by the epochs' curves", candidate)

    others = [Control(rate, "another point of the grid") for rate in rates if rate != study.rates[cell]]
    text = f"learning rate of the {cell}, tuned at the baseline"
    return claim(f"2e.tuned.{cell}", study.rates[cell], text, check, others or [Control(0.0, "none")], form="g")


def _varied(run: Run, study: Study) -> bool:
    return any(getattr(run.settings, field) != getattr(study.base, field) for field, _ in plan_of_study.VARIATIONS)


def compared_claims(study: Study, compared: Sequence[Comparison]) -> list[Claim]:
    """A row of the table for each comparison."""
    made = []
    for one in compared:
        what = one.key
        made.append(sign_claim(f"2e.{one.key}.lower", one.lstm, one.gru, study, f"lower perplexity, {what}", LOWER))
        if one.key != "baseline":
            made.append(label_claim(f"2e.{one.key}.value", one.lstm, one.field, f"value of {one.field}"))
        for cell in CELLS:
            id, setting = f"2e.{one.key}.{cell}", one.of(cell)
            made.append(perplexity_claim(id, setting, study, f"validation perplexity, {cell}, {what}"))
            made.append(parameters_claim(f"{id}.parameters", setting, f"parameters, {cell}, {what}"))
    return made


def baseline_claims(study: Study, baseline: Comparison) -> list[Claim]:
    """The one comparison that has several seeds of its own."""
    text = "GRU's perplexity against the LSTM's at the baseline, per cent"
    return [
        sign_claim(
            "2e.lower",
            baseline.lstm,
            baseline.gru,
            study,
            "lower validation perplexity at the baseline, rates tuned",
            LOWER_IN_A_SENTENCE,
        ),
        change_claim("2e.change", baseline.lstm, baseline.gru, text),
        *interval_claims("2e.change", baseline.lstm, baseline.gru, study, text),
    ]


def count_claims(study: Study, compared: Sequence[Comparison]) -> list[Claim]:
    """At how many settings each cell is lower, and at how many of them beyond the spread over seeds."""
    total = len(compared)
    single = sum(len(one.lstm.runs) == len(one.gru.runs) == 1 for one in compared)
    signs = [sign(one.lstm.losses, one.gru.losses, study.spread) for one in compared]
    by_probability = [sign_by_probability(one.lstm.losses, one.gru.losses, study.spread) for one in compared]
    made = [
        claim(
            "2e.settings",
            total,
            "settings at which both cells were trained",
            agrees(
                lambda: len({(s.layers, s.hidden_size, s.bptt) for s in (one.gru.settings for one in compared)}),
                "different sizes and windows",
            ),
            [Control(total + 2, "the baseline counted once a parameter"), Control(total - 1, "without the baseline")],
        ),
        claim(
            "2e.single",
            single,
            "settings at which each cell was trained with one seed",
            agrees(lambda: sum(map(_one_seed_each, compared)), "different first losses of the probes"),
            distinct(single, "", Control(total + 1, "one too many"), Control(total - single, "those with several")),
        ),
    ]
    for cell, direction in zip(CELLS, (-1, 1), strict=True):
        lower = sum((one.lstm.perplexity - one.gru.perplexity) * direction > 0 for one in compared)
        decided = signs.count(direction)

        def recount(candidate: int, direction: int = direction) -> Evidence:
            exact = sum(math.copysign(1, _ratio(one)) == direction for one in compared)
            require(candidate == exact, exact, candidate, "signs of the differences of mean losses")
            by_curves = sum(math.copysign(1, _curve_ratio(one)) == direction for one in compared)
            may_turn = by_probability.count(0)
            near = abs(candidate - by_curves) <= may_turn
            require(near, by_curves, candidate, f"the epochs' curves, {may_turn} settings being open")
            return Evidence("signs of the differences of losses; the epochs' curves, but for open ones", by_curves)

        made += [
            claim(
                f"2e.count.{cell}",
                lower,
                f"settings at which the {cell} has the lower perplexity",
                recount,
                distinct(lower, "", Control(total - lower, "the other cell's"), Control(total + 1, "one too many")),
            ),
            claim(
                f"2e.decided.{cell}",
                decided,
                f"settings at which the {cell} is lower beyond the spread over seeds",
                agrees(partial(by_probability.count, direction), "posterior probabilities of the signs"),
                distinct(decided, "", Control(decided + 1, "one too many"), Control(total - decided, "all others")),
            ),
        ]
    return made


def _one_seed_each(one: Comparison) -> bool:
    """Another seed means other weights, hence another first loss in the run's probe."""
    return all(len({run.record.probe["losses"][0] for run in setting.runs}) == 1 for setting in (one.lstm, one.gru))


def _ratio(one: Comparison) -> float:
    return fmean(one.lstm.losses) - fmean(one.gru.losses)


def _curve_ratio(one: Comparison) -> float:
    best = [fmean(min(run.annealing_curve) for run in setting.runs) for setting in (one.lstm, one.gru)]
    return best[0] - best[1]
