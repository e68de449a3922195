"""2a: the block diagram of the example, with the share of time that each block takes."""

from __future__ import annotations

from itertools import pairwise

from answers import shares
from answers.regularisation.paired import level_claim
from answers.shares import PARTS, Profile
from writeup.claims import Answer, Claim, Ref, Table
from writeup.figures import Diagram, Edge, Group, Node
from writeup.records.store import Records

LABELS = {
    "embedding": ("Embedding", "word to vector"),
    "dropout": ("Dropout", "zeroes at random"),
    "recurrent": ("Recurrent layers", "vectors to states"),
    "decoder": ("Decoder", "state to scores"),
    "loss": ("Log-softmax and loss", "scores to loss"),
    "clip": ("Clipping", "bounds the gradient"),
    "update": ("Update", "changes the weights"),
    "rest": ("All else", "the rest of the step"),
}
DRAWN = "LSTM"


def answer(records: Records) -> Answer:
    found = shares.profiles(records)
    claims: list[Claim] = [level_claim("2a.level")]
    for cell, profile in found.items():
        others = {name: other for name, other in found.items() if name != cell}
        claims += shares.share_claims(profile, others)
        for make in (shares.phase_claims, shares.cross_claims, shares.epoch_claims, shares.setting_claims):
            claims += make(profile)
    return Answer(
        "2a",
        claims,
        tables={"shares": shares_table(found)},
        figures={"blocks": block_diagram(found[DRAWN], {made.id: made for made in claims})},
        context={"cells": list(found)},
    )


def shares_table(found: dict[str, Profile]) -> Table:
    rows: list[list[str | Ref]] = []
    for part, (label, purpose) in LABELS.items():
        halves = PARTS[part][1] and part != "rest"
        row: list[str | Ref] = [label, purpose]
        row += [Ref(f".{part}_{half}_{DRAWN}") if halves else "" for half in ("forward", "backward")]
        row += [Ref(f".{part}_total_{DRAWN}"), Ref(f".{part}_width_{DRAWN}")]
        row += [Ref(f".{part}_total_{cell}") for cell in found if cell != DRAWN]
        rows.append(row)
    header = ["Component", "What it does", "Forward", "Backward"]
    header += [DRAWN, "$\\pm$", *(cell for cell in found if cell != DRAWN)]
    return Table(header, rows, "ll" + "r" * (len(header) - 2))


def block_diagram(profile: Profile, claims: dict[str, Claim]) -> Diagram:
    """Forward down, backward up, once an epoch on the right; shaded by share of a step's time."""

    def printed(part: str, half: str) -> str:
        return claims[f"2a.{part}_{half}_{profile.cell}"].printed()

    def measured(part: str, half: str, row: int, column: int, what: str) -> Node:
        share = claims[f"2a.{part}_{half}_{profile.cell}"].value
        assert isinstance(share, float)
        suffix = "" if half == "total" else half
        return Node(
            part + suffix,
            LABELS[part][0].replace(" and ", "\nand "),
            f"{what}\n{printed(part, half)}",
            share,
            row=row,
            column=column,
        )

    validation = claims[f"2a.epoch_evaluation_{profile.cell}"].printed()
    forward = [
        measured("embedding", "forward", 1, 1, "row of a matrix for each word"),
        measured("dropout", "forward", 2, 1, "also between and after the layers"),
        measured("recurrent", "forward", 3, 1, "state from the words so far"),
        measured("decoder", "forward", 4, 1, "a score for each word"),
        measured("loss", "forward", 5, 1, "log-probability of the next word"),
    ]
    backward = [
        measured("loss", "backward", 5, 2, "softmax less one-hot"),
        measured("decoder", "backward", 4, 2, "two matrix products"),
        measured("recurrent", "backward", 3, 2, "BPTT, last word to first"),
        measured("dropout", "backward", 2, 2, "the same mask"),
        measured("embedding", "backward", 1, 2, "adds up rows"),
        measured("clip", "total", 0, 2, "bounds the norm"),
    ]
    nodes = [
        Node("corpus", "Corpus and\ndictionary", "words to numbers", shape="data", row=0, column=0),
        Node("batchify", "batchify", "text into columns", row=1, column=0),
        Node("repackage", "repackage_hidden", "keeps the state, cuts its history", row=3, column=0),
        Node("batch", "get_batch", "next window and its targets", row=0, column=1),
        *forward,
        *backward,
        measured("update", "total", 0, 3, "$p \\leftarrow p - \\eta g$"),
        Node("evaluate", "evaluate", f"validation loss, no gradient\n{validation} of an epoch", row=1, column=3),
        Node("better", "Best so far?", shape="decision", row=2, column=3),
        Node("anneal", "Anneal", "if not: rate / 4;\nthen the next epoch", row=3, column=3),
        Node("save", "Save the model", "if so;\nthen the next epoch", row=4, column=3),
        Node("test", "Test", "best model, once", shape="round", row=5, column=3),
    ]
    chain = ["batch", *(node.id for node in forward)]
    back = [node.id for node in backward]
    edges = [
        Edge("corpus", "batchify"),
        Edge("batchify", "batch"),
        *(Edge(a, b) for a, b in pairwise(chain)),
        Edge(chain[-1], back[0], "backward()", style="backward"),
        *(Edge(a, b, style="backward") for a, b in pairwise(back)),
        Edge("clip", "update"),
        Edge("recurrentforward", "repackage", style="loop"),
        Edge("repackage", "recurrentforward", "state", style="loop"),
        Edge("update", "batch", "next window", style="loop"),
        Edge("update", "evaluate", "epoch\nover"),
        Edge("evaluate", "better"),
        Edge("better", "anneal"),
        Edge("better", "save"),
        Edge("save", "test", "after the\nlast epoch"),
        Edge("anneal", "test"),
    ]
    groups = [Group("forward", [n.id for n in forward]), Group("backward", [n.id for n in backward[:-1]])]
    return Diagram(nodes, edges, groups)
