"""Runs the check of every claim on its value, on its controls, and on its neighbours in the last printed digit."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from writeup.claims import Claim, Evidence
from writeup.errors import CheckFailed
from writeup.estimators import Estimate
from writeup.text.written import Written
from writeup.trust.forking import Died, run_forked
from writeup.trust.ledger import ClaimRow, ControlRow, plain
from writeup.trust.problem import Problem, last_lines
from writeup.trust.tampering import Watch


def verify_claims(
    claims: Sequence[Claim], question: str, written: Written, problems: list[Problem], watch: Watch, parts: int
) -> list[ClaimRow]:
    """In `parts` copies of this process. What one of them reads or exchanges counts, and its end is the question's."""
    if parts == 1:
        return [_verify_claim(made, question, written, problems) for made in claims]
    tasks = [(k, partial(_verify_part, claims[k::parts], question, written, watch)) for k in range(parts)]
    rows: dict[str, ClaimRow] = {}
    for _, found in run_forked(parts, tasks):
        if isinstance(found, Died):
            os._exit(1)
        some, new, files = found
        rows |= {row.id: row for row in some}
        problems += new
        watch.files.update(files)
    return [rows[made.id] for made in claims]


def _verify_part(
    claims: Sequence[Claim], question: str, written: Written, watch: Watch
) -> tuple[list[ClaimRow], list[Problem], set[Path]]:
    problems: list[Problem] = []
    rows = [_verify_claim(made, question, written, problems) for made in claims]
    problems += [Problem(question, exchanged(what), unverified=False) for what in watch.touched()]
    return rows, problems, watch.files


def exchanged(what: str) -> str:
    return f"exchanged {what}, which verifies it"


def _verify_claim(made: Claim, question: str, written: Written, problems: list[Problem]) -> ClaimRow:
    start = time.perf_counter()
    evidence = Evidence("not established")
    try:
        found = made.check(made.value)
        if not isinstance(found, Evidence):
            raise CheckFailed("Evidence", found, "the check returned no evidence")
        evidence = found
    except CheckFailed as error:
        problems.append(Problem(made.id, f"the claim does not hold: {error}"))
    except Exception:
        problems.append(Problem(made.id, f"the check broke on the claimed value {made.value!r}: {last_lines()}"))
    controls = []
    for control in made.controls:
        rejected = False
        try:
            made.check(control.value)
            problems.append(
                Problem(
                    made.id,
                    f"a control survives: expected {control.value!r} ({control.why}) to be rejected, got accepted; "
                    "sharpen the check",
                )
            )
        except CheckFailed:
            rejected = True
        except Exception:
            problems.append(Problem(made.id, f"the check broke on the control {control.value!r}: {last_lines()}"))
        controls.append(
            ControlRow(
                value=plain(control.value), printed=made.printed(control.value), why=control.why, rejected=rejected
            )
        )
    controls += _last_digit(made, problems) if evidence.route != "not established" else []
    if not controls and evidence.route != "not established":
        problems.append(Problem(made.id, "no wrong value was tried; give one that its check rejects"))
    return ClaimRow(
        id=made.id,
        question=question,
        text=written.sentence(made.id),
        value=made.value.value if isinstance(made.value, Estimate) else made.value,
        shown=made.printed(),
        shown_ends=made.printed_ends(),
        source=made.source,
        unit=made.unit,
        form=made.form,
        code=made.code,
        check=evidence.route,
        controls=controls,
        evidence={
            "computed": plain(evidence.computed),
            "tolerance": evidence.tolerance,
            "seed": evidence.seed,
            "records": list(evidence.records),
            "seconds": round(time.perf_counter() - start, 4),
        },
    )


def _last_digit(made: Claim, problems: list[Problem]) -> list[ControlRow]:
    """The value's neighbours in its last printed digit as controls: what the check cannot tell apart is not printed."""
    rows = []
    for neighbour in made.neighbours():
        try:
            made.check(neighbour)
        except Exception:  # a route that breaks on a value does not accept it
            shown = plain(neighbour)
            rows.append(ControlRow(value=shown, printed=made.printed(neighbour), why="the last digit", rejected=True))
            continue
        problems.append(
            Problem(
                made.id,
                f"prints more digits than its check can tell apart: {made.printed()}, but {plain(neighbour)} passes as "
                "well; print fewer digits or sharpen the check",
            )
        )
        break
    return rows
