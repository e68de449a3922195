"""2b: inside a window the gradient is complete; across its border only values pass."""

from __future__ import annotations

from functools import cache

import torch

from answers.bptt import torch_source
from answers.bptt.graphs import WINDOW
from answers.bptt.two_windows import TwoWindows
from experiments.language_model.data import Corpus, batchify, count_windows, windows
from experiments.language_model.train import Settings, build
from writeup.claims import Claim, Control, Evidence, agrees, claim, require

VISIBLE = 1e-12  # a change of a loss of about 3 that double precision shows for certain
SECOND = slice(WINDOW, None)


@cache
def pair() -> TwoWindows:
    return TwoWindows.make(WINDOW)


def reached(repackaged: bool, window: int) -> int:
    """Words of the first (0) or second (1) window that the gradient of the last word's loss reaches."""
    part = pair().gradient_reach(repackaged).split(WINDOW)[window]
    return int((part > 0).sum())


def moving(window: int) -> int:
    """Words of that window whose embedding, moved a little, moves the last word's loss."""
    return int((pair().value_reach().split(WINDOW)[window] > VISIBLE).sum())


def border_claims() -> list[Claim]:
    by_moving = "moving each word's embedding and looking at the loss"

    def no_way_back(words: int) -> Evidence:
        """With the incoming state held, what came before it cannot matter: neither to values nor to gradients."""
        border = pair().border()
        with torch.no_grad():
            embedded = pair().model.encoder(pair().inputs)
            moved = torch.cat([embedded[:WINDOW] + 0.1, embedded[WINDOW:]])
            change = (pair().losses(True, moved, border) - pair().losses(True, embedded, border))[SECOND].abs().max()
        count = WINDOW if change > 0 else 0
        require(words == count, count, words, "words before the border that matter once the state is held")
        return Evidence("moving all words of the window before while the state between is held", float(change))

    return [
        claim(
            "2b.window",
            WINDOW,
            "words in a window of the example",
            agrees(lambda: next(windows(torch.zeros(99, 2, dtype=torch.long), WINDOW))[0].shape[0], "a window, cut"),
            [Control(20, "the number of columns"), Control(WINDOW + 1, "the targets' last word counted")],
        ),
        claim(
            "2b.reached_inside",
            reached(True, 1),
            "words of the window that the gradient of its last word's loss reaches",
            agrees(lambda: moving(1), by_moving),
            [Control(WINDOW - 1, "the first word missed"), Control(1, "only the last word")],
        ),
        claim(
            "2b.reached_before",
            reached(True, 0),
            "words of the window before that it reaches",
            no_way_back,
            [Control(WINDOW, "as if nothing were cut"), Control(1, "one word leaks")],
        ),
        claim(
            "2b.reached_uncut",
            reached(False, 0),
            "words of the window before that it reaches without repackage_hidden",
            agrees(lambda: moving(0), by_moving),
            [Control(0, "as if it were cut")],
        ),
        claim(
            "2b.values_before",
            moving(0),
            "words of the window before whose values still change that loss",
            agrees(lambda: reached(False, 0), "the uncut gradient, which sees every path that values take"),
            [Control(0, "as if the state were zeroed"), Control(1, "only the last word's")],
        ),
        *derivative_claims(),
        backward_calls_claim(),
    ]


def derivative_claims() -> list[Claim]:
    """The derivative of the second window's loss along one direction, with and without the window before."""
    cut, whole = pair().by_autograd(True, SECOND), pair().by_autograd(False, SECOND)
    held = "central differences, the state between the windows held at its values"
    free = "central differences, nothing held"
    return [
        claim(
            "2b.derivative_cut",
            cut,
            "derivative of the second window's loss along a random direction, by autograd with repackage_hidden",
            agrees(lambda: pair().by_difference(True, SECOND), held, tolerance=1e-6),
            [Control(whole, "the window before counted in"), Control(-cut, "sign")],
            form=".5f",
        ),
        claim(
            "2b.derivative_whole",
            whole,
            "the same without repackage_hidden",
            agrees(lambda: pair().by_difference(False, SECOND), free, tolerance=1e-6),
            [Control(cut, "cut at the border")],
            form=".5f",
        ),
    ]


def backward_calls_claim() -> Claim:
    """One backward call a window, in our own training loop."""
    settings = Settings(embedding_size=4, hidden_size=4, corpus="generated")
    corpus = Corpus.generated()
    columns = batchify(corpus.train, settings.batch_size)

    def calls() -> int:
        path = build(settings, len(corpus.vocabulary), torch.Generator().manual_seed(settings.seed))
        hidden = path.model.initial_hidden(settings.batch_size)
        calls = torch_source.calls_made(
            lambda: [path.step(*window, hidden, settings.learning_rate) for window in windows(columns, settings.bptt)]
        )
        return sum(count for (_, called, _), count in calls.items() if called == "run_backward")

    return claim(
        "2b.backward_calls",
        count_windows(columns, settings.bptt),
        "backward passes in one pass over a text of so many windows",
        agrees(calls, "calls of run_backward that the interpreter saw in our training loop"),
        [Control(len(columns) - 1, "one a word"), Control(1, "one a text")],
    )
