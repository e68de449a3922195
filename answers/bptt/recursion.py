"""2b: autograd's gradient is that of back-propagation through time, and what each term of the recursion carries."""

from __future__ import annotations

from functools import cache, partial

import torch
from torch import Tensor, nn

from answers.bptt import delta_recursion, graph
from answers.bptt.graphs import BATCH, FUSED_LAYER, LAYERS, SEED, SIZE, WINDOW, small_network, words
from writeup.claims import Claim, Control, Evidence, Ref, Table, agrees, claim, require

TOLERANCE = 1e-12  # relative, in double precision
# What is left out of the recursion: (through the hidden state, through the cell state), and the table's words.
OMISSIONS = {
    "hidden": (False, True, r"$W_{hh}^\top \delta^a_t$, the way through the hidden state"),
    "cell": (True, False, r"$f_{t+1} \odot \delta^c_{t+1}$, the way through the cell state"),
    "both": (False, False, "both: no step back in time at all"),
}


@cache
def network() -> nn.LSTM:
    made = small_network().double()
    assert isinstance(made, nn.LSTM)
    return made


@cache
def upstream() -> Tensor:
    """What the loss, a fixed weighted sum of the outputs, sends into every output."""
    generator = torch.Generator().manual_seed(SEED + 1)
    return torch.randn(WINDOW, BATCH, SIZE, generator=generator, dtype=torch.double)


def _joined(gradients: list[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


@cache
def by_autograd() -> Tensor:
    """All gradients of torch.nn's LSTM, as one vector."""
    loss = (network()(words().double())[0] * upstream()).sum()
    return _joined(list(torch.autograd.grad(loss, list(network().parameters()))))


@cache
def by_hand(through_hidden: bool = True, through_cell: bool = True) -> Tensor:
    """The same from our own formulas."""
    return _joined(delta_recursion.gradients(network(), words().double(), upstream(), through_hidden, through_cell))


@cache
def by_detached_cells(through_hidden: bool, through_cell: bool) -> Tensor:
    """The same from a loop over `nn.LSTMCell`, with the history of a state cut between steps."""
    cells = nn.ModuleList(nn.LSTMCell(layer[0].shape[1], SIZE) for layer in network().all_weights).double()
    for cell, layer in zip(cells, network().all_weights, strict=True):
        for own, weight in zip(cell.parameters(), layer, strict=True):
            own.data.copy_(weight.data)
    states = [(torch.zeros(BATCH, SIZE).double(), torch.zeros(BATCH, SIZE).double()) for _ in cells]
    loss = torch.zeros(()).double()
    for word, weights in zip(words().double(), upstream(), strict=True):
        for index, cell in enumerate(cells):
            hidden, memory = states[index]
            hidden = hidden if through_hidden else hidden.detach()
            states[index] = cell(word, (hidden, memory if through_cell else memory.detach()))
            word = states[index][0]
        loss = loss + (word * weights).sum()
    return _joined(list(torch.autograd.grad(loss, list(cells.parameters()))))


def relative_error(gradient: Tensor) -> float:
    """Length of the difference from the full gradient, as a share of the full gradient's length."""
    return ((gradient - by_autograd()).norm() / by_autograd().norm()).item()


def _error_of_cells(through_hidden: bool, through_cell: bool) -> float:
    return relative_error(by_detached_cells(through_hidden, through_cell))


def recursion_claims() -> list[Claim]:
    def by_recursion(norm: float) -> Evidence:
        difference = (by_hand() - by_autograd()).abs().max().item()
        scale = by_autograd().abs().max().item()
        require(difference <= TOLERANCE * scale, 0.0, difference, "largest difference of any entry")
        require(abs(norm - by_hand().norm().item()) <= 5e-7, by_hand().norm().item(), norm, "norm")
        return Evidence("the recursion by hand, entry by entry", by_hand().norm().item(), TOLERANCE * scale, SEED)

    claims = [
        claim(
            "2b.gradient_norm",
            by_autograd().norm().item(),
            "norm of the gradient of all recurrent weights that autograd finds for a window",
            by_recursion,
            [
                Control(by_hand(False, True).norm().item(), "the way through the hidden state forgotten"),
                Control(by_hand(True, False).norm().item(), "the way through the cell state forgotten"),
            ],
            form=".6f",
        ),
        claim(
            "2b.entries",
            len(by_autograd()),
            "entries of that gradient that were compared",
            agrees(
                lambda: sum(4 * SIZE * (layer[0].shape[1] + SIZE + 2) for layer in network().all_weights),
                "4 gates of inputs, states and two biases a layer",
            ),
            [Control(len(by_autograd()) - 4 * SIZE * LAYERS, "one bias a layer")],
        ),
        claim(
            "2b.fused_digits",
            5,
            "digits in which the fused kernel's gradient, in single precision, agrees with the recursion by hand",
            fused_digits_agree,
            [Control(9, "more than single precision has")],
        ),
        claim(
            "2b.digits",
            12,
            "decimal digits in which they agree, relative to the largest entry",
            digits_agree,
            [Control(17, "more than double precision has")],
        ),
    ]
    for name, (hidden, cell, _) in OMISSIONS.items():
        others = [(h, c) for h, c, _ in OMISSIONS.values() if (h, c) != (hidden, cell)]
        claims.append(
            claim(
                f"2b.omitted_{name}",
                relative_error(by_hand(hidden, cell)),
                f"relative error of the gradient without the way through {name}",
                agrees(
                    partial(_error_of_cells, hidden, cell),
                    "nn.LSTMCell step by step, with that state detached between steps",
                    tolerance=5e-4,
                    seed=SEED,
                ),
                [Control(relative_error(by_hand(*other)), "another term left out") for other in others],
                form=".1%",
            )
        )
    return claims


def digits_agree(digits: int) -> Evidence:
    difference = ((by_hand() - by_autograd()).abs().max() / by_autograd().abs().max()).item()
    require(difference <= 10.0**-digits, f"a difference of at most 1e-{digits}", difference, "recursion by hand")
    return Evidence("the recursion by hand, entry by entry", difference, seed=SEED)


def fused_digits_agree(digits: int) -> Evidence:
    """oneDNN's kernel, in single precision, against the recursion in double."""
    single = small_network()
    with graph.onednn(True):
        loss = (single(words())[0] * upstream().float()).sum()
        fused = graph.names(loss)[FUSED_LAYER]
        gradient = _joined(list(torch.autograd.grad(loss, list(single.parameters())))).double()
    require(fused == LAYERS, LAYERS, fused, "fused layers in the graph")
    difference = ((by_hand() - gradient).abs().max() / by_hand().abs().max()).item()
    require(difference <= 10.0**-digits, f"a difference of at most 1e-{digits}", difference, "recursion by hand")
    return Evidence("the recursion by hand in double precision", difference, seed=SEED)


def omitted_table() -> Table:
    rows: list[list[str | Ref]] = [[words_, Ref(f".omitted_{name}")] for name, (_, _, words_) in OMISSIONS.items()]
    return Table(["Left out of the recursion", "Relative error of the gradient"], rows, "lr")
