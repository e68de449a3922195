"""One value of a record, trained again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from writeup.claims import Rerun
from writeup.trust.forking import Died, run_forked
from writeup.trust.ledger import RerunRow
from writeup.trust.problem import Problem, last_lines
from writeup.trust.tampering import opened


def rerun_all(reruns: Sequence[Rerun], problems: list[Problem], copies: set[Path] | None) -> list[RerunRow]:
    """Those of a record stay together, since what is trained for one may serve the next."""
    if copies is None:
        return [train_again(asked, problems) for asked in reruns]
    of_record = {asked.record: [one for one in reruns if one.record == asked.record] for asked in reruns}
    tasks = {record: partial(_train_together, listed) for record, listed in of_record.items()}
    rows: dict[str, list[RerunRow]] = {record: [] for record in of_record}
    for record, found in run_forked(len(tasks), tasks.items()):
        if isinstance(found, Died):
            problems.append(Problem(f"record {record}", "the process that trained it again was killed or ended itself"))
        else:
            rows[record], new, files = found
            problems += new
            copies |= files
    return [row for record in of_record for row in rows[record]]


def _train_together(reruns: Sequence[Rerun]) -> tuple[list[RerunRow], list[Problem], set[Path]]:
    problems: list[Problem] = []
    with opened() as files:
        return [train_again(asked, problems) for asked in reruns], problems, files


def train_again(asked: Rerun, problems: list[Problem]) -> RerunRow:
    """Train once more; what differs from the record by more than it may is a problem."""
    row = RerunRow(
        record=asked.record,
        what=f"{asked.what}, value {asked.drawn}",
        recorded=asked.values[asked.drawn],
        found=math.nan,
        within=asked.within,
    )
    try:
        row.found = float(asked.train(asked.drawn))
    except Exception:
        problems.append(Problem(f"record {asked.record}", f"{row.what} could not be trained again: {last_lines()}"))
    else:
        if not abs(row.found - row.recorded) <= row.within:
            what = f"{row.what}: trained again here it is {row.found}, the record has {row.recorded}"
            problems.append(Problem(f"record {asked.record}", f"{what} (allowed: {row.within})"))
    return row
