"""What the notebook takes from the rest of the project, and what its numbers must agree with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from answers import q1_1
from answers.part_two.comparison import COMPARISONS
from answers.part_two.language_model import END, UNKNOWN, python_reference_words
from writeup.claims import require
from writeup.records import Records

ROUNDING = 1e-12  # what double precision leaves on values of size one; a wrong formula leaves about one
KIND = "language_model"


def notebook_inputs(records: Records) -> dict[str, Any]:
    """The chains of 1.1 and the records of the LSTM and GRU study, as data that the notebook embeds."""
    chains = [
        {
            "start": tuple(start),
            "goal": tuple(goal),
            "chains": [q1_1.pick(start, goal, modules).modules for _, modules in q1_1.CHARACTERS.values()],
        }
        for start, goal in q1_1.CASES.values()
    ]
    settings = ("cell", "layers", "hidden_size", "tied", "bptt", "learning_rate", "seed", "train_tokens")
    study = [
        [
            *(record.settings[name] for name in settings),
            round(record.metrics["valid_perplexity"], 2),
            [round(loss, 3) for loss in record.curves["valid_loss"]],
        ]
        for record in records.of_kind(KIND)
        if not record.metrics["diverged"]
    ]
    return {"chains": chains, "study": study}


def verify_outputs(measured: Mapping[str, Any], records: Records) -> None:
    """Raise `CheckFailed` for a number of the notebook that this project's own computation does not confirm.

    Differences are measured anew at other seeds, the text is counted anew, the study's numbers are derived from the
    records' losses. What only training can give must reach what the notebook's words say of it.
    """
    _differences(measured)
    _echo(measured)
    _language_model(measured)
    _study(measured, records)


def _differences(measured: Mapping[str, Any]) -> None:
    for seed in (101, 102):
        for compare in COMPARISONS:
            for name, (forward, gradient) in compare(seed).items():
                for part, again in (("forward", forward), ("gradient", gradient)):
                    value = measured.get(f"{name} {part}", math.inf)
                    what = f"notebook: {name}, largest {part} difference to torch.nn"
                    require(0 <= value <= ROUNDING, f"at most {ROUNDING}", value, what)
                    require(again <= ROUNDING, f"at most {ROUNDING}", again, f"{what}, at seed {seed}")
    by_hand = measured.get("CrossEntropyLoss gradient by hand", math.inf)
    require(by_hand <= ROUNDING, f"at most {ROUNDING}", by_hand, "notebook: cross-entropy's gradient by hand")


def _echo(measured: Mapping[str, Any]) -> None:
    for delay, share in enumerate([*measured["echo variable"], measured["echo fixed"]]):
        require(0.99 <= share <= 1, "0.99 to 1", share, f"notebook: echo accuracy, entry {delay}")
    totals = []
    for delay, shares in measured["remembered"].items():
        kept, last = shares[: int(delay) + 1], shares[-1]
        require(min(kept) >= 0.98, "at least 0.98", min(kept), f"notebook: bits kept when asked for {delay}")
        require(last <= 0.75, "at most 0.75", last, f"notebook: the oldest bit when asked for {delay}")
        totals.append(sum(shares))
    require(totals == sorted(totals), "more kept for a longer delay", totals, "notebook: what the state remembers")


def _language_model(measured: Mapping[str, Any]) -> None:
    words = python_reference_words()
    require(measured["words"] == len(words), len(words), measured["words"], "notebook: words of text")
    cut = int(0.9 * len(words))
    counts = Counter(words[:cut])
    known = {word for word, count in counts.items() if count >= 3} | {UNKNOWN, END}
    train, held_out = ([word if word in known else UNKNOWN for word in part] for part in (words[:cut], words[cut:]))
    frequency = Counter(train)
    unigram = -sum(math.log((frequency[w] + 1) / (len(train) + len(known))) for w in held_out) / len(held_out)
    # the notebook drops the few words that do not fill a row of its batch, so the two differ in the third digit
    what = "notebook: loss of word frequencies alone, counted anew"
    require(abs(measured["unigram loss"] - unigram) < 0.01, unigram, measured["unigram loss"], what)
    uniform = math.log(len(known))
    require(abs(measured["first loss"] - uniform) < 0.1, uniform, measured["first loss"], "notebook: untrained loss")
    below = measured["held-out loss"] < unigram - 0.3
    require(below, f"below {unigram - 0.3:.2f}", measured["held-out loss"], "notebook: held-out loss after training")


def _study(measured: Mapping[str, Any], records: Records) -> None:
    losses = [r.metrics["valid_loss"] for r in records.of_kind(KIND) if not r.metrics["diverged"]]
    shown = measured.get("study perplexities", [])
    require(len(shown) == len(losses), len(losses), len(shown), "notebook: runs of the study shown")
    for value, loss in zip(shown, losses, strict=True):
        require(abs(value - math.exp(loss)) < 0.006, math.exp(loss), value, "notebook: perplexity of a run")
