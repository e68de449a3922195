"""Processor times of the study's training steps, compared within each round of the record (`step_time`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.language_model.train import Settings
from experiments.step_time import interleaved
from lab.laws import TRAIN_TOKENS
from lab.study import VARIATIONS
from writeup.records.store import Record, Records

Times = NDArray[np.float64]  # one number a round


@dataclass(frozen=True)
class StepTimes:
    """Seconds of a step by path, cell and variation, one a round."""

    base: Settings
    record: Record

    @classmethod
    def read(cls, records: Records, base: Settings) -> StepTimes:
        return cls(base, records[f"{interleaved.KIND}/{interleaved.StepTimeSettings().name}"])

    def of(self, cell: str, variation: str = "baseline", path: str = "fast") -> Times:
        return np.asarray(self.record.curves["seconds"][self._key(cell, variation, path)])

    def gru_over_lstm(self, path: str) -> Times:
        """The geometric mean over all variations: what slows one of a round's steps weighs a seventh."""
        logs = [np.log(self.of("GRU", key, path) / self.of("LSTM", key, path)) for key in VARIATIONS]
        return np.asarray(np.exp(np.mean(logs, axis=0)))

    def minutes(self, cell: str, variation: str, path: str = "fast") -> Times:
        """Of an epoch on the whole training text, as long a step as in each round."""
        bptt = VARIATIONS[variation].get("bptt", self.base.bptt)
        rows = TRAIN_TOKENS // self.base.batch_size
        return self.of(cell, variation, path) * (math.ceil((rows - 1) / bptt) / 60)

    def _key(self, cell: str, variation: str, path: str) -> str:
        return interleaved.key(replace(self.base, cell=cell, path=path, **VARIATIONS[variation]))
