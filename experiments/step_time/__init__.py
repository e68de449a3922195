"""Training time of LSTM and GRU for question 2e, measured apart from the training runs."""

from writeup.records.store import Record

MODULES = ("experiments.step_time.interleaved",)


def rerun_reason(record: Record) -> str:  # noqa: ARG001 (all records of this package are alike)
    """Timings cannot be replayed."""
    return "it measures times, which no probe repeats"
