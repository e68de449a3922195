"""2b: how large the recorded graph of a window is, and what of it the engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import torch
from torch import Tensor, nn

from answers.bptt import graph
from experiments.language_model.train import Settings
from writeup.claims import Claim, Control, Evidence, Ref, Table, agrees, claim, require

EXAMPLE = Settings()
WINDOW, LAYERS = EXAMPLE.bptt, EXAMPLE.layers
FEATURES, SIZE, BATCH, SEED = 4, 3, 2, 1111  # the graph's shape depends on layers and length only
MATRIX_PRODUCT, FUSED_LAYER = "AddmmBackward0", "MkldnnRnnLayerBackward0"
# The rows of the table of graphs: whether oneDNN's fused kernels are allowed; the name, which begins with the cell's.
GRAPHS = {
    "fused": (True, "LSTM, oneDNN on (the default)"),
    "unrolled": (False, "LSTM, oneDNN off"),
    "gru": (True, "GRU"),
    "rnn": (True, "RNN_TANH"),
}


def small_network(cell: str = "LSTM") -> nn.RNNBase:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network: nn.RNNBase = getattr(nn, cell)(FEATURES, SIZE, LAYERS)
    return network


def words(length: int = WINDOW) -> Tensor:
    return torch.randn(length, BATCH, FEATURES, generator=torch.Generator().manual_seed(SEED))


@cache
def counted(cell: str, fused: bool, length: int) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Nodes of the graph of one window by name: found by walking it, and evaluated by the engine."""
    with graph.onednn(fused):
        loss = small_network(cell)(words(length))[0].sum()
    return graph.names(loss), graph.executed(loss.backward)


def graph_claims() -> list[Claim]:
    """Sizes of the graph of one window, walked before and counted while the engine runs it."""
    claims = []
    for name, (fused, label) in GRAPHS.items():
        cell = label.partition(",")[0].partition("_")[0]
        walked, ran = counted(cell, fused, WINDOW)
        shorter = counted(cell, fused, WINDOW - 1)[0]
        total, products, layers = sum(walked.values()), walked.get(MATRIX_PRODUCT, 0), walked.get(FUSED_LAYER, 0)
        route = "nodes that the engine reports to a profiler while it runs"
        claims += [
            claim(
                f"2b.nodes_{name}",
                total,
                f"nodes in the graph of a window, {cell}",
                agrees(partial(_total, ran), route),
                [
                    Control(total - 1, "the loss's own node forgotten"),
                    Control(
                        sum(counted(cell, not fused, WINDOW)[0].values()) if cell == "LSTM" else total // LAYERS,
                        "other path",
                    ),
                ],
                form=",d",
            ),
            claim(
                f"2b.products_{name}",
                products,
                f"{MATRIX_PRODUCT} nodes in it",
                agrees(partial(_of, ran, MATRIX_PRODUCT), route),
                [Control(LAYERS * WINDOW if products else LAYERS, "the product with all inputs forgotten")],
                form=",d",
            ),
            claim(
                f"2b.layers_{name}",
                layers,
                f"{FUSED_LAYER} nodes in it",
                agrees(partial(_of, ran, FUSED_LAYER), route),
                [Control(LAYERS * WINDOW, "one a step"), Control(0 if layers else LAYERS, "the other path")],
            ),
            claim(
                f"2b.per_word_{name}",
                total - sum(shorter.values()),
                f"nodes that one more word adds, {cell}",
                agrees(partial(_slope, cell, fused), "engine's counts at a window and at one of twice its length"),
                [Control(total // WINDOW + 1, "all nodes spread over the words"), Control(1, "one a word")],
            ),
        ]
    claims.append(
        claim(
            "2b.products_formula",
            "K(T+1)",
            "number of matrix products in the unrolled LSTM's graph",
            products_follow,
            [
                Control("KT", "the product with all inputs at once forgotten"),
                Control("2KT", "inputs multiplied step by step, too"),
            ],
        )
    )
    return claims


def _total(found: Mapping[str, int]) -> int:
    return sum(found.values())


def _of(found: Mapping[str, int], name: str) -> int:
    return found.get(name, 0)


def _slope(cell: str, fused: bool) -> int:
    longer, shorter = (sum(counted(cell, fused, length)[1].values()) for length in (2 * WINDOW, WINDOW))
    return (longer - shorter) // WINDOW


def products_follow(candidate: str) -> Evidence:
    formulas = {
        "K(T+1)": lambda layers, length: layers * (length + 1),
        "KT": lambda layers, length: layers * length,
        "2KT": lambda layers, length: 2 * layers * length,
    }
    sizes = [(layers, length) for layers in (1, 3) for length in (1, 7)]
    with graph.onednn(False):
        found = [
            graph.executed(nn.LSTM(FEATURES, SIZE, layers)(words(length))[0].sum().backward)[MATRIX_PRODUCT]
            for layers, length in sizes
        ]
    expected = [formulas[candidate](*size) for size in sizes]
    require(found == expected, found, expected, f"{candidate} for (layers, T) = {sizes}")
    return Evidence("nodes that the engine ran at four sizes", found)


def graphs_table() -> Table:
    rows: list[list[str | Ref]] = [
        [label, Ref(f".nodes_{name}"), Ref(f".per_word_{name}"), Ref(f".products_{name}"), Ref(f".layers_{name}")]
        for name, (_, label) in GRAPHS.items()
    ]
    return Table(
        ["Recurrent layers", "Nodes", "Nodes a word", f"`{MATRIX_PRODUCT}`", f"`{FUSED_LAYER}`"], rows, "lrrrr"
    )
