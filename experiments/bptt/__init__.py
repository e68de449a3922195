"""What truncating back-propagation through time costs, and what not truncating it costs.

gradients.py    gradients of a trained model: by distance in words, and cut after every `bptt` words
truncation.py   trains a model as the study does and measures both, and what the carried state is worth
growth.py       seconds and memory of training steps with and without `repackage_hidden`
"""

from writeup.records.store import Record

MODULES = ("experiments.bptt.truncation", "experiments.bptt.growth")


def rerun_reason(record: Record) -> str:
    """Timings cannot be replayed; the other records can."""
    return "it measures times, which no probe repeats" if record.kind == "bptt_growth" else ""
