"""Question 2e's claims about training time: every setting on PyTorch's modules and on the fused path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import torch
from torch import nn

from lab.autograd_graph import executed, nodes
from answers.study.comparison import Comparison
from answers.study.run_claims import distinct
from answers.study.runs import CELLS, Setting
from answers.study.step_times import (
    key,
    quicker_claim,
    ratio_claim,
    ratios,
    sign_by_flips,
    step_claim,
    step_time_record,
)
from writeup.claims import Claim, Control, agrees, claim
from writeup.records.store import Record, Records

# Of the GRU's time against the LSTM's: -1 where it is less.
QUICKER = {-1: "GRU", 1: "LSTM", 0: "open"}
QUICKER_IN_A_SENTENCE = {-1: "the GRU", 1: "the LSTM", 0: "neither cell"}
PATHS = {"stock": "on PyTorch's modules", "fast": "on the fused path"}
UNITS = 4  # enough to count nodes of a graph


def time_claims(records: Records, compared: Sequence[Comparison]) -> list[Claim]:
    """Training time of every comparison in units of the LSTM baseline's on the same path, and the quicker cell."""
    record = step_time_record(records)
    if record is None:
        return []
    at_baseline = next(one for one in compared if one.key == "baseline")
    lstm = key(at_baseline.lstm.settings)
    made = [
        *(_nodes_claim(cell, at_baseline.of(cell)) for cell in CELLS),
        step_claim("2e.step", record, lstm, "median training step of the LSTM baseline"),
        _epoch_seconds_claim(record, lstm, at_baseline.lstm),
        claim(
            "2e.rounds",
            len(record.curves["seconds"][lstm]),
            "rounds of timing",
            agrees(lambda: record.settings["rounds"], "the measurement's settings", records=[record.path]),
            [Control(1, "timed once"), Control(len(record.curves["seconds"]), "settings for rounds")],
        ),
        ratio_claim(
            "2e.speedup",
            record,
            lstm,
            key(at_baseline.lstm.settings, "fast"),
            "time of the LSTM baseline on PyTorch's modules by that on the fused path",
        ),
    ]
    for path, where in PATHS.items():
        made += _path_claims(record, path, where, compared)
    return made


def _path_claims(record: Record, path: str, where: str, compared: Sequence[Comparison]) -> list[Claim]:
    """The times on one path, the quicker cell of each comparison, and at how many settings each cell is it."""
    names = {one.key: {cell: key(one.of(cell).settings, path) for cell in CELLS} for one in compared}
    lstm, gru = (names["baseline"][cell] for cell in CELLS)
    made, quicker = [], []
    for one, of in names.items():
        for cell, name in of.items():
            if name != lstm:
                text = f"training time of the {cell}, {one}, {where}, in units of the LSTM baseline's there"
                made.append(ratio_claim(f"2e.{one}.{cell}.{path}", record, name, lstm, text))
        text = f"quicker cell, {one}, {where}"
        quicker.append(quicker_claim(f"2e.{one}.{path}", record, of["GRU"], of["LSTM"], text, QUICKER))
    outcomes = [made_claim.value for made_claim in quicker]
    pairs = [ratios(record, of["GRU"], of["LSTM"]) for of in names.values()]
    text = f"GRU's training time by the LSTM's at the baseline, {where}"
    return [
        *made,
        *quicker,
        ratio_claim(f"2e.{path}.ratio", record, gru, lstm, text),
        quicker_claim(f"2e.{path}.time", record, gru, lstm, text, QUICKER_IN_A_SENTENCE),
        *(_count_claim(f"2e.{path}.{cell}", outcomes.count(cell), cell, pairs, where, record) for cell in CELLS),
    ]


def _count_claim(id: str, count: int, cell: str, pairs: Sequence[Sequence[float]], where: str, record: Record) -> Claim:
    """At how many settings the cell is the quicker one; recounted by the flips of the rounds' signs."""

    def recount() -> int:
        return [QUICKER[sign_by_flips([math.log(ratio) for ratio in pair])] for pair in pairs].count(cell)

    check = agrees(recount, "sides of the rounds among all ways they could fall", records=[record.path])
    controls = distinct(count, "", Control(len(pairs) - count, "all others"), Control(count + 1, "one too many"))
    text = f"settings at which the {cell} is quicker beyond the rounds' scatter, {where}"
    return claim(id, count, text, check, controls)


def _epoch_seconds_claim(record: Record, name: str, setting: Setting) -> Claim:
    """Seconds of an epoch of this study: the median step, as often as the epoch has windows."""
    seconds, tokens = record.curves["seconds"][name], record.curves["tokens"][name]
    steps = setting.runs[0].record.metrics["steps"] / setting.settings.epochs
    value = steps * median(seconds)

    def by_throughput() -> float:
        return setting.runs[0].record.curves["tokens"][0] * sum(seconds) / (tokens * len(seconds))

    check = agrees(by_throughput, "the epoch's tokens by the tokens a second of all rounds", tolerance=0.1 * value)
    controls = [Control(value * setting.settings.epochs, "all epochs"), Control(value / steps, "a step")]
    return claim("2e.epoch_seconds", value, "an epoch of the LSTM baseline, stock", check, controls, "s", ".0f")


def _nodes_claim(cell: str, setting: Setting) -> Claim:
    """Autograd nodes behind one window of the baseline's recurrent layers: what the backward pass has to visit."""
    window, controls = setting.settings.bptt, {"LSTM": "GRU", "GRU": "LSTM"}
    value = len(nodes(_output(cell, setting)))

    def engine_runs() -> int:
        output = _output(cell, setting)
        return sum(executed(lambda: output.backward(torch.ones_like(output))).values())

    others = [
        Control(len(nodes(_output(controls[cell], setting))), f"the {controls[cell]}'s"),
        Control(window, "one for each step of the window"),
    ]
    check = agrees(engine_runs, "nodes that autograd's engine runs in a backward pass")
    return claim(f"2e.nodes.{cell}", value, f"autograd nodes of the {cell} behind one window", check, others, form=",d")


def _output(cell: str, setting: Setting) -> torch.Tensor:
    """What the baseline's layers give for one window, of few units: the graph is the same."""
    module = getattr(nn, cell)(UNITS, UNITS, setting.settings.layers)
    output: torch.Tensor = module(torch.zeros(setting.settings.bptt, 1, UNITS))[0]
    return output
