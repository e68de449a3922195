"""What 2e shows: the table of its settings, perplexity over the learning rate, and over layers, units and interval."""

from __future__ import annotations

import math

from experiments.language_model.study import EQUAL_UPDATES
from lab import published
from lab.study import CELLS, VARIATIONS, Study, perplexity
from writeup.claims import Ref, Table
from writeup.estimators import exponential, pooled
from writeup.figures import Panels, Plot, Series

COLOURS = {"LSTM": "lstm", "GRU": "gru"}
BESIDE = {"LSTM": 0.97, "GRU": 1.03}  # of the rate, so that no mark hides another
ASIDE = {"LSTM": -0.06, "GRU": 0.06}  # of the category, so that no bar hides another; seeds stand twice as far
LABEL_BELOW = {"LSTM": 0.0, "GRU": 58.0}  # of its curve's first point, in units of perplexity
BY_EPOCH = {"GRU": (2.5, 238.0), "LSTM": (1.1, 150.0), "published": (3.7, 120.0)}  # where labels begin
PANELS = {
    "layers": ("layers1", "baseline", "layers3"),
    "hidden_size": ("hidden100", "baseline", "hidden400"),
    "bptt": ("bptt17", "baseline", "bptt70"),
}
AXES = {"layers": "layers", "hidden_size": "hidden units", "bptt": "BPTT interval"}


def table() -> Table:
    """One row a setting; what it changes, and how far the GRU lies above, with their intervals."""
    rows: list[list[str | Ref]] = []
    for key, change in VARIATIONS.items():
        setting = ", ".join(f"{AXES[field]}: {value}" for field, value in change.items())
        reached = [Ref(f"{key}_{cell}") for cell in CELLS]
        apart = Ref(f"{key}_gap", ends=True)
        changed = Ref(f"{key}_change", ends=True) if change else ""
        costs = [Ref(f"{key}_{cell}_{what}") for what in ("size", "time", "modules") for cell in CELLS]
        rows.append([setting or "the example's sizes", *reached, apart, changed, *costs])
    heads = ["perplexity: LSTM", "perplexity: GRU", "perplexity: GRU above LSTM", "perplexity: change, both cells"]
    costs_of = [f"{of}: {cell}" for of in ("weights", "min., ours", "min., modules") for cell in CELLS]
    return Table(["setting", *heads, *costs_of], rows, "l" + "r" * 10)


def whole_text_plots(tuning: Study, whole: Study) -> Panels:
    """On the whole text: perplexity over the learning rate, and epoch by epoch beside a published log."""
    return Panels([_rates(tuning), _epochs(whole)], columns=2)


def _rates(tuning: Study) -> Plot:
    """Runs that ended beyond the rim are open marks there."""
    series = []
    for cell in CELLS:
        grid = tuning.grid(cell)
        found = [perplexity([run.valid_loss for run in runs]) for runs in grid.values()]
        places = [BESIDE[cell] * rate for rate in grid]
        beside = (1.12 * places[0], found[0] - LABEL_BELOW[cell])
        series.append(Series(cell, places, found, style="both", colour=COLOURS[cell], label_at=beside))
    ticks = list(tuning.grid("LSTM"))
    return Plot(
        series,
        "learning rate",
        "validation perplexity",
        title=f"after {tuning.base.epochs} epochs",
        x_scale="log",
        x_ticks=ticks,
        x_tick_labels=[f"{tick:g}" for tick in ticks],
        y_limits=(180.0, 400.0),
        height=3.3,
    )


def _epochs(whole: Study) -> Plot:
    """Means of the seeds as lines, each seed a dot; a published log as crosses."""
    epochs = list(range(1, whole.base.epochs + 1))
    lines, dots = [], []
    for cell in CELLS:
        curves = [run.record.curves["valid_loss"] for run in whole.seeds(cell=cell)]
        means = [perplexity(losses) for losses in zip(*curves, strict=True)]
        label = f"{cell}, rate {whole.rates[cell]:g}"
        lines.append(Series(label, epochs, means, colour=COLOURS[cell], label_at=BY_EPOCH[cell]))
        each = [(epoch, math.exp(loss)) for losses in curves for epoch, loss in enumerate(losses, start=1)]
        dots.append(Series("", [x for x, _ in each], [y for _, y in each], style="dots", colour=COLOURS[cell]))
    log = Series("published", epochs, published.perplexities(), style="marks", colour="ink", mark="x",
                 label_at=BY_EPOCH["published"])  # fmt: skip
    return Plot(
        [*lines, *dots, log],
        "epoch",
        "validation perplexity",
        title="epoch by epoch",
        x_ticks=epochs,
        y_limits=(100.0, 290.0),
        height=3.3,
    )


def panels(short: Study) -> Panels:
    """Perplexity against each parameter; lines join the means, seeds are dots."""
    return Panels([_panel(short, field, keys) for field, keys in PANELS.items()], columns=3, share_y=True)


def _panel(short: Study, field: str, keys: tuple[str, ...]) -> Plot:
    lines, dots = [], []
    values = [VARIATIONS[key].get(field, getattr(short.base, field)) for key in keys]
    for cell in CELLS:
        runs = [short.seeds(cell=cell, **VARIATIONS[key]) for key in keys]
        found = [exponential(pooled(*short.contrast({(key, cell): 1.0}))) for key in keys]
        means, ends = [one.value for one in found], ([one.low for one in found], [one.high for one in found])
        label = cell if field == "bptt" else ""
        places = [x + ASIDE[cell] for x in range(len(values))]
        lines.append(Series(label, places, means, *ends, "both", colour=COLOURS[cell]))
        each = [(x + 2 * ASIDE[cell], run.perplexity) for x, of in enumerate(runs) for run in of if len(of) > 1]
        dots.append(Series("", [x for x, _ in each], [y for _, y in each], style="dots", colour=COLOURS[cell]))
        if field == "bptt":
            dots.append(_equal_updates(short, cell, values))
    return Plot(
        [*lines, *dots],
        AXES[field],
        "validation perplexity",
        x_categories=tuple(map(str, values)),
        y_limits=(140.0, 240.0),
        legend="direct" if field == "bptt" else "none",
        height=4.0,
    )


def _equal_updates(short: Study, cell: str, values: list[int]) -> Series:
    """The intervals with as many updates as the example's, as crosses: means of the seeds."""
    places = [values.index(change["bptt"]) + ASIDE[cell] for change in EQUAL_UPDATES]
    reached = [perplexity(short.losses(cell=cell, **change)) for change in EQUAL_UPDATES]
    return Series("", places, reached, style="marks", mark="x", colour=COLOURS[cell])
