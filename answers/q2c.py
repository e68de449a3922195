"""2c: why repackage_hidden is needed, and how it works."""

from __future__ import annotations

from answers.bptt.cost import Cost
from answers.bptt.detaching import detaching_claims, kinds_table, zeroing_claims
from answers.bptt.failing import error_claims, trap_claims
from answers.bptt.growing import growth_claims, growth_record, nodes_table, time_claims, time_figure
from answers.regularisation.paired import level_claim
from writeup.claims import Answer
from writeup.records import Records


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
        context={"timed": timed is not None, "cells": cost.cells},
    )
