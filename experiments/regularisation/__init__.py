"""Dropout, mini-batches and batch normalisation on scikit-learn's digits: a real image set that needs no download."""

from writeup.records.store import Record

MODULES = (
    "experiments.regularisation.overfitting",
    "experiments.regularisation.stopping",
    "experiments.regularisation.gradient_noise",
    "experiments.regularisation.batch_size",
    "experiments.regularisation.throughput",
    "experiments.regularisation.learning_rates",
    "experiments.regularisation.small_batches",
)


def rerun_reason(record: Record) -> str:
    """Timings cannot be replayed; the other records can."""
    return "it measures times, which no probe repeats" if record.kind == "throughput" else ""
