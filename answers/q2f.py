"""2f: what the test set is for: validation chose epochs, rates and settings, and a chosen best flatters itself."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations
from statistics import fmean
from typing import Any

from experiments.language_model.study import EQUAL_HIDDEN_SIZE
from experiments.language_model.train import Settings
from lab import published
from lab.laws import VOCABULARY
from lab.study import CELLS, Run, Studies, Study, count_parameters
from writeup.claims import Answer
from writeup.facts import Facts, by, gap
from writeup.figures import Drawing, Plot, Series
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    studies = Studies.read(records)
    runs = studies.runs
    last = [run for run in studies.whole.runs if run.settings.cell in CELLS]  # the network without gates lies far off
    a = Facts("2f")
    looks(a.on(*(run.record for run in runs)), runs)
    chosen = min(runs, key=lambda run: run.valid_loss)
    result(a.on(chosen.record), chosen)
    spread(a.on(*(run.record for run in last)), studies.whole)
    runner_up(a.on(*(run.record for run in last)), last)
    texts(a.on(*(run.record for run in last)), last)
    return a.answer(figures={"roles": roles(), "shift": dumbbells(last)})


def looks(a: Facts, runs: list[Run]) -> None:
    """How often the validation text was asked; how many runs do better on the test text."""
    # A run of more epochs goes on from the shorter one with its settings.
    asked = {(replace(run.settings, epochs=0), epoch) for run in runs for epoch in range(run.settings.epochs)}
    route = by("different losses in the curves", lambda: len({loss for run in runs for loss in run.curve}))
    why = "the value counts epochs that settings ask for, the route losses, which the records' laws had read before"
    twice = {sum(run.settings.epochs for run in runs): "some counted twice"}
    a("looks", len(asked), route, twice, "{:,d}", shared=why)
    measured = [run.record.metrics for run in runs]
    easier = by("recorded perplexities", lambda: sum(m["test_perplexity"] < m["valid_perplexity"] for m in measured))
    a("better", sum(run.test_loss < run.valid_loss for run in runs), easier)
    a("all_runs", len(runs), by("different curves", lambda: len({str(run.record.curves) for run in runs})))
    embedded = by("words of the model's embedding", words, runs[0])
    a("uniform", VOCABULARY, embedded, {10_000: "Penn Treebank's"}, "{:,d}")


def words(run: Run) -> int:
    return int(run.record.metrics["encoder_parameters"]) // run.settings.embedding_size


def result(a: Facts, chosen: Run) -> None:
    """The run of the lowest validation loss, and the one test perplexity that counts."""
    metrics, settings = chosen.record.metrics, chosen.settings
    kinds = {f"{'a tied' if tied else 'an untied'} {cell}": (cell, tied) for tied in (True, False) for cell in CELLS}
    own = next(name for name, kind in kinds.items() if kind == (settings.cell, settings.tied))

    def other_parameters(name: str) -> float:
        cell, tied = kinds[name]
        return abs(count_parameters(replace(settings, cell=cell, tied=tied)) - metrics["parameters"])

    route = gap("parameters of a model of this kind, built anew", other_parameters, 0.0)
    a.one_of("chosen_cell", [own, *(kinds.keys() - {own})], route)
    for name in ("valid", "test"):
        route = by("exponential of the recorded loss", math.exp, metrics[f"{name}_loss"], within=1e-6)
        slip = math.exp(metrics["test_loss" if name == "valid" else "valid_loss"])
        a(name, metrics[f"{name}_perplexity"], route, {slip: "of the other text"}, "{:.1f}")

    theirs = published.TIED_TEST_PERPLEXITIES
    from_loss = by("the recorded loss", published.furthest_loss, chosen.test_loss, theirs, within=1e-6)
    apart = published.furthest(metrics["test_perplexity"], theirs)
    usual = published.furthest(metrics["test_perplexity"], published.TEST_PERPLEXITIES)
    a("reports_apart", apart, from_loss, {usual: "of untied models"}, "{:.0%}")
    a.say(
        "like_others",
        lambda reports_apart, chosen_cell: reports_apart < 0.01 and chosen_cell == "a tied LSTM",
        {"reports_apart": 0.1},
        {"chosen_cell": "an untied LSTM"},
    )


def spread(a: Facts, whole: Study) -> None:
    """How far seeds alone move a test perplexity: the standard deviation within settings, pooled."""
    kinds: list[dict[str, Any]] = [{"cell": cell} for cell in CELLS]
    kinds += [{"cell": "LSTM", "tied": True}, {"cell": "GRU", "hidden_size": EQUAL_HIDDEN_SIZE}]
    groups = [[run.test_loss for run in whole.seeds(**kind)] for kind in kinds]
    squares = [(loss - fmean(losses)) ** 2 for losses in groups for loss in losses]
    freedom = len(squares) - len(groups)
    by_name: dict[str, list[float]] = {}
    for record in (run.record for run in whole.runs if run.settings.path == "fast"):
        setting = re.sub("seed[0-9]+|-[0-9a-f]{8}$", "", record.name)
        by_name.setdefault(setting, []).append(record.metrics["test_perplexity"])

    def pairwise_scatter() -> float:
        several = [list(map(math.log, of)) for of in by_name.values() if len(of) > 1]
        squares = sum((x - y) ** 2 / len(of) for of in several for x, y in combinations(of, 2))
        return math.sqrt(squares / sum(len(of) - 1 for of in several))

    pairs = by("differences of every two perplexities, settings by the records' names", pairwise_scatter, within=1e-6)
    a("seeds_move", math.sqrt(sum(squares) / freedom), pairs, {math.sqrt(sum(squares)): "added up"}, "{:.1%}")


def runner_up(a: Facts, runs: list[Run]) -> None:
    """The second lowest validation loss: its run, of the chosen one's cell, on both texts."""
    chosen, other = sorted(runs, key=lambda run: run.valid_loss)[:2]
    for name, text in (("other_valid", "valid"), ("other_test", "test")):
        route = by("exponential of the recorded loss", math.exp, other.record.metrics[f"{text}_loss"], within=1e-6)
        slip = {chosen.record.metrics[f"{text}_perplexity"]: "of the chosen run"}
        a(name, other.record.metrics[f"{text}_perplexity"], route, slip, "{:.1f}")
    same = (chosen.settings.cell, chosen.settings.tied) == (other.settings.cell, other.settings.tied)
    sizes = by("parameters of both", lambda: other.record.metrics["parameters"] == chosen.record.metrics["parameters"])
    a("same_kind", same, sizes, {not same: "of another cell, or not tied both"})
    a.say(
        "luck",
        lambda valid, test, other_valid, other_test, same_kind: (
            valid < other_valid - 0.5 and other_test < test + 0.05 and same_kind
        ),
        {"valid": 141.4},
        {"other_valid": 140.4},
        {"test": 130.0},
        {"other_test": 132.0},
        {"same_kind": False},
    )


def texts(a: Facts, runs: list[Run]) -> None:
    """How much easier the test text is, for every run to the last epoch on the whole training text."""
    a("whole_runs", len(runs), by("different curves", lambda: len({str(run.record.curves) for run in runs})))
    shifts = [1 - math.exp(run.test_loss - run.valid_loss) for run in runs]
    again = [1 - run.record.metrics["test_perplexity"] / run.perplexity for run in runs]
    for name, end in (("least", min), ("most", max)):
        slip = end(1 / (1 - shift) - 1 for shift in shifts)
        a(
            name,
            end(shifts),
            by("recorded perplexities", end, again, within=1e-6),
            {slip: "of the test perplexity"},
            "{:.1%}",
        )
    a.say(
        "test_is_easier",
        lambda least, valid, test, better, all_runs: least > 0 and test < valid and better == all_runs,
        {"least": -0.01},
        {"test": 500.0},
        {"valid": 50.0},
        {"better": 0},
        {"all_runs": 0},
    )


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
        ("test text", "green", "chooses nothing: measures the choice", "at the end of a run"),
    )
    for index, (text, colour, use, often) in enumerate(rows):
        y = -1.15 * index
        d.node(text.split()[0], (1.3, y), text, width=2.6, height=0.8, fill=f"{colour}!15", stroke=colour)
        d.node(f"use{index}", (5.9, y), use, width=5.0, height=0.8, form="round", stroke="dim", bold=False)
        d.arrow(text.split()[0], f"use{index}", colour=colour)
        d.text((8.6, y), often, "left", size=7.5, colour="dim")
    return d


def dumbbells(runs: list[Run]) -> Plot:
    """Validation (open) and test perplexity (full) of every run, the chosen one dark and on top."""
    ordered = sorted(runs, key=lambda run: run.valid_loss)
    valid = [math.exp(run.valid_loss) for run in ordered]
    test = [math.exp(run.test_loss) for run in ordered]
    rows = [float(row) for row in range(len(ordered))]
    others = Series("", test[1:], rows[1:], lower=valid[1:], upper=test[1:], style="dumbbell", colour="grey")
    best = Series("", test[:1], rows[:1], lower=valid[:1], upper=test[:1], style="dumbbell", colour="ink")
    return Plot(
        [others, best],
        "perplexity: open on the validation text, full on the test text",
        "runs, the chosen one on top",
        y_categories=[called(run) for run in ordered],
        legend="none",
        height=1.6 + 0.3 * len(ordered),
    )


def called(run: Run) -> str:
    """As a row is labelled."""
    if run.settings.path == "stock":
        return "the example"
    settings = run.settings
    units = f" of {settings.hidden_size} units" if settings.hidden_size != Settings().hidden_size else ""
    return f"{'tied ' if settings.tied else ''}{settings.cell}{units}, seed {settings.seed}"
