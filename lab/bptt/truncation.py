"""What the records of kind `bptt` say: how far gradients reach, and how wrong cutting them makes the gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from experiments.bptt import truncation
from writeup.errors import WriteupError
from writeup.estimators import student
from writeup.figures import Plot, Reference, Series
from writeup.records.store import Record, Records

LOWEST = 1e-7  # of what is drawn
ROUNDED = 1e-4  # lengths and cosines are recorded to six places


@dataclass(frozen=True)
class Run:
    """One trained model: its gradients by distance, its cut gradients, its losses."""

    record: Record

    def __post_init__(self) -> None:
        """Two lengths, the angle between them and the third length must fit, at every bptt and stretch."""
        for bptt in map(int, self.record.curves["cut"]):
            for straight, angle in zip(self.errors(bptt), self.errors_by_angle(bptt), strict=True):
                if abs(straight**2 - angle**2) > ROUNDED:
                    raise WriteupError(
                        f"record {self.record.path}, bptt {bptt}: error {straight:g} by length, {angle:g} by angle"
                    )

    def falls(self, model: str = "trained") -> list[float]:
        """Norm of the gradient by distance in words, relative to distance 0: geometric mean over the text."""
        logs = np.asarray(self.record.curves["distance"][model]).mean(0)  # (distances,)
        return (10 ** (logs - logs[0])).tolist()

    @property
    def cuts(self) -> list[int]:
        return sorted(map(int, self.record.curves["cut"]))

    def errors(self, bptt: int) -> list[float]:
        """Length of the cut gradient's difference from the whole one, as a share of the whole one; by stretch."""
        differences = self.record.curves["cut"][str(bptt)]["difference"]
        return [d / whole for d, whole in zip(differences, self.record.curves["uncut"], strict=True)]

    def errors_by_angle(self, bptt: int) -> list[float]:
        """The same by the law of cosines, from the two gradients' lengths and the angle between them."""
        cut = self.record.curves["cut"][str(bptt)]
        ratios = [norm / whole for norm, whole in zip(cut["norm"], self.record.curves["uncut"], strict=True)]
        return [math.sqrt(max(0.0, r * r + 1 - 2 * r * c)) for r, c in zip(ratios, cut["cosine"], strict=True)]

    def perplexities(self, state: str) -> list[float]:
        """By column of the validation text; `state` is "carried" from window to window or "zeroed"."""
        return [math.exp(loss) for loss in self.record.curves["loss"][state]["by_column"]]


def runs(records: Records) -> dict[str, Run]:
    """The trained models by cell, LSTM first."""
    return {s.cell: Run(records[f"{truncation.KIND}/{s.name}"]) for s in truncation.FULL}


def plots(trained: dict[str, Run]) -> list[Plot]:
    """Gradient against distance, and the error of the cut gradient against bptt."""
    distance, errors = [], []
    for cell, run in trained.items():
        colour = cell.lower()
        for model, label, look in (("trained", cell, colour), ("initial", "", "grey")):
            shown = [fall for fall in run.falls(model) if fall >= LOWEST]
            distance.append(Series(label, range(len(shown)), shown, colour=look))
        made = [student(run.errors(bptt)) for bptt in run.cuts]
        ends = [e.low for e in made], [e.high for e in made]
        errors.append(Series(cell, run.cuts, [e.value for e in made], *ends, "both", colour=colour))
    window = Reference(truncation.Settings().bptt, "window", axis="x")
    left = Plot(
        distance,
        "distance in words",
        "gradient, relative",
        y_scale="log",
        references=(window,),
        height=5.0,
    )
    right = Plot(
        errors,
        "cut after so many words",
        "relative error of the gradient",
        x_scale="log",
        references=(window,),
        height=5.0,
    )
    return [left, right]
