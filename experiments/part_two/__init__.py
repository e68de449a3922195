"""What the notebook of Part 2 trains, and how its results vary from seed to seed."""

from writeup.records.store import Record

MODULES = ("experiments.part_two.echo_trials", "experiments.part_two.language_model_trials")


def rerun_reason(record: Record) -> str:  # noqa: ARG001  # it holds for each of them
    """Every record of this package can be replayed."""
    return ""
