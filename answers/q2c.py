"""2c: why repackage_hidden is needed, and how it works."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from answers.bptt.cost import Cost
from answers.bptt.detaching import detaching_claims, kinds_table, zeroing_claims
from answers.bptt.failing import error_claims, trap_claims
from answers.bptt.growing import growth_claims, growth_record, nodes_table, time_claims, time_figure
from answers.regularisation.paired import level_claim
from experiments.language_model.model import repackage_hidden
from writeup.claims import Answer
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    timed, cost = growth_record(records), Cost.read(records)
    return Answer(
        "2c",
        [
            level_claim("2c.level"),
            *error_claims(),
            *growth_claims(),
            *(time_claims(timed) if timed else []),
            *trap_claims(),
            *detaching_claims(),
            *zeroing_claims(cost),
        ],
        tables={"kinds": kinds_table(), "nodes": nodes_table()},
        figures={"time": time_figure(timed)} if timed else {},
        context={"timed": timed is not None, "cells": cost.cells, "source": source_text(repackage_hidden)},
    )


def source_text(function: Callable[..., object]) -> str:
    """The function as it stands in its file, less its (one-line) docstring and remarks at the ends of lines."""
    lines = inspect.getsource(function).splitlines()
    return "\n".join(line.partition("  # ")[0] for line in lines if not line.strip().startswith('"""'))
