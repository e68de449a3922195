"""2c: what `retain_graph=True` instead of `repackage_hidden` costs: nodes, memory, time."""

from __future__ import annotations

from functools import cache, partial
from itertools import pairwise
from statistics import fmean

import torch
from scipy import stats

from answers.bptt.graphs import SEED
from answers.bptt.steps import Batch, train
from experiments.bptt.growth import KIND
from experiments.language_model.data import Corpus
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Ref, Table, agrees, claim, require
from writeup.figures import Plot, Series
from writeup.records.store import Record, Records

EXAMPLE = Settings()
SHOWN = (1, 2, 3, 4)  # batches in the table
SHOWN_CELLS = ("LSTM", "GRU")


@cache
def course(cell: str, repackaged: bool) -> list[Batch]:
    """The first batches of a small model, measured."""
    return list(train(max(SHOWN), repackaged=repackaged, retain=not repackaged, cell=cell, measured=True))


@cache
def first_at_full_size() -> list[Batch]:
    """Three retained batches with as many columns and units as the example has."""
    return list(train(3, retain=True, size=EXAMPLE.hidden_size, columns=EXAMPLE.batch_size, weighed=True))


def growth_claims() -> list[Claim]:
    claims = []
    for cell in SHOWN_CELLS:
        kept, cut = course(cell, False), course(cell, True)
        increments = {b.nodes - a.nodes for a, b in pairwise(kept)}
        require(len(increments) == 1, "one increment", increments, f"nodes that each batch adds, {cell}")
        more = increments.pop()
        claims.append(
            claim(
                f"2c.more_{cell}",
                more,
                f"nodes that each batch adds to the graph, {cell}",
                agrees(partial(_growth_run, cell), "nodes that the engine ran, last batch less first", tolerance=0.0),
                [Control(kept[0].nodes, "all of a batch's nodes, decoder and loss included"), Control(0, "no growth")],
                form=",d",
            )
        )
        for kind, batches in (("kept", kept), ("cut", cut)):
            for number in SHOWN:
                other = (cut if kind == "kept" else kept)[number - 1].nodes
                wrong = [Control(other, "the other way"), Control(kept[0].nodes * number + 1, "proportional")]
                claims.append(
                    claim(
                        f"2c.nodes_{kind}_{cell}_{number}",
                        batches[number - 1].nodes,
                        f"nodes behind the loss of batch {number}, {cell}, history {kind}",
                        agrees(
                            partial(_ran, cell, kind == "cut", number),
                            "nodes that the engine reports to a profiler while it runs",
                        ),
                        [w for w in wrong if w.value != batches[number - 1].nodes],
                        form=",d",
                    )
                )
    return [*claims, memory_claim()]


def _ran(cell: str, repackaged: bool, number: int) -> int:
    return course(cell, repackaged)[number - 1].ran


def _growth_run(cell: str) -> float:
    batches = course(cell, False)
    return (batches[-1].ran - batches[0].ran) / (len(batches) - 1)


def memory_claim() -> Claim:
    first, second, third = first_at_full_size()
    return claim(
        "2c.megabytes",
        (third.bytes_walked - second.bytes_walked) / 1e6,
        "megabytes that each batch leaves in memory at the example's sizes",
        agrees(
            lambda: (third.bytes_boxed - second.bytes_boxed) / 1e6,
            "tensors handed to autograd's saving hooks that are still alive",
            tolerance=0.05,
            seed=SEED,
        ),
        [Control(first.bytes_walked / 1e6, "weights counted again"), Control(0.0, "nothing is left")],
        unit="MB",
        form=".1f",
    )


def time_claims(record: Record) -> list[Claim]:
    """Milliseconds of processor time, fitted to the record's raw times."""
    retained, repackaged = (record.curves[kind]["seconds"] for kind in ("retained", "repackaged"))
    slopes = [1000 * stats.linregress(range(len(course)), course).slope for course in retained]
    flat = [1000 * stats.linregress(range(len(course)), course).slope for course in repackaged[1:]]
    base = 1000 * fmean(fmean(course) for course in repackaged)
    half = float(stats.t.ppf(0.975, len(slopes) - 1)) * float(stats.sem(slopes))
    by_medians = "Theil and Sen's median of slopes, repeat by repeat"

    def theil_sen(courses: list[list[float]]) -> float:
        return 1000 * fmean(float(stats.theilslopes(course).slope) for course in courses)

    def interval() -> tuple[float, float]:
        found = [1000 * float(stats.theilslopes(course).slope) for course in retained]
        low, high = stats.t.interval(0.95, len(found) - 1, loc=fmean(found), scale=stats.sem(found))
        return float(low), float(high)

    path = [record.path]
    last = 1000 * fmean(course[-1] for course in retained)
    return [
        claim(
            "2c.slope",
            float(fmean(slopes)),
            "milliseconds by which each batch takes longer than the one before, history kept",
            agrees(lambda: theil_sen(retained), by_medians, tolerance=0.5, records=path),
            [Control(base, "the time of a batch"), Control(0.0, "no growth")],
            unit="ms",
            form=".1f",
        ),
        claim(
            "2c.slope_interval",
            (float(fmean(slopes)) - half, float(fmean(slopes)) + half),
            "its 95 % interval over the repeats",
            agrees(interval, "t interval of Theil and Sen's slopes", tolerance=0.3, records=path),
            [Control((0.0, 2 * half), "around zero"), Control((-half, half), "the deviation alone")],
            form=".1f",
        ),
        claim(
            "2c.flat",
            float(fmean(flat)),
            "the same with repackage_hidden",
            agrees(lambda: theil_sen(repackaged[1:]), by_medians, tolerance=0.1, records=path),
            [Control(float(fmean(slopes)), "history kept")],
            unit="ms",
            form=".2f",
        ),
        claim(
            "2c.base",
            base,
            "milliseconds of a batch with repackage_hidden",
            agrees(
                lambda: 1000 * float(torch.tensor(repackaged).median()), "median of all", tolerance=4.0, records=path
            ),
            [Control(last, "the last batch, history kept")],
            unit="ms",
            form=".0f",
        ),
        claim(
            "2c.times",
            last / base,
            f"how many times as long batch {len(retained[0])} takes without it",
            agrees(partial(_ratio_by_fit, retained, repackaged), "ratio of fitted lines", tolerance=1.5, records=path),
            [Control(float(len(retained[0])), "proportional to the batch's number"), Control(1.0, "no growth")],
            form=".0f",
        ),
        claim(
            "2c.batches",
            len(retained[0]),
            "batches measured",
            agrees(lambda: int(record.settings["batches"]), "the record's settings", records=path),
            [Control(len(retained), "repeats")],
        ),
        claim(
            "2c.vocabulary",
            len(Corpus.generated().vocabulary),
            "words in the vocabulary of that measurement",
            agrees(lambda: int(Corpus.generated().train.max()) + 1, "largest id in its texts, plus one"),
            [Control(EXAMPLE.batch_size, "columns")],
        ),
    ]


def _ratio_by_fit(retained: list[list[float]], repackaged: list[list[float]]) -> float:
    lines = [stats.theilslopes(course) for course in retained]
    last = fmean(line.intercept + line.slope * (len(retained[0]) - 1) for line in lines)
    return last / float(torch.tensor(repackaged).median())


def growth_record(records: Records) -> Record | None:
    """The measurement at the example's sizes, if it was made."""
    found = [r for r in records.of_kind(KIND) if r.settings["hidden_size"] == EXAMPLE.hidden_size]
    return found[-1] if found else None


def nodes_table() -> Table:
    rows: list[list[str | Ref]] = [
        [f"{cell}, {words}", *(Ref(f".nodes_{kind}_{cell}_{number}") for number in SHOWN)]
        for cell in SHOWN_CELLS
        for kind, words in (("kept", "`retain_graph=True`"), ("cut", "`repackage_hidden`"))
    ]
    return Table(["Nodes behind the loss of batch", *map(str, SHOWN)], rows, "l" + "r" * len(SHOWN))


def time_figure(record: Record) -> Plot:
    def mean(kind: str) -> list[float]:
        return [1000 * fmean(times) for times in zip(*record.curves[kind]["seconds"], strict=True)]

    batches = range(1, int(record.settings["batches"]) + 1)
    return Plot(
        [
            Series("retain_graph=True", batches, mean("retained"), style="both"),
            Series("repackage_hidden", batches, mean("repackaged"), style="both"),
        ],
        "batch",
        "milliseconds a batch",
        height=4.6,
    )
