"""2b: what truncation costs: how far gradients reach, and how far the cut gradient is from the whole one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

import numpy as np
import torch
from scipy import stats

from answers.bptt.graphs import WINDOW
from answers.bptt.two_windows import TwoWindows
from experiments.bptt.truncation import KIND
from experiments.language_model.data import batchify, windows
from writeup.claims import Claim, Control, Evidence, agrees, claim, require
from writeup.figures import Panels, Plot, Reference, Series
from writeup.records.store import Record, Records

LEVEL = 0.95
ROUNDED = 1e-4  # lengths and cosines are recorded to six places
SMALL = 0.01  # of the gradient by the word itself
CELLS = ("LSTM", "GRU")
FAR = 2 * WINDOW


@dataclass(frozen=True)
class Run:
    """One record: a trained model, its gradients by distance and its cut gradients."""

    record: Record

    def __post_init__(self) -> None:
        """Two lengths, the angle between them and the third length must fit, at every bptt and stretch."""
        wholes = self.record.curves["uncut"]
        for bptt, cut in self.record.curves["cut"].items():
            for whole, norm, third, cosine in zip(wholes, cut["norm"], cut["difference"], cut["cosine"], strict=True):
                square = norm**2 + whole**2 - 2 * norm * whole * cosine
                fits = abs(square - third**2) < ROUNDED * whole**2
                require(fits, square, third**2, f"record {self.record.path}: law of cosines at bptt {bptt}")

    @property
    def cell(self) -> str:
        return str(self.record.settings["cell"])

    def falls(self, model: str = "trained") -> list[float]:
        """Norm of the gradient by distance in words, relative to distance 0: geometric mean over the text."""
        segments = self.record.curves["distance"][model]
        return [10 ** (fmean(s[k] for s in segments) - fmean(s[0] for s in segments)) for k in range(len(segments[0]))]

    def errors(self, bptt: int) -> list[float]:
        """Length of the cut gradient's difference from the whole one, as a share of the whole one; by stretch."""
        differences = self.record.curves["cut"][str(bptt)]["difference"]
        return [d / whole for d, whole in zip(differences, self.record.curves["uncut"], strict=True)]

    def errors_by_angle(self, bptt: int) -> list[float]:
        """The same by the law of cosines, from the two gradients' lengths and the angle between them."""
        cut = self.record.curves["cut"][str(bptt)]
        ratios = [norm / whole for norm, whole in zip(cut["norm"], self.record.curves["uncut"], strict=True)]
        return [math.sqrt(r * r + 1 - 2 * r * c) for r, c in zip(ratios, cut["cosine"], strict=True)]


@dataclass(frozen=True)
class Cost:
    """The runs of the experiment, one a cell."""

    runs: dict[str, Run]

    @classmethod
    def read(cls, records: Records) -> Cost:
        found = [Run(r) for r in records.of_kind(KIND) if r.settings["corpus"] == "wikitext-2"]
        return cls({run.cell: run for run in found})

    @property
    def cells(self) -> list[str]:
        return [cell for cell in CELLS if cell in self.runs]

    def claims(self) -> list[Claim]:
        made = [decoder_claim()]
        for cell in self.cells:
            made += [*reach_claims(self.runs[cell]), *error_claims(self.runs[cell])]
        if self.cells:
            made += self._common_claims()
        return made

    def _common_claims(self) -> list[Claim]:
        """How the models were trained, and what holds for all of them."""
        record = self.runs[self.cells[0]].record
        settings = record.settings

        def cut_and_counted() -> int:
            columns = batchify(torch.zeros(settings["train_tokens"], dtype=torch.long), 20)
            return settings["epochs"] * sum(1 for _ in windows(columns, settings["bptt"]))

        def always(candidate: str) -> Evidence:
            signs = set()
            for run in self.runs.values():
                errors = [run.errors_by_angle(bptt) for bptt in sorted(map(int, run.record.curves["cut"]))]
                signs |= {bool(a > b) for a, b in zip(errors[0], errors[-1], strict=True)}
                signs |= {fmean(a) > fmean(b) for a, b in pairwise(errors)}
            found = {frozenset({True}): "falls", frozenset({False}): "grows"}.get(frozenset(signs), "does both")
            require(candidate == found, found, candidate, "mean error from one bptt to the next")
            return Evidence("law of cosines, from each bptt to the next, and every stretch from first to last", found)

        rows = settings["train_tokens"] // 20
        return [
            claim(
                "2b.steps",
                settings["epochs"] * math.ceil((rows - 1) / settings["bptt"]),
                "training steps of each of these models",
                agrees(cut_and_counted, "windows of a text of that length, cut and counted"),
                [Control(settings["epochs"] * rows, "one a row"), Control(rows // settings["bptt"], "one epoch")],
                form=",d",
            ),
            claim(
                "2b.stretch",
                settings["stretch"],
                "words through which the uncut gradient flows",
                agrees(partial(_whole_windows, record), "the longest bptt at which something is cut, twice"),
                [Control(settings["bptt"], "the training window")],
            ),
            claim(
                "2b.error_trend",
                "falls",
                "what the error does as bptt grows",
                always,
                [Control("grows", "the other sign"), Control("does both", "no clear trend")],
            ),
        ]

    def figure(self) -> Panels:
        runs = {cell: self.runs[cell] for cell in self.cells}
        distance = [
            Series(f"{cell}, {model}", range(len(run.falls(model))), run.falls(model), style="line")
            for cell, run in runs.items()
            for model in ("trained", "initial")
        ]
        cut = []
        for cell, run in runs.items():
            at = sorted(map(int, run.record.curves["cut"]))
            mean = [fmean(run.errors(bptt)) for bptt in at]
            half = [_half_width(run.errors(bptt)) for bptt in at]
            lower, upper = ([m + sign * h for m, h in zip(mean, half, strict=True)] for sign in (-1, 1))
            cut.append(Series(f"{cell}, trained", at, mean, lower, upper, style="both"))
        border = Reference(WINDOW, "bptt", axis="x")
        return Panels(
            (
                Plot(
                    distance,
                    "distance in words",
                    "gradient norm (distance 0: 1)",
                    y_scale="log",
                    references=(border,),
                    width=7.4,
                    height=5.6,
                ),
                Plot(
                    cut,
                    "bptt in words",
                    "relative gradient error",
                    x_scale="log",
                    references=(border,),
                    legend="none",
                    width=7.4,
                    height=5.6,
                ),
            )
        )


def _half_width(values: list[float]) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


def _whole_windows(record: Record) -> int:
    return 2 * max(int(bptt) for bptt in record.curves["cut"])


def reach_claims(run: Run) -> list[Claim]:
    """How much of the gradient is left `WINDOW` and 2 `WINDOW` words back, and where it drops below one per cent."""
    cell, falls = run.cell, run.falls()
    logs = np.array(run.record.curves["distance"]["trained"]) * math.log(10)

    def ratio(distance: int) -> float:
        return float(stats.gmean(np.exp(logs[:, distance] - logs[:, 0])))

    def last_above() -> int:
        return next(k for k in range(logs.shape[1] - 1, -1, -1) if ratio(k) >= SMALL) + 1

    first_below = next(k for k, value in enumerate(falls) if value < SMALL)
    route = "geometric mean of each segment's own ratio"
    made: list[Claim] = []
    for distance in (WINDOW, FAR):
        weaker = 1 / falls[distance]
        controls = [
            Control(1 / run.falls("initial")[distance], "before training"),
            Control(1 / falls[distance // 2], "half the distance"),
            Control(float(np.mean(np.exp(logs[:, 0])) / np.mean(np.exp(logs[:, distance]))), "arithmetic means"),
        ]
        made.append(
            claim(
                f"2b.weaker_{distance}_{cell}",
                weaker,
                f"how many times weaker the gradient is {distance} words back than at the last word, trained {cell}",
                agrees(partial(_inverse, ratio, distance), route, tolerance=1e-6 * weaker, records=[run.record.path]),
                _distinct(weaker, ",.0f", controls),
                form=",.0f",
            )
        )
    made.append(
        claim(
            f"2b.small_{cell}",
            first_below,
            f"distance in words from which it is below one per cent, {cell}",
            agrees(last_above, "from the far end, by each segment's own ratio", records=[run.record.path]),
            [Control(first_below - 1, "the last one above"), Control(WINDOW, "the window itself")],
        )
    )
    return made


def _inverse(ratio: Callable[[int], float], distance: int) -> float:
    return 1 / ratio(distance)


def error_claims(run: Run) -> list[Claim]:
    """Relative error of the gradient cut at the example's window and at one word, with an interval."""
    cell, path = run.cell, [run.record.path]
    route = "law of cosines from both lengths and the angle between them, stretch by stretch"
    at_window, at_one = fmean(run.errors(WINDOW)), fmean(run.errors(1))
    other = fmean(run.errors(FAR))
    half = _half_width(run.errors(WINDOW))

    def interval() -> tuple[float, float]:
        errors = run.errors_by_angle(WINDOW)
        low, high = stats.t.interval(LEVEL, len(errors) - 1, loc=fmean(errors), scale=stats.sem(errors))
        return float(low), float(high)

    return [
        claim(
            f"2b.error_{cell}",
            at_window,
            f"relative error of the recurrent weights' gradient cut after {WINDOW} words, {cell}",
            agrees(lambda: fmean(run.errors_by_angle(WINDOW)), route, tolerance=5e-4, records=path),
            [Control(at_one, "cut after every word"), Control(other, "cut after twice as many")],
            form=".1%",
        ),
        claim(
            f"2b.error_interval_{cell}",
            (at_window - half, at_window + half),
            f"its {LEVEL:.0%} interval over stretches of text",
            agrees(interval, "scipy's t interval of the errors by the law of cosines", tolerance=5e-4, records=path),
            [
                Control((at_window - half * 1.5, at_window + half * 1.5), "a wider level"),
                Control((at_one - half, at_one + half), "cut after every word"),
            ],
            form=".1%",
        ),
        claim(
            f"2b.error_one_{cell}",
            at_one,
            f"the same, cut after every word, {cell}",
            agrees(lambda: fmean(run.errors_by_angle(1)), route, tolerance=5e-4, records=path),
            [Control(at_window, "cut at the example's window")],
            form=".1%",
        ),
    ]


def _distinct(value: float, form: str, controls: list[Control]) -> list[Control]:
    """Those controls that print differently from the value."""
    return [control for control in controls if format(control.value, form) != format(value, form)]


def decoder_claim() -> Claim:
    """Cutting the history leaves the decoder's gradient as it is, since that depends on values alone."""
    pair = TwoWindows.make(WINDOW)

    def differing() -> dict[str, int]:
        cut, whole = pair.gradients(True), pair.gradients(False)
        names = [name.partition(".")[0] for name, _ in pair.model.named_parameters()]
        counts: dict[str, int] = dict.fromkeys(names, 0)
        for name, a, b in zip(names, cut, whole, strict=True):
            counts[name] += int((a != b).sum())
        return counts

    def by_values(candidate: int) -> Evidence:
        """The decoder's gradient is (softmax - one-hot) times its inputs: computed from values, without any graph."""
        with torch.no_grad():
            features = pair.model.rnn(pair.model.encoder(pair.inputs))[0]  # (2 * length, columns, hidden)
            error = pair.model.decoder(features).softmax(-1)
            error -= torch.nn.functional.one_hot(pair.targets, error.shape[-1])
            expected = error.flatten(0, 1).t() @ features.flatten(0, 1)
        cut = dict(zip([n for n, _ in pair.model.named_parameters()], pair.gradients(True), strict=True))
        wrong = int(((cut["decoder.weight"] - expected).abs() > 1e-12).sum())
        require(
            candidate == wrong, wrong, candidate, "entries of the cut decoder gradient that differ from the formula"
        )
        return Evidence("the decoder's gradient from values alone", wrong, 1e-12)

    found: dict[str, Any] = differing()
    return claim(
        "2b.decoder_changed",
        found["decoder"],
        "entries of the decoder's gradient that truncation changes",
        by_values,
        [Control(found["rnn"], "as many as of the recurrent weights"), Control(1, "a single entry")],
    )
