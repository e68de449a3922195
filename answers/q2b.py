"""2b: where and how back-propagation through time takes place."""

from __future__ import annotations

from answers.bptt.borders import border_claims
from answers.bptt.cost import Cost
from answers.bptt.graphs import graph_claims, graphs_table
from answers.bptt.place import path_table, place_claims
from answers.bptt.recursion import omitted_table, recursion_claims
from answers.regularisation.paired import level_claim
from writeup.claims import Answer
from writeup.records.store import Records


def answer(records: Records) -> Answer:
    cost = Cost.read(records)
    return Answer(
        "2b",
        [
            level_claim("2b.level"),
            *place_claims(),
            *graph_claims(),
            *recursion_claims(),
            *border_claims(),
            *cost.claims(),
        ],
        tables={"path": path_table(), "omitted": omitted_table(), "graphs": graphs_table()},
        figures={"cost": cost.figure()} if cost.cells else {},
        context={"cells": cost.cells},
    )
