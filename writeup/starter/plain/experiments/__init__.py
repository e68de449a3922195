"""What runs for longer than a check should: each module listed here leaves its records in experiments/results."""

from writeup.records.store import Record

MODULES = ("experiments.circle",)


def rerun_reason(_record: Record) -> str:
    """Why a record must be run anew once its code has changed; empty, since a probe can vouch for these."""
    return ""
