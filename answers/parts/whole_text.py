"""2e: the runs on the whole training text: the cells compared at the rates tuned there, beside a published log."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

from experiments.language_model.study import EQUAL_HIDDEN_SIZE, PRESETS
from lab import published
from lab.laws import VOCABULARY
from lab.study import CELLS, PRESET, Run, Studies, Study, count_parameters, mistaken_for, perplexity
from lab.study_again import lowest_rate, mean_of
from writeup.facts import Facts, Route, by

ROUNDED = math.expm1(0.005)  # by which a loss to two places may be off


def on(a: Facts, runs: list[Run]) -> Facts:
    return a.on(*(run.record for run in runs))


def recorded(runs: list[Run]) -> Route:
    return by(
        "geometric mean of the lowest perplexities of the curves", mean_of, runs, within=5e-4
    )  # curves have six places


def between_cells(key: str) -> dict[tuple[str, str], float]:
    """The GRU less the LSTM, with one setting."""
    return {(key, "GRU"): 1.0, (key, "LSTM"): -1.0}


def from_baseline(key: str) -> dict[tuple[str, str], float]:
    """One setting less the baseline, on average over the cells."""
    return against(key, "baseline")


def against(key: str, other: str) -> dict[tuple[str, str], float]:
    """One setting less another, on average over the cells."""
    return {(of, cell): sign / len(CELLS) for of, sign in ((key, 1), (other, -1)) for cell in CELLS}


def tuned(a: Facts, tuning: Study) -> None:
    """Each cell's best rate of the grid; both cells at the lowest, and at the LSTM's best."""
    grids = {cell: {rate: runs[0] for rate, runs in tuning.grid(cell).items()} for cell in CELLS}
    slowest, lstm_best = min(grids["LSTM"]), tuning.rates["LSTM"]
    named = {"LSTM": ("rate_LSTM", "slow_LSTM", "fast_LSTM"), "GRU": ("rate_GRU", "slow_GRU", "fast_GRU")}
    for cell, (chosen, slow, fast) in named.items():
        grid = grids[cell]
        route = by("the lowest loss of the curves", lowest_rate, tuning.grid(cell))
        why = "the value takes final losses, the route the lowest; the records' laws had read the curves before"
        on(a, list(grid.values()))(chosen, tuning.rates[cell], route, {slowest: "the lowest"}, "{:.0f}", shared=why)
        best = {"best_GRU": tuning.rates["GRU"]} if cell == "GRU" else {}
        for name, rate in {slow: slowest, fast: lstm_best, **best}.items():
            run, other = grid[rate], grids["GRU" if cell == "LSTM" else "LSTM"][rate]
            slips = {other.perplexity: "the other cell's", math.exp(run.test_loss): "of the test text"}
            on(a, [run])(name, perplexity([run.valid_loss]), recorded([run]), slips, "{:.0f}")
    lengths = by("losses in each curve", lambda: median(len(run.record.curves["valid_loss"]) for run in tuning.runs))
    on(a, list(tuning.runs))("tuning_epochs", tuning.base.epochs, lengths)
    a.say(
        "a_rate_decides",
        lambda slow_GRU, slow_LSTM, fast_GRU, fast_LSTM: slow_GRU < 0.9 * slow_LSTM and fast_LSTM < 0.9 * fast_GRU,
        {"slow_GRU": 400.0},
        {"slow_LSTM": 300.0},
        {"fast_GRU": 190.0},
        {"fast_LSTM": 230.0},
    )


def compared(a: Facts, whole: Study) -> None:
    """The cells at the example's sizes, to the last epoch."""
    for cell, name in (("LSTM", "whole_LSTM"), ("GRU", "whole_GRU")):
        runs = whole.seeds(cell=cell)
        ended = perplexity([run.valid_loss for run in runs])
        on(a, runs)(name, ended, recorded(runs), mistaken_for(runs), "{:.0f}")
    runs = whole.seeds(cell="GRU")
    seeds = by("seeds in the records", lambda: len({run.record.seeds[0] for run in runs}))
    on(a, runs)("whole_seeds", len(runs), seeds)
    lengths = by("losses in each curve", lambda: median(len(run.record.curves["valid_loss"]) for run in whole.runs))
    behind = on(a, list(whole.runs))
    behind("whole_epochs", whole.base.epochs, lengths)
    behind.change("gap", *whole.contrast(between_cells("baseline")), "{:.1f} %")


def begun(a: Facts, whole: Study, epochs: int) -> None:
    """The cells' distance in the same runs, earlier."""
    early = Study(replace(whole.base, epochs=epochs), tuple(run.first(epochs) for run in whole.runs))
    on(a, list(whole.runs)).change("early_gap", *early.contrast(between_cells("baseline")), "{:.1f} %")
    a.say(
        "lead_is_uncertain",
        lambda early_gap, gap, baseline_gap, precise_full: (
            0 < gap.value < early_gap.value < baseline_gap.value - 2 and precise_full == (1,)
        ),
        {"early_gap": 4.0},
        {"baseline_gap": 6.0},
        {"precise_full": (0, 1)},
        {"gap": 10.0},
        {"gap": -1.0},
    )


def equal(a: Facts, whole: Study) -> None:
    """GRUs with as many weights in the recurrent layers as the LSTM, beside it to the last epoch."""
    gru, lstm = whole.seeds(cell="GRU", hidden_size=EQUAL_HIDDEN_SIZE), whole.seeds(cell="LSTM")
    behind = on(a, [*gru, *lstm])
    held, usual = (runs[0].record.metrics["recurrent_parameters"] for runs in (gru, lstm))
    counted = by("both models, built and counted", lambda: recurrent(gru[0]) / recurrent(lstm[0]), within=1e-9)
    behind("equal_weights", held / usual, counted, {3 / 4: "of the gates, at equal units"}, "{:.3f}")
    decoder = gru[0].record.metrics["decoder_parameters"]
    units = by("the record's weights of the decoder, a word", lambda: decoder / VOCABULARY - 1)
    behind("equal_units", EQUAL_HIDDEN_SIZE, units, {lstm[0].settings.hidden_size: "the LSTM's"})
    curves = by("different curves", lambda: len({str(run.curve) for run in gru}))
    behind("equal_seeds", len(gru), curves)
    losses = {("equal", "GRU"): [run.valid_loss for run in gru]}
    weights = {("equal", "GRU"): 1.0, ("baseline", "LSTM"): -1.0}
    on(a, [*gru, *whole.runs]).change("equal_gap", *whole.contrast(weights, losses), "{:.1f} %")
    a.say(
        "weights_do_not_explain",
        lambda equal_weights, equal_gap, gap: (
            abs(equal_weights - 1) < 0.01 and equal_gap.positive and equal_gap.value > gap.value
        ),
        {"equal_weights": 0.75},
        {"equal_gap": 0.0},
        {"gap": 7.0},
        {"equal_gap": -1.0, "gap": -5.0},
    )


def simple(a: Facts, studies: Studies) -> None:
    """A cell without gates, at the best rate of its own grid."""
    cell = "RNN_TANH"
    grid, (run,) = studies.tuning.grid(cell), studies.whole.seeds(cell=cell)
    tried = [run for runs in grid.values() for run in runs]
    curves = by("different curves", lambda: len({str(run.curve) for run in tried}))
    on(a, tried)("simple_rates", len(grid), curves)
    lowest = by("the lowest loss of the curves", lowest_rate, grid)
    why = "the value takes final losses, the route the lowest; the records' laws had read the curves before"
    on(a, tried)("rate_simple", run.settings.learning_rate, lowest, {min(grid): "the lowest"}, "{:g}", shared=why)
    on(a, [run])("simple_ends", perplexity([run.valid_loss]), recorded([run]), mistaken_for([run]), "{:.0f}")
    planned = by("the grid of the plan", lambda: max(PRESETS[PRESET].simple_grid))
    on(a, tried)("simple_highest", max(grid), planned)
    a.say(
        "gates_help",
        lambda simple_ends, whole_GRU, rate_simple, simple_highest: (
            simple_ends > 1.1 * whole_GRU and rate_simple == simple_highest
        ),
        {"simple_ends": 160.0},
        {"whole_GRU": 400.0},
        {"rate_simple": 2.5},
        {"simple_highest": 10.0},
    )


def recurrent(run: Run) -> int:
    """Parameters of the model's recurrent layers: all but the embedding and the decoder, each built and counted."""
    settings = run.settings
    return count_parameters(settings) - VOCABULARY * (settings.embedding_size + settings.hidden_size + 1)


def precisions(a: Facts, studies: Studies) -> None:
    """How many of a cell's full runs are in float32; what that precision changes where a seed ran in both."""
    cases = [studies.whole.seeds(cell=cell) for cell in CELLS]
    counts = {sum(run.settings.precision == "float32" for run in runs) for runs in cases}
    route = by("runs on another processor than the first", lambda: tuple(sorted(set(map(elsewhere, cases)))))
    on(a, [run for runs in cases for run in runs])(
        "precise_full", tuple(sorted(counts)), route, {(0, 1): "not of each"}
    )
    pairs = studies.in_both_precisions
    behind = on(a, [run for pair in pairs for run in pair])
    moved = by("pairs whose processors differ", lambda: sum(elsewhere(list(pair)) for pair in pairs))
    behind("pairs", len(pairs), moved)
    changes = [100 * (precise.perplexity / usual.perplexity - 1) for usual, precise in pairs]
    again = [100 * math.expm1(precise.valid_loss - usual.valid_loss) for usual, precise in pairs]
    furthest = by(
        "losses subtracted",
        lambda: max(math.expm1(abs(one.valid_loss - other.valid_loss)) for one, other in pairs),
        within=1e-6,
    )
    ratios = [max(one.perplexity, other.perplexity) / min(one.perplexity, other.perplexity) for one, other in pairs]
    why = "the value takes perplexities, the route losses, which the records' laws had read before"
    behind("pair_widest", max(ratios) - 1, furthest, {min(ratios) - 1: "the least"}, "{:.0%}", shared=why)
    behind.mean("precision_changes", changes, "{:+.1f} %", again=("losses subtracted", again))
    a.say("one_in_float32", lambda precise_full: precise_full == (1,), {"precise_full": (0, 1)})
    a.say(
        "precision_decides_little",
        lambda precision_changes: precision_changes.low < 0 < precision_changes.high,
        {"precision_changes": 5.0},
        {"precision_changes": -5.0},
    )


def elsewhere(fused: list[Run]) -> int:
    """How many of the runs have another processor than the first."""
    found = [run.record.environment["processor"] for run in fused]
    return len(found) - found.count(found[0])


def beside_published(a: Facts, whole: Study) -> None:
    """The example in our own loop, epoch by epoch, beside a log of it; our fused runs beside both."""
    run = whole.example
    losses, theirs = run.record.curves["valid_loss"], published.losses()
    apart = [
        math.expm1(abs(loss - math.log(found))) for loss, found in zip(losses, published.perplexities(), strict=True)
    ]
    route = by(
        "differences of the losses, theirs to two places",
        lambda: max(math.expm1(abs(one - other)) for one, other in zip(losses, theirs, strict=True)),
        within=ROUNDED,
    )
    why = "of the published log the value reads perplexities, the route losses; both read our curve"
    on(a, [run])("apart", max(apart), route, {apart[0]: "of the first epoch"}, "{:.0%}", shared=why)
    test = run.record.metrics["test_perplexity"]
    loss = by("exponential of the recorded loss", math.exp, run.test_loss, within=1e-6)
    on(a, [run])("test", test, loss, {run.perplexity: "of the validation text"}, "{:.0f}")
    reports = by("the recorded loss", published.furthest_loss, run.test_loss, published.TEST_PERPLEXITIES, within=1e-6)
    reported = published.furthest(test, published.TEST_PERPLEXITIES)
    on(a, [run])(
        "reports_apart", reported, reports, {abs(test / published.TEST_PERPLEXITIES[0] - 1): "of one of them"}, "{:.1%}"
    )
    on(a, [run])("example_ends", perplexity([run.valid_loss]), recorded([run]), {test: "of the test text"}, "{:.0f}")
    ours = whole.seeds(cell="LSTM")
    pairs = [(run.perplexity, other.perplexity) for other in ours]
    furthest = max(max(pair) / min(pair) - 1 for pair in pairs)
    route = by(
        "differences of the losses",
        lambda: max(math.expm1(abs(other.valid_loss - run.valid_loss)) for other in ours),
        within=1e-6,
    )
    on(a, [run, *ours])("fused_apart", furthest, route, form="{:.2%}")
    a.say(
        "like_the_example",
        lambda apart, reports_apart: apart < 0.06 and reports_apart < 0.033,
        {"apart": 0.1},
        {"reports_apart": 0.1},
    )


def beside_modules(a: Facts, short: Study, modules: dict[str, list[Run]]) -> None:
    """The first epochs on PyTorch's modules in float32 against those of our code, on average over the cells."""
    losses = {("modules", cell): [run.valid_loss for run in runs] for cell, runs in modules.items()}
    halves = {(of, cell): sign / 2 for of, sign in (("modules", 1), ("baseline", -1)) for cell in CELLS}
    behind = a.on(*short.records, *(run.record for runs in modules.values() for run in runs))
    behind.change("modules_above", *short.contrast(halves, losses), "{:+.0f} %")
    a.say(
        "fused_like_it",
        lambda fused_apart, modules_above: fused_apart < 0.002 and modules_above.low < 0 < modules_above.high,
        {"fused_apart": 0.05},
        {"modules_above": 20.0},
        {"modules_above": -20.0},
    )
