"""2f: what the test set is for: validation chose epochs, rates and settings, and a chosen best flatters itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

import numpy as np

from lab.laws import VOCABULARY
from lab.study import Run, Study, count_parameters
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.figures import Drawing, Plot, Series
from writeup.records.store import Records

CONTENDING = math.log(1.1)  # nats: runs within a tenth of the best perplexity


def answer(records: Records) -> Answer:
    study = Study.read(records)
    chosen = min(study.runs, key=lambda run: run.valid_loss)
    contenders = [run for run in study.runs if run.learned and run.valid_loss < chosen.valid_loss + CONTENDING]
    a = Facts("2f")
    looks(a.on(*study.records), study)
    result(a.on(chosen.record), chosen)
    texts(a.on(*(run.record for run in contenders)), contenders, study)
    return a.answer(figures={"roles": roles(), "shift": dumbbells(contenders)})


def looks(a: Facts, study: Study) -> None:
    """How often the validation text was asked."""
    epochs = sum(len(run.record.curves["valid_loss"]) for run in study.runs)

    def by_tokens() -> int:
        return round(sum(sum(run.record.curves["tokens"]) / run.record.curves["tokens"][0] for run in study.runs))

    route = by("trained words by the words of an epoch", by_tokens)
    a("looks", epochs, route, {len(study.runs): "one look a run"}, "{:,d}")
    embedded = by("words of the model's embedding", words, study.runs[0])
    a("uniform", VOCABULARY, embedded, {10_000: "Penn Treebank's"}, "{:,d}")


def words(run: Run) -> int:
    return int(run.record.metrics["encoder_parameters"]) // run.settings.embedding_size


def result(a: Facts, chosen: Run) -> None:
    """The run of the lowest validation loss, and the one test perplexity that counts."""
    metrics, settings = chosen.record.metrics, chosen.settings

    def other_parameters(cell: str) -> float:
        return abs(count_parameters(type(settings)(**{**chosen.record.settings, "cell": cell})) - metrics["parameters"])

    route = gap("parameters of a model of this cell, built anew", other_parameters, 0.0)
    a.one_of("cell", [settings.cell, *({"LSTM", "GRU", "RNN_TANH"} - {settings.cell})], route)
    a(
        "layers",
        settings.layers,
        gap("parameters of a model of so many layers, built anew", lambda n: layers_misfit(chosen, n), 0.0),
    )
    for name in ("valid", "test"):
        route = by("exponential of the recorded loss", math.exp, metrics[f"{name}_loss"], within=1e-6)
        slip = math.exp(metrics["test_loss" if name == "valid" else "valid_loss"])
        a(name, metrics[f"{name}_perplexity"], route, {slip: "of the other text"}, "{:.0f}")


def layers_misfit(run: Run, layers: int) -> float:
    settings = type(run.settings)(**{**run.record.settings, "layers": layers})
    return abs(count_parameters(settings) - run.record.metrics["parameters"])


def texts(a: Facts, contenders: list[Run], study: Study) -> None:
    """How much easier the test text is, for the runs near the best and for the chosen one."""
    a("contenders", len(contenders), by("recorded perplexities of all runs", within_reach, study.runs))
    shifts = [100 * (1 - math.exp(run.test_loss - run.valid_loss)) for run in contenders]
    a.mean("shift", shifts, "{:.1f} %")
    own = shifts[[run.valid_loss for run in contenders].index(min(run.valid_loss for run in contenders))]
    valid, test = min((run.perplexity, run.record.metrics["test_perplexity"]) for run in study.runs)
    recorded = by("the recorded perplexities", lambda: 100 * (1 - test / valid), within=1e-6)
    a("own_shift", own, recorded, {100 * (valid / test - 1): "of the test perplexity"}, "{:.1f} %")
    spread = by("numpy's standard deviation", lambda: float(np.std(shifts, ddof=1)), within=1e-9)
    a("scatter", stdev(shifts), spread, {max(shifts) - min(shifts): "their range"}, "{:.1f}")
    a.say(
        "no_flattery_seen",
        lambda own_shift, shift, scatter: own_shift >= shift.low and scatter < 1,
        {"own_shift": 4.0},
        {"scatter": 3.0},
    )
    a.say("test_is_easier", lambda shift, valid, test: shift.positive and test < valid, {"shift": 0.0}, {"test": 500.0})


def within_reach(runs: Sequence[Run]) -> int:
    found = [run.perplexity for run in runs]
    return sum(value < 1.1 * min(found) for value in found)


def roles() -> Drawing:
    """Train to weights; validation to anneal, keep, choose; test once."""
    d = Drawing("roles")
    rows = (
        ("training text", "lstm", "sets the weights", "every step"),
        (
            "validation text",
            "gru",
            "anneals the rate, keeps an epoch,\nchooses setting and model",
            "again and again",
        ),
        ("test text", "green", "decides nothing: measures the choice", "at the end of a run"),
    )
    for index, (text, colour, use, often) in enumerate(rows):
        y = -1.15 * index
        d.node(text.split()[0], (1.3, y), text, width=2.6, height=0.8, fill=f"{colour}!15", stroke=colour)
        d.node(f"use{index}", (5.9, y), use, width=5.0, height=0.8, form="round", stroke="dim", bold=False)
        d.arrow(text.split()[0], f"use{index}", colour=colour)
        d.text((8.6, y), often, "left", size=7.5, colour="dim")
    return d


def dumbbells(contenders: list[Run]) -> Plot:
    """Validation (open) and test perplexity (full) of every contender, the chosen one dark and on top."""
    ordered = sorted(contenders, key=lambda run: run.valid_loss)
    valid = [math.exp(run.valid_loss) for run in ordered]
    test = [math.exp(run.test_loss) for run in ordered]
    rows = [float(-row) for row in range(len(ordered))]
    others = Series("", test[1:], rows[1:], lower=valid[1:], upper=test[1:], style="dumbbell", colour="grey")
    best = Series("", test[:1], rows[:1], lower=valid[:1], upper=test[:1], style="dumbbell", colour="ink")
    return Plot(
        [others, best],
        "perplexity: open on the validation text, full on the test text",
        "runs, the chosen one on top",
        y_ticks=(),
        legend="none",
        height=5.5,
    )
