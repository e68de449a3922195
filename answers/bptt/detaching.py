"""2c: how `repackage_hidden` works: the same values in the same memory, without history, for a tensor or a pair."""

from __future__ import annotations

import math
from functools import cache, partial
from statistics import fmean

import torch
from scipy import stats
from torch import Tensor

from answers.bptt import graph
from answers.bptt.borders import VISIBLE, pair
from answers.bptt.cost import Cost, Run
from answers.bptt.graphs import WINDOW
from experiments.language_model.model import CELLS, Hidden, RNNModel, repackage_hidden
from writeup.claims import Claim, Control, Evidence, Ref, Table, agrees, claim, require
from writeup.errors import CheckFailed

VOCABULARY, SIZE, COLUMNS = 7, 5, 2
KINDS = {"LSTM": "pair of tensors", "GRU": "tensor", "RNN_TANH": "tensor", "RNN_RELU": "tensor"}


@cache
def model(cell: str) -> RNNModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return RNNModel(cell, VOCABULARY, SIZE, SIZE, 2, dropout=0.0)


def state(cell: str) -> Hidden:
    """What the model hands back after a window, with its history."""
    made: Hidden = model(cell)(torch.arange(14).view(7, COLUMNS) % VOCABULARY, model(cell).initial_hidden(COLUMNS))[1]
    return made


def parts(hidden: Hidden) -> tuple[Tensor, ...]:
    return (hidden,) if isinstance(hidden, Tensor) else hidden


def detaching_claims() -> list[Claim]:
    before = state("LSTM")
    after = repackage_hidden(before)
    differing = sum(int((a != b).sum()) for a, b in zip(parts(before), parts(after), strict=True))
    shared = all(a.data_ptr() == b.data_ptr() for a, b in zip(parts(before), parts(after), strict=True))

    def written_through(candidate: str) -> Evidence:
        """Writing into the repackaged state must change the old one exactly if they share their memory."""
        old = state("GRU")
        assert isinstance(old, Tensor)
        new = repackage_hidden(old)
        assert isinstance(new, Tensor)
        new.fill_(7.0)
        found = "shares" if bool((old == 7).all()) else "copies"
        require(candidate == found, found, candidate, "writing into the detached state")
        return Evidence("writing into a repackaged state and reading the old one", found)

    def cannot_be_differentiated(candidate: str) -> Evidence:
        found = set()
        for part in parts(repackage_hidden(state("LSTM"))):
            try:
                part.sum().backward()
                found.add("has a history")
            except RuntimeError:
                found.add("None")
        require({candidate} == found, found, candidate, "backward from the repackaged state")
        return Evidence("a backward pass from each part of it, which must be refused", sorted(found))

    values = sum(part.numel() for part in parts(before))
    return [
        claim(
            "2c.values_changed",
            differing,
            "values of the state that repackage_hidden changes",
            agrees(_logits_changed, "the next window's logits, which do not change"),
            [Control(values, "all, as if set to zero")],
        ),
        claim(
            "2c.memory",
            "shares" if shared else "copies",
            "whether the result shares the state's memory or copies it",
            written_through,
            [Control("copies", "as detach().clone() would")],
        ),
        claim(
            "2c.grad_fn",
            str({part.grad_fn for part in parts(after)}.pop()),
            "grad_fn of what it returns",
            cannot_be_differentiated,
            [Control("has a history", "as without it")],
            code=True,
        ),
        claim(
            "2c.history_before",
            len(graph.nodes(*parts(before))),
            "nodes in the history of an LSTM's state after one window",
            agrees(_nodes_run_from_state, "nodes that the engine runs from it"),
            [Control(0, "as if it had none")],
        ),
        claim(
            "2c.history_after",
            len(graph.nodes(*parts(after))),
            "nodes in the history of what repackage_hidden returns",
            agrees(lambda: sum(p.requires_grad for p in parts(after)), "parts of it that require a gradient"),
            [Control(len(graph.nodes(*parts(before))), "as before it")],
        ),
        claim(
            "2c.evaluation_history",
            _history_without_gradients(),
            "nodes in the history of the state in evaluation, under no_grad",
            agrees(
                lambda: sum(part.requires_grad for part in parts(_evaluated())), "parts of it that require a gradient"
            ),
            [Control(len(graph.nodes(*parts(before))), "as in training")],
        ),
        *kind_claims(),
        leak_claim(),
    ]


def _nodes_run_from_state() -> int:
    ends = parts(state("LSTM"))
    ran = graph.executed(lambda: torch.autograd.backward(ends, [torch.ones_like(end) for end in ends]))
    return sum(ran.values())


def _logits_changed() -> int:
    """Logits of a next window that differ between the state and the repackaged one."""
    words = torch.arange(14).view(7, COLUMNS) % VOCABULARY
    before = state("LSTM")
    return int((model("LSTM")(words, before)[0] != model("LSTM")(words, repackage_hidden(before))[0]).sum())


@torch.no_grad()
def _evaluated() -> Hidden:
    return state("LSTM")


def _history_without_gradients() -> int:
    return len(graph.nodes(*parts(_evaluated())))


def kind_claims() -> list[Claim]:
    """What the state is, cell by cell."""

    def fits(candidate: str, cell: str) -> Evidence:
        """The recurrent module takes a state of this kind and refuses the other."""
        zeros = torch.zeros(2, COLUMNS, SIZE)
        offered = (zeros, zeros) if candidate == "pair of tensors" else zeros
        try:
            model(cell).rnn(torch.zeros(3, COLUMNS, SIZE), offered)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise CheckFailed("a state that the module takes", candidate, cell) from error
        return Evidence("the module, offered a state of this kind", candidate)

    made = []
    for cell in CELLS:
        kind = "tensor" if isinstance(state(cell), Tensor) else "pair of tensors"
        other = "pair of tensors" if kind == "tensor" else "tensor"
        made.append(
            claim(
                f"2c.kind_{cell}",
                kind,
                f"what the state of {cell} is",
                partial(fits, cell=cell),
                [Control(other, "the other cells' kind")],
            )
        )
    return made


def leak_claim() -> Claim:
    """Detaching h alone leaves the way through c open."""

    def half_detached(embedded: Tensor) -> Tensor:
        """The last word's loss; of the state between the windows only h is cut off."""
        hidden, cell = pair().model.rnn(embedded[:WINDOW])[1]
        return pair().losses(False, embedded, (hidden.detach(), cell))[-1, 0]

    def by_gradient() -> int:
        embedded = pair().model.encoder(pair().inputs).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(half_detached(embedded), embedded)
        return int((gradient[:WINDOW].abs().amax((1, 2)) > 0).sum())

    @torch.no_grad()
    def by_moving() -> int:
        embedded = pair().model.encoder(pair().inputs)
        held = pair().border()[0]
        losses = []
        for position in range(-1, WINDOW):
            moved = embedded.clone()
            if position >= 0:
                moved[position] += 1e-2
            memory = pair().model.rnn(moved[:WINDOW])[1][1]
            losses.append(pair().losses(False, moved, (held, memory))[-1, 0])
        return int(((torch.stack(losses[1:]) - losses[0]).abs() > VISIBLE).sum())

    return claim(
        "2c.leak",
        by_gradient(),
        "words of the window before that the gradient still reaches if only h is detached",
        agrees(by_moving, "moving each word with h held, and looking at the loss"),
        [Control(0, "as if h were the whole state"), Control(1, "only the last word")],
    )


def kinds_table() -> Table:
    rows: list[list[str | Ref]] = [[cell, Ref(f".kind_{cell}")] for cell in CELLS]
    return Table(["`--model`", "State"], rows, "ll")


# -- why not zeros ----------------------------------------------------------------------------------------------------


def losses(run: Run, kind: str, by: str) -> list[float]:
    found: list[float] = run.record.curves["loss"][kind][by]
    return found


def _change(differences: list[float]) -> float:
    """Relative change of perplexity from differences of losses in nats."""
    return math.expm1(fmean(differences))


def _first_from_rest(by_column: list[float], by_position: list[float]) -> float:
    return math.expm1(WINDOW * fmean(by_column) - sum(by_position[1:]))


def zeroing_claims(cost: Cost) -> list[Claim]:
    """What it costs to start every window from zeros instead of the repackaged state: from the record's raw losses."""
    made = []
    for cell in cost.cells:
        run = cost.runs[cell]
        path = [run.record.path]
        by_column = [
            z - c for z, c in zip(losses(run, "zeroed", "by_column"), losses(run, "carried", "by_column"), strict=True)
        ]
        by_position = [
            z - c
            for z, c in zip(losses(run, "zeroed", "by_position"), losses(run, "carried", "by_position"), strict=True)
        ]
        first = math.expm1(by_position[0])
        half = float(stats.t.ppf(0.975, len(by_column) - 1)) * float(stats.sem(by_column))

        def rises(candidate: str, differences: list[float] = by_column, path: list[str] = path) -> Evidence:
            """A signed-rank test over the columns of the text."""
            p = float(stats.wilcoxon(differences).pvalue)
            found = "no different" if p > 0.05 else "higher" if fmean(differences) > 0 else "lower"
            require(candidate == found, found, candidate, f"Wilcoxon's signed ranks, p = {p:.2g}")
            return Evidence("Wilcoxon's signed-rank test over the columns of the text", p, records=tuple(path))

        word = "higher" if fmean(by_column) > half else "lower" if fmean(by_column) < -half else "no different"
        made += [
            claim(
                f"2c.zeroed_{cell}",
                math.expm1(fmean(by_column)),
                f"change of perplexity when every window starts from zeros, {cell}",
                agrees(
                    partial(_change, by_position),
                    "mean over positions in the window instead of columns of the text",
                    tolerance=1e-4,
                    records=path,
                ),
                [Control(first, "the first word alone"), Control(0.0, "no effect")],
                form=".1%",
            ),
            claim(
                f"2c.zeroed_word_{cell}",
                word,
                f"perplexity from zeros, against carried states, {cell}",
                rises,
                [Control({"higher": "lower"}.get(word, "higher"), "the other sign")],
            ),
            claim(
                f"2c.zeroed_first_{cell}",
                first,
                f"the same for the first word of a window alone, {cell}",
                agrees(
                    partial(_first_from_rest, by_column, by_position),
                    "what the mean over columns leaves after all other positions",
                    tolerance=1e-3,
                    records=path,
                ),
                [Control(math.expm1(fmean(by_column)), "all words"), Control(math.expm1(by_position[1]), "the second")],
                form=".0%",
            ),
        ]
    return made
