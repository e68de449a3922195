"""The language-model study as questions 2d, 2e and 2f read it: runs, settings with their seeds, tuned rates.

Every run of the plan must be there, and every record obeys the laws of its kind (`laws.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import Any

import torch

from experiments.language_model import study as plan_of_study
from experiments.language_model.model import RNNModel
from experiments.language_model.train import Settings
from lab import laws
from lab.uncompiled import uncompiled
from writeup.errors import WriteupError
from writeup.records.consistency import copies
from writeup.records.store import Record, Records

PRESET = "cpu"
CELLS = ("LSTM", "GRU")
VARIATIONS: dict[str, dict[str, Any]] = {
    "baseline": {},
    **{
        f"{name.partition('_')[0]}{value}": change
        for change in plan_of_study.VARIATIONS
        for name, value in change.items()
    },
}


@dataclass(frozen=True)
class Run:
    """A trained model, or the first epochs of its training: `settings` say how many. Losses are in nats a word."""

    settings: Settings
    record: Record

    def first(self, epochs: int) -> Run:
        """The run as a shorter one would have ended, which takes the same steps."""
        return replace(self, settings=replace(self.settings, epochs=epochs))

    @property
    def whole(self) -> bool:
        """Whether these are all epochs that were trained."""
        return bool(self.settings.epochs == self.record.settings["epochs"])

    @property
    def curve(self) -> list[float]:
        """The loss on the validation text after each epoch."""
        losses: list[float] = self.record.curves["valid_loss"][: self.settings.epochs]
        return losses

    @property
    def valid_loss(self) -> float:
        """Of the best epoch's weights, as measured at the end of the run; of a part of a run as its curve has it."""
        return self.record.metrics["valid_loss"] if self.whole else min(self.curve)

    @property
    def test_loss(self) -> float:
        return self.record.metrics["test_loss"]

    @property
    def perplexity(self) -> float:
        """On the validation text; of a whole run as the record gives it beside the loss."""
        return self.record.metrics["valid_perplexity"] if self.whole else math.exp(self.valid_loss)

    @property
    def annealed(self) -> bool:
        """Whether the rate was divided within the epochs."""
        rates = self.record.curves["learning_rate"][: self.settings.epochs]
        return bool(rates[-1] < rates[0])

    @property
    def annealed_by_losses(self) -> bool:
        """The same by the example's rule: an epoch before the last did not bring a new lowest validation loss."""
        losses = self.curve[:-1]
        return any(loss >= min(losses[:epoch]) for epoch, loss in enumerate(losses) if epoch)


@dataclass(frozen=True)
class Study:
    """All runs of the plan that train equally long."""

    base: Settings
    runs: tuple[Run, ...]

    @cached_property
    def rates(self) -> dict[str, float]:
        """The learning rate of each cell's lowest validation loss at the baseline, with the first seed."""
        found: dict[str, float] = {}
        for cell in {run.settings.cell for run in self.runs}:
            tried = {run.settings.learning_rate: run.valid_loss for run in self._grid(cell)}
            found[cell] = min(tried, key=tried.__getitem__)
        return found

    def grid(self, cell: str) -> dict[float, list[Run]]:
        """The cell's runs at the baseline by learning rate, in increasing order."""
        rates = sorted({run.settings.learning_rate for run in self._grid(cell)})
        return {rate: self.seeds(cell=cell, learning_rate=rate) for rate in rates}

    def _grid(self, cell: str) -> list[Run]:
        base = replace(self.base, cell=cell)
        return [run for run in self.runs if run.settings == replace(base, learning_rate=run.settings.learning_rate)]

    def seeds(self, **changes: Any) -> list[Run]:
        """The runs with the example's settings and `changes`, at the cell's tuned rate unless one is given; in either
        precision, for the seeds of a setting may differ in it."""
        wanted = replace(self.base, **changes)
        if "learning_rate" not in changes:
            wanted = replace(wanted, learning_rate=self.rates[wanted.cell])
        seed, precision = wanted.seed, wanted.precision
        return [run for run in self.runs if replace(run.settings, seed=seed, precision=precision) == wanted]

    def losses(self, **changes: Any) -> list[float]:
        return [run.valid_loss for run in self.seeds(**changes)]

    def varied(self) -> dict[tuple[str, str], list[Run]]:
        """The seeds of each variation and each cell."""
        return {(key, cell): self.seeds(cell=cell, **change) for key, change in VARIATIONS.items() for cell in CELLS}

    def repeated(self) -> dict[tuple[str, str], list[float]]:
        """Losses of all settings that were run with several seeds: together they tell how far seeds scatter."""
        losses = {which: [run.valid_loss for run in runs] for which, runs in self.varied().items() if runs}
        tied = self.losses(cell="LSTM", tied=True)
        return losses | ({("tied", "LSTM"): tied} if tied else {})

    def contrast(
        self, weights: Mapping[tuple[str, str], float], more: Mapping[tuple[str, str], list[float]] = {}
    ) -> tuple[list[list[float]], list[float]]:
        """The losses of `repeated` with `more` of them, and the weight of each setting's mean; what is not named only
        lends its scatter."""
        groups = self.repeated()
        groups |= {which: groups.get(which, []) + losses for which, losses in more.items()}
        if missing := [which for which in weights if which not in groups]:
            raise WriteupError(f"language-model study: no runs of {missing[0]}, which a comparison is to weigh")
        return list(groups.values()), [weights.get(which, 0.0) for which in groups]

    @cached_property
    def example(self) -> Run:
        """The LSTM of the example in our own loop: PyTorch's modules, float32, its rate and seed."""
        wanted = Settings(epochs=self.base.epochs)
        if found := [run for run in self.runs if run.settings == wanted]:
            return found[0]
        raise WriteupError(f"language-model study: the example's own run, {wanted.name}, is missing")

    @property
    def records(self) -> list[Record]:
        return [run.record for run in self.runs]


@dataclass(frozen=True)
class Studies:
    """The plan's runs by what they are for: to tune, to compare the cells to the last epoch, to vary one parameter."""

    tuning: Study
    whole: Study
    short: Study  # with the first epochs of the baselines and of the tied model; all with the study's products
    in_both_precisions: list[tuple[Run, Run]]  # as long as those of `short`: with the study's products, with float32
    modules: dict[str, list[Run]]  # by cell: as long as those of `short`, on PyTorch's modules in float32

    @classmethod
    def read(cls, records: Records) -> Studies:
        """Raises `WriteupError` where a planned run is missing, `CheckFailed` where a record breaks a law."""
        finished = {record.name: record for record in records.of_kind(plan_of_study.KIND)}
        if copied := copies(finished.values()):
            raise WriteupError(f"language-model study: {'; '.join(copied)}")
        planned = plan_of_study.plan(PRESET, finished)
        if missing := [settings.name for settings in planned if settings.name not in finished]:
            raise WriteupError(
                f"language-model study: {len(missing)} of {len(planned)} planned runs are missing, the first is "
                f"{missing[0]}; `make experiments` makes them"
            )
        runs = [Run(settings, finished[settings.name]) for settings in planned]
        for run in runs:
            laws.obey(run.settings, run.record)
        laws.obey_together([run.record for run in runs])
        preset = plan_of_study.PRESETS[PRESET]

        def of(epochs: int, *others: Run) -> Study:
            found = [run for run in runs if run.settings.epochs == epochs]
            return Study(replace(preset.base, epochs=epochs), (*found, *others))

        whole = of(preset.base.epochs)
        begun = of(preset.short_epochs, *(run.first(preset.short_epochs) for run in whole.runs))
        usual = preset.base.precision
        ours = [run for run in begun.runs if run.settings.path == preset.base.path]
        short = replace(begun, runs=tuple(run for run in ours if run.settings.precision == usual))
        found = {run.settings: run for run in short.runs}
        precise = [run for run in ours if run.settings.precision != usual]
        in_both = [(found[replace(run.settings, precision=usual)], run) for run in precise]
        others = [run for run in begun.runs if run.settings.path != preset.base.path]
        modules = {cell: [run for run in others if run.settings.cell == cell] for cell in CELLS}
        return cls(of(preset.tuning_epochs), whole, short, in_both, modules)

    @property
    def runs(self) -> list[Run]:
        """Each once, as long as it trained."""
        precise = [run for _, run in self.in_both_precisions]
        early = [*self.short.runs, *precise, *(run for runs in self.modules.values() for run in runs)]
        return [*self.tuning.runs, *self.whole.runs, *(run for run in early if run.whole)]


def perplexity(losses: Sequence[float]) -> float:
    """e to the mean loss: the geometric mean over seeds."""
    return math.exp(fmean(losses))


def count_windows(run: Run) -> int:
    """Training steps of a run: windows of its columns in all of its epochs."""
    rows = run.record.curves["tokens"][0] // run.settings.batch_size
    return -(-rows // run.settings.bptt) * run.settings.epochs


@uncompiled()
def count_parameters(settings: Settings, words: int = laws.VOCABULARY) -> int:
    """Parameters of the run's model, built on no memory and counted; a shared matrix counts once."""
    with torch.device("meta"):
        sizes = (settings.embedding_size, settings.hidden_size, settings.layers, settings.dropout, settings.tied)
        return sum(p.numel() for p in RNNModel(settings.cell, words, *sizes).parameters())


def mistaken_for(runs: list[Run]) -> dict[float, str]:
    """What the mean perplexity of the validation text could be taken for, by the slip."""
    mean, first = perplexity([run.valid_loss for run in runs]), perplexity([runs[0].valid_loss])
    test = {perplexity([run.test_loss for run in runs]): "of the test text, after all epochs"}
    return test if f"{first:.0f}" == f"{mean:.0f}" else {first: "the first seed alone"} | test
