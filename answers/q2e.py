"""2e: LSTM against GRU, three parameters one at a time, the learning rate tuned for each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from answers.study import annealed, comparison, effects, race, times
from answers.study.comparison import Comparison, comparisons
from answers.study.runs import CELLS, Setting, Study
from experiments.language_model.reduced import EQUAL_HIDDEN_SIZE, VARIATIONS
from writeup.claims import Answer, Ref, Table
from writeup.figures import Panels, Plot, Series
from writeup.records.store import Records

UNIT = "unit"  # the LSTM baseline's time, in which the others are given
NAMES = {"layers": "Layers", "hidden_size": "Hidden units", "bptt": "BPTT interval (steps)"}


def answer(records: Records) -> Answer:
    study = Study.read(records)
    rows = {field: comparisons(study, field) for field, _values in VARIATIONS}
    compared = list({one.key: one for compared in rows.values() for one in compared}.values())
    baseline = next(one for one in compared if one.key == "baseline")
    rates = {cell: study.grid(cell) for cell in CELLS}
    grid = {rate: {cell: rates[cell][rate] for cell in CELLS} for rate in rates["LSTM"] if rate in rates["GRU"]}
    simple = {cell: found for cell in ("RNN_TANH", "RNN_RELU") if (found := study.setting(cell=cell))}
    claims = [
        *comparison.study_claims(study, baseline),
        *comparison.grid_claims(study, grid),
        *comparison.baseline_claims(study, baseline),
        *comparison.compared_claims(study, compared),
        *comparison.count_claims(study, compared),
        *effects.effect_claims(study, rows),
        *annealed.annealed_claims(study),
        *effects.epoch_claims(study, baseline),
        *effects.non_linearity_claims(study, simple),
        *effects.size_claims(study, compared),
        *times.time_claims(records, compared),
        *race.race_claims(records, study, baseline),
    ]
    made = [one.id.removeprefix("2e") for one in claims]
    varied = [field for field, found in rows.items() if len(found) > 1]
    tables = {"grid": _grid_table(grid), "compared": _compared_table(rows)}
    if varied:
        tables["effects"] = _effects_table(rows, varied)
    if ".rounds" in made:
        tables["times"] = _times_table(rows)
    against_time = race.race_figure(records, baseline)  # the page shows it first
    figures = {"race": against_time} if against_time else {}
    figures["curves"] = Panels((_curves_plot(baseline, simple), _sizes_plot(compared)))
    if simple:
        tables["cells"] = _cells_table(simple)
    return Answer(
        "2e",
        claims,
        tables,
        figures,
        {
            "has": made,
            "reduced": study.reduced,
            "varied": varied,
            "names": NAMES,
            "ends": {field: (rows[field][0].key, rows[field][-1].key) for field in varied},
            "simple": list(simple),
            "single_beside": all(len(setting.runs) == 1 for setting in _beside(study, grid, simple)),
            "annealed_on_part": study.base.annealing_tokens is not None,
        },
    )


def _beside(study: Study, grid: Mapping[float, Mapping[str, Setting]], simple: Mapping[str, Setting]) -> list[Setting]:
    """What is compared besides the three parameters: other rates, plain cells, the GRU of equal parameters."""
    rates = [setting for rate, of in grid.items() for cell, setting in of.items() if rate != study.rates[cell]]
    equal = study.setting(cell="GRU", hidden_size=EQUAL_HIDDEN_SIZE)
    return [*rates, *simple.values(), *([equal] if equal else [])]


def _grid_table(grid: Mapping[float, Mapping[str, Setting]]) -> Table:
    rows = [[Ref(f".rate{rate:g}"), *(Ref(f".rate{rate:g}.{cell}") for cell in CELLS)] for rate in grid]
    return Table(["Learning rate", *CELLS], rows, "rrr")


def _compared_table(rows: Mapping[str, Sequence[Comparison]]) -> Table:
    """Perplexity and parameters of every comparison."""

    def line(one: Comparison) -> list[Ref]:
        names = [f".{one.key}.{cell}" for cell in CELLS]
        perplexities, parameters = [Ref(name) for name in names], [Ref(f"{name}.parameters") for name in names]
        return [*perplexities, Ref(f".{one.key}.lower"), *parameters]

    return _by_parameter(["LSTM", "GRU", "Lower", "LSTM, M", "GRU, M"], "rrlrr", rows, line)


def _times_table(rows: Mapping[str, Sequence[Comparison]]) -> Table:
    """Training time of every comparison on both paths, and the quicker cell."""

    def line(one: Comparison) -> list[Ref | str]:
        cells: list[Ref | str] = []
        for path in times.PATHS:
            for cell in CELLS:
                unit = (one.key, cell) == ("baseline", "LSTM")
                cells.append(UNIT if unit else Ref(f".{one.key}.{cell}.{path}"))
            cells.append(Ref(f".{one.key}.{path}"))
        return cells

    header = [f"{name}{of}" for of in ("", ", fused") for name in (*CELLS, "Quicker")]
    return _by_parameter(header, "rrlrrl", rows, line)


def _by_parameter(
    header: Sequence[str],
    align: str,
    rows: Mapping[str, Sequence[Comparison]],
    line: Callable[[Comparison], Sequence[Ref | str]],
) -> Table:
    """One row a comparison under a heading for each parameter; the baseline stands under each."""
    lines: list[list[str | Ref] | str] = []
    for field, compared in rows.items():
        lines.append(NAMES[field])
        lines += [[_value(field, one), *line(one)] for one in compared]
    return Table(["Value", *header], lines, f"l{align}")


def _value(field: str, one: Comparison) -> Ref:
    return Ref(f".base.{field}") if one.key == "baseline" else Ref(f".{one.key}.value")


def _effects_table(rows: Mapping[str, Sequence[Comparison]], varied: Sequence[str]) -> Table:
    lines: list[list[str | Ref]] = [
        [
            NAMES[field],
            _value(field, rows[field][0]),
            _value(field, rows[field][-1]),
            *(Ref(f".{field}.{cell}.{column}") for cell in CELLS for column in ("change", "effect")),
        ]
        for field in varied
    ]
    return Table(["Parameter", "From", "To", "LSTM, %", "effect", "GRU, %", "effect"], lines, "lrrrlrl")


def _cells_table(simple: Mapping[str, Setting]) -> Table:
    gated: list[list[str | Ref]] = [
        [cell, Ref(f".tuned.{cell}"), Ref(f".baseline.{cell}"), Ref(f".baseline.{cell}.parameters")] for cell in CELLS
    ]
    plain: list[list[str | Ref]] = [
        [f"`{cell}`", Ref(f".{cell}.rate"), Ref(f".{cell}"), Ref(f".{cell}.parameters")] for cell in simple
    ]
    return Table(["Cell", "Learning rate", "Validation perplexity", "Parameters, M"], [*gated, *plain], "lrrr")


def _curves_plot(baseline: Comparison, simple: Mapping[str, Setting]) -> Plot:
    """The learning curve of every cell at the baseline that did not break off with all its seeds."""
    found = {**{cell: baseline.of(cell) for cell in CELLS}, **simple}
    whole = {cell: setting for cell, setting in found.items() if not all(run.diverged for run in setting.runs)}
    series = [
        race.learning_curve(cell, setting, range(1, setting.settings.epochs + 1)) for cell, setting in whole.items()
    ]
    return Plot(series, "epoch", "perplexity", y_scale="log", width=7.4)


def _sizes_plot(compared: Sequence[Comparison]) -> Plot:
    """Every comparison's perplexity against its number of parameters."""
    series = [
        Series(
            cell,
            [one.of(cell).parameters / 1e6 for one in compared],
            [one.of(cell).perplexity for one in compared],
            style="marks",
        )
        for cell in CELLS
    ]
    return Plot(series, "parameters (millions)", "validation perplexity", width=7.4)
