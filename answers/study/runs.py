"""The language-model records as questions 2d, 2e and 2f read them: runs, settings with their seeds, and the plan.

Whatever part of the plan is finished can be read; a setting without a run is None. Nothing here is specific to a
preset: where the full study is as far as the reduced one, it is the one that is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import Any

from answers.study.intervals import Spread, pooled_spread
from answers.study.laws import CURVE_TOLERANCE, obey, obey_together
from experiments.language_model import reduced as plan_of_study
from experiments.language_model.train import Settings
from writeup.errors import WriteupError
from writeup.records.consistency import copies
from writeup.records.store import Record, Records

__all__ = ["CELLS", "CURVE_TOLERANCE", "Run", "Setting", "Study"]

CELLS = ("LSTM", "GRU")


@dataclass(frozen=True)
class Run:
    """One trained model. Losses are means in nats a word."""

    settings: Settings
    record: Record

    def __post_init__(self) -> None:
        """Numbers of one record that must fit together do; an edited one does not pass for a measured one."""
        obey(self.settings, self.record)

    @property
    def valid_loss(self) -> float:
        """Of the best epoch's weights on the whole validation text."""
        return self.record.metrics["valid_loss"]

    @property
    def test_loss(self) -> float:
        """Of the same weights on the whole test text."""
        return self.record.metrics["test_loss"]

    @property
    def annealing_curve(self) -> list[float]:
        """After each epoch, on that part of the validation text which decides on annealing and on the best epoch."""
        return list(self.record.curves["valid_loss"])

    @property
    def diverged(self) -> bool:
        return bool(self.record.metrics["diverged"])

    @property
    def words(self) -> int:
        """Of the vocabulary, each of which has a row of the embedding."""
        return int(self.record.metrics["encoder_parameters"]) // self.settings.embedding_size

    @property
    def blown_up(self) -> bool:
        """Some epoch ended with a loss above that of guessing every word alike."""
        return max(self.annealing_curve, default=math.inf) > math.log(self.words)


@dataclass(frozen=True)
class Setting:
    """All runs that differ in nothing but their seed."""

    runs: tuple[Run, ...]

    @property
    def settings(self) -> Settings:
        """What the runs share; the seed is that of the first."""
        return self.runs[0].settings

    @property
    def losses(self) -> list[float]:
        return [run.valid_loss for run in self.runs]

    @property
    def perplexity(self) -> float:
        """exp of the mean loss: the geometric mean over the seeds."""
        return math.exp(fmean(self.losses))

    @property
    def parameters(self) -> int:
        return int(self.runs[0].record.metrics["parameters"])

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(run.record.path for run in self.runs)


@dataclass(frozen=True)
class Study:
    """The runs of one preset that are finished, among those that its plan wants."""

    preset: str
    planned: tuple[Settings, ...]
    runs: tuple[Run, ...]

    @classmethod
    def read(cls, records: Records) -> Study:
        """The preset of which the larger part is finished; raises WriteupError where no cell can be compared."""
        found = records.of_kind(plan_of_study.KIND)
        if copied := copies(found):
            raise WriteupError(f"language-model study: {'; '.join(copied)}")
        finished = {record.name: record for record in found}
        studies = []
        for preset in ("full", "cpu"):
            planned = tuple(plan_of_study.plan(preset, finished))
            runs = tuple(Run(s, finished[s.name]) for s in planned if s.name in finished)
            studies.append(cls(preset, planned, runs))
            obey_together([run.record for run in runs])
        study = max(studies, key=lambda study: len(study.runs) / len(study.planned))  # the first of equals
        if missing := [cell for cell in CELLS if cell not in study.rates]:
            raise WriteupError(
                f"language-model study: no finished run of {' and '.join(missing)} at the example's sizes; "
                "`make experiments` makes them"
            )
        return study

    @property
    def base(self) -> Settings:
        """The example's settings as this preset trains them; its cell and its learning rate are the example's."""
        return plan_of_study.PRESETS[self.preset]

    @property
    def reduced(self) -> bool:
        """Trained on a part of the training text only."""
        return self.base.train_tokens is not None

    def setting(self, **changes: Any) -> Setting | None:
        """The runs with the example's settings and `changes`, at the cell's tuned rate unless one is given."""
        wanted = replace(self.base, **changes)
        if "learning_rate" not in changes and wanted.cell in self.rates:
            wanted = replace(wanted, learning_rate=self.rates[wanted.cell])
        runs = tuple(run for run in self.runs if replace(run.settings, seed=wanted.seed) == wanted)
        return Setting(runs) if runs else None

    def grid(self, cell: str) -> dict[float, Setting]:
        """The cell's runs at the example's sizes by learning rate, in increasing order."""
        rates = sorted({run.settings.learning_rate for run in self.runs if run.settings.cell == cell})
        found = {rate: self.setting(cell=cell, learning_rate=rate) for rate in rates}
        return {rate: setting for rate, setting in found.items() if setting}

    @cached_property
    def rates(self) -> dict[str, float]:
        """The learning rate of each cell's lowest validation loss at the example's sizes, with the example's seed."""
        rates: dict[str, float] = {}
        for cell in {run.settings.cell for run in self.runs}:
            tried = {
                run.settings.learning_rate: run.valid_loss
                for run in self.runs
                if run.settings == replace(self.base, cell=cell, learning_rate=run.settings.learning_rate)
            }
            if tried:
                rates[cell] = min(tried, key=tried.__getitem__)
        return rates

    @cached_property
    def repeated(self) -> list[Setting]:
        """The untied settings of LSTM and GRU that were run with several seeds."""
        found: dict[Settings, list[Run]] = {}
        for run in self.runs:
            if run.settings.cell in CELLS and not run.settings.tied:
                found.setdefault(replace(run.settings, seed=0), []).append(run)
        return [Setting(tuple(runs)) for runs in found.values() if len(runs) > 1]

    @cached_property
    def spread(self) -> Spread | None:
        """The deviation over seeds, pooled over `repeated`; None while there is none."""
        return pooled_spread([setting.losses for setting in self.repeated])

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(run.record.path for run in self.runs)
