"""What runs beforehand: each module listed here leaves its records in experiments/results."""

from writeup.records.store import Record

MODULES = ("experiments.digits",)


def rerun_reason(_record: Record) -> str:
    """Why a record must be run anew once its code has changed; empty, since a probe can vouch for these."""
    return ""
