"""Question 2e's claims, continued: what each parameter does, epochs, non-linearities, sizes and seconds a step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise, permutations, product
from statistics import fmean

import torch
from torch import nn

from answers.study.comparison import LOWER_IN_A_SENTENCE, Comparison
from answers.study.run_claims import (
    change_claim,
    distinct,
    label_claim,
    parameters_claim,
    perplexity_claim,
    sign_claim,
)
from answers.study.runs import CELLS, Setting, Study
from experiments.language_model.reduced import EQUAL_HIDDEN_SIZE
from writeup.claims import Claim, Control, Evidence, agrees, claim, require

EFFECT = {-1: "raises it", 1: "lowers it", 0: "open"}  # the second setting, by the first's sign
NEARLY_EQUAL = 0.2  # a fifth more or less
UNITS = 8  # of the modules that are looked into


def effect_claims(study: Study, rows: Mapping[str, Sequence[Comparison]]) -> list[Claim]:
    """From the lowest to the highest value of each parameter: by how much each cell's perplexity changes."""
    made = []
    for (field, compared), cell in product(rows.items(), CELLS):
        if len(compared) < 2:
            continue
        ordered = {getattr(one.lstm.settings, field): one.of(cell) for one in compared}
        first, last = ordered[min(ordered)], ordered[max(ordered)]
        text = f"from the lowest to the highest {field}, {cell}"
        made.append(sign_claim(f"2e.{field}.{cell}.effect", first, last, study, f"effect {text}", EFFECT))
        made.append(change_claim(f"2e.{field}.{cell}.change", first, last, f"change of perplexity in per cent {text}"))
    if len(rows["bptt"]) > 1:
        made += [
            _updates_claim("fewest", rows["bptt"][-1].lstm, rows["bptt"][0].lstm),
            _updates_claim("most", rows["bptt"][0].lstm, rows["bptt"][-1].lstm),
        ]
    return made


def _updates_claim(which: str, setting: Setting, other: Setting) -> Claim:
    """Steps an epoch: a shorter window makes more of the same text."""
    metrics, base = setting.runs[0].record.metrics, setting.settings
    value = int(metrics["steps"]) // base.epochs
    rows = setting.runs[0].record.curves["tokens"][0] / base.batch_size
    controls = [
        Control(math.floor(rows / base.bptt), "the last, shorter window forgotten"),
        Control(int(other.runs[0].record.metrics["steps"]) // base.epochs, "the other end"),
    ]
    check = agrees(
        lambda: math.ceil(rows / base.bptt), "rows of the epoch's tokens by the window", records=setting.records
    )
    return claim(
        f"2e.bptt.{which}", value, f"steps an epoch, the {which} of the BPTT intervals", check, controls, form=",d"
    )


def epoch_claims(study: Study, baseline: Comparison) -> list[Claim]:
    """The number of epochs, read off the curves: what the second half of them brings, and whether more would help."""
    half = study.base.epochs // 2
    made = []
    for cell in CELLS:
        curves = [run.annealing_curve for run in baseline.of(cell).runs if not run.diverged]
        value = 100 * math.expm1(fmean(curve[-1] - curve[half - 1] for curve in curves))
        from_first = 100 * math.expm1(fmean(curve[-1] - curve[0] for curve in curves))

        def telescoped(curves: list[list[float]] = curves) -> float:
            factors = [math.exp(b - a) for curve in curves for a, b in pairwise(curve[half - 1 :])]
            return 100 * (math.prod(factors) ** (1 / len(curves)) - 1)

        check = agrees(telescoped, "product of the factors from epoch to epoch", tolerance=1e-9)
        controls = distinct(value, "+.1f", Control(from_first, "from the first epoch on"), Control(-value, "the sign"))
        text = f"change of the {cell} baseline's perplexity in the second half of the epochs, per cent"
        made.append(claim(f"2e.epochs.{cell}", value, text, check, controls, form="+.1f"))
    improving = sum(run.record.metrics["best_epoch"] == study.base.epochs for run in study.runs)

    def by_curves() -> int:
        return sum(
            min(run.annealing_curve) == run.annealing_curve[-1] and len(run.annealing_curve) == study.base.epochs
            for run in study.runs
        )

    annealed = sum(len(set(run.record.curves["learning_rate"])) > 1 for run in study.runs)
    controls = distinct(
        improving, "", Control(annealed, "runs that were annealed"), Control(len(study.runs) + 1, "one too many")
    )
    text = "runs whose last epoch is their best"
    return [*made, claim("2e.improving", improving, text, agrees(by_curves, "lowest points of the curves"), controls)]


def non_linearity_claims(study: Study, simple: Mapping[str, Setting]) -> list[Claim]:
    """Plain recurrent networks with tanh and with ReLU; LSTM and GRU have no such choice."""
    made = [
        claim(
            "2e.choice",
            "nn.RNN",
            "which of torch's recurrent modules lets one choose the non-linearity",
            agrees(lambda: " and ".join(_accepting("nonlinearity", "relu")), "making each with nonlinearity='relu'"),
            [Control("nn.RNN and nn.LSTM and nn.GRU", "all of them"), Control("nn.LSTM and nn.GRU", "the gated ones")],
            code=True,
        ),
        claim(
            "2e.inside",
            "tanh",
            "non-linearity of the LSTM's state",
            _lstm_with,
            [Control("relu", "as in most networks"), Control("identity", "none")],
        ),
    ]
    for cell, setting in simple.items():
        id = f"2e.{cell}"
        made.append(perplexity_claim(id, setting, study, f"validation perplexity, {cell}"))
        made.append(label_claim(f"{id}.rate", setting, "learning_rate", f"learning rate of the {cell}"))
        made.append(parameters_claim(f"{id}.parameters", setting, f"parameters, {cell}"))
        for gated in CELLS:
            other = study.setting(cell=gated)
            assert other is not None  # Study.read makes sure of it
            words = {-1: "below", 1: "above", 0: "not measurably apart from"}
            text = f"perplexity of the {cell} against that of the {gated}"
            made.append(sign_claim(f"{id}.against.{gated}", setting, other, study, text, words))
    return made


def _accepting(option: str, value: str) -> Iterator[str]:
    """Names of torch's recurrent modules that take this option."""
    for module in (nn.RNN, nn.LSTM, nn.GRU):
        try:
            module(UNITS, UNITS, **{option: value})
        except TypeError:
            continue
        yield f"nn.{module.__name__}"


def _lstm_with(candidate: str) -> Evidence:
    """One step of nn.LSTM against the equations with the candidate as non-linearity (Hochreiter and Schmidhuber)."""
    function = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x}[candidate]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.LSTM(UNITS, UNITS).double()
        x, h, c = torch.randn(3, 1, 1, UNITS, dtype=torch.float64)
    with torch.no_grad():
        output, _state = module(x, (h, c))
        summed = x @ module.weight_ih_l0.T + module.bias_ih_l0 + h @ module.weight_hh_l0.T + module.bias_hh_l0
        enter, forget, content, leave = summed.chunk(4, dim=-1)
        by_hand = leave.sigmoid() * function(forget.sigmoid() * c + enter.sigmoid() * function(content))
    apart = float((output - by_hand).abs().max())
    require(apart < 1e-12, "the output of nn.LSTM", apart, f"the LSTM's equations with {candidate}")
    return Evidence("one step by the LSTM's equations, in double precision", apart, 1e-12)


def size_claims(study: Study, compared: Sequence[Comparison]) -> list[Claim]:
    """Equal units are not equal parameters; the pair of an LSTM and a GRU nearest to equal recurrent parameters."""
    made = []
    for cell, gates in (("LSTM", 4), ("GRU", 3)):
        other = 7 - gates
        made.append(
            claim(
                f"2e.blocks.{cell}",
                gates,
                f"blocks of units that one step of the {cell} computes",
                agrees(partial(_blocks, cell), "rows of its weights"),
                [Control(other, "the other cell's"), Control(1, "no gates")],
            )
        )
    candidates = [(a.lstm, b.gru) for a, b in permutations(compared, 2) if _same_window(a, b)]
    wider = study.setting(cell="GRU", hidden_size=EQUAL_HIDDEN_SIZE)  # planned for this comparison
    if wider:
        candidates += [(one.lstm, wider) for one in compared if one.lstm.settings.bptt == wider.settings.bptt]
    near = [(lstm, gru) for lstm, gru in candidates if _apart(lstm, gru) < NEARLY_EQUAL]
    if not near:
        return made
    lstm, gru = min(near, key=lambda pair: _apart(*pair))
    for cell, setting in (("LSTM", lstm), ("GRU", gru)):
        id = f"2e.pair.{cell}"
        made += [
            label_claim(f"{id}.layers", setting, "layers", f"layers of the pair's {cell}"),
            label_claim(f"{id}.units", setting, "hidden_size", f"units of the pair's {cell}"),
            perplexity_claim(id, setting, study, f"perplexity of the pair's {cell}"),
            _recurrent_claim(f"{id}.recurrent", setting, f"parameters of the recurrent layers of the pair's {cell}"),
        ]
    text = "lower perplexity at nearly equal recurrent parameters"
    made.append(sign_claim("2e.pair.lower", lstm, gru, study, text, LOWER_IN_A_SENTENCE))
    made.append(change_claim("2e.pair.change", lstm, gru, "GRU's perplexity against the LSTM's in this pair, per cent"))
    return made


def _blocks(cell: str) -> int:
    rows: int = getattr(nn, cell)(1, UNITS).weight_hh_l0.shape[0]
    return rows // UNITS


def _same_window(first: Comparison, second: Comparison) -> bool:
    return first.lstm.settings.bptt == second.gru.settings.bptt


def _recurrent(setting: Setting) -> float:
    return float(setting.runs[0].record.metrics["recurrent_parameters"])


def _apart(lstm: Setting, gru: Setting) -> float:
    """How far two models are apart in the parameters of their recurrent layers (logarithm of the ratio)."""
    return abs(math.log(_recurrent(lstm) / _recurrent(gru)))


def _recurrent_claim(id: str, setting: Setting, text: str) -> Claim:
    """Parameters of the recurrent layers in millions, as recorded; torch's module of this size is built and counted."""
    size = setting.settings

    def built(layers: int) -> float:
        module = getattr(nn, size.cell)(size.embedding_size, size.hidden_size, layers, device="meta")
        return sum(parameter.numel() for parameter in module.parameters()) / 1e6

    check = agrees(lambda: built(size.layers), "torch's module of this size", tolerance=1e-9, records=setting.records)
    controls = [
        Control(setting.parameters / 1e6, "embedding and decoder counted"),
        Control(built(size.layers + 1), "a layer too many"),
    ]
    return claim(id, _recurrent(setting) / 1e6, text, check, controls, unit="million", form=".3f")
