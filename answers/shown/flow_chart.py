"""Figure of 2a: the example's loop with the code's own names; what takes time has a bar to scale."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from lab.study import CELLS
from writeup.figures import Drawing, meter, stack

X, Y, Z, LOOP = 1.2, 5.9, 11.95, 14.45  # cm: forward column, backward column, what happens outside a step, next epoch
MODEL, DATA, BACK = "sky!22", "green!15", "gru!10"  # model.py, data.py, autograd; main.py is white
LOOKS = {"_forward": (MODEL, "lstm", "lstm"), "_backward": (BACK, "gru", "gru")}  # of box, bar, arrow
BARS = {"decoder": "ink", "loss": "sky", "recurrent": "amber", "other": "faint"}


def flow_chart(printed: Mapping[str, str], values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Drawing:
    """`printed` and `values` of the answer's facts; `shapes` of what goes from module to module."""
    d = Drawing("flow", max_width=16.7)
    step(d, printed, values, {name: r"$\times$".join(f"{n:,d}" for n in shape) for name, shape in shapes.items()})
    around(d, printed)
    bars(d, printed, values)
    return d


def step(d: Drawing, printed: Mapping[str, str], values: Mapping[str, Any], shapes: Mapping[str, str]) -> None:
    """One training step: down the forward pass, up the backward pass."""
    little = f"$<$ {printed['bound']}"
    forward = {
        "get_batch": (0, "get_batch", f"data {shapes['words']}, targets"),
        "zero_grad": (-1.35, "model.zero_grad", "old gradients off"),
        "repackage": (-2.7, "repackage_hidden", "same values, no history"),
        "embedding_forward": (-4.4, "encoder", f"Embedding: {shapes['encoder']}"),
        "recurrent_forward": (-5.75, "drop, rnn, drop", f"states: {shapes['rnn']}"),
        "decoder_forward": (-7.1, "decoder", f"Linear: {shapes['decoder']}"),
        "loss_forward": (-8.45, "log_softmax", f"{shapes['scores']}"),
    }
    backward = {
        "update": (0, "p.data.add_", r"$p \leftarrow p - \eta\, g$"),
        "clip": (-1.35, "clip_grad_norm_", "bounds the norm of all $g$"),
        "embedding_backward": (-4.4, "encoder", "adds up rows"),
        "recurrent_backward": (-5.75, "drop, rnn, drop", "BPTT: last word to first"),
        "decoder_backward": (-7.1, "decoder", "two matrix products"),
        "loss_backward": (-8.45, "log_softmax, criterion", "softmax less one-hot"),
    }
    for column, x in ((forward, X), (backward, Y)):
        for name, (y, title, detail) in column.items():
            fill, bar, _ = look(name)
            d.node(name, (x, y), title, detail, width=3.6, height=0.8, fill=fill)
            fact = next((fact for fact in (f"{name}_LSTM", name) if fact in values), "")
            share = values[fact].value if fact else 0.0
            meter(d, name, share, printed[fact] if fact else little, bar)
    d.node("criterion", (X, -9.95), "criterion", "NLLLoss, in the bar above", width=3.6, height=0.8)
    for start, end in pairwise([*forward, "criterion"]):
        d.arrow(start, end, colour=look(start)[2])
    d.arrow("criterion.east", "loss_backward.south", "`loss.backward()`", via="-|", colour="gru", dashed=True,
            side="below", place=0.4)  # fmt: skip
    for start, end in pairwise([*reversed(backward)][:-1]):
        d.arrow(start, end, colour="gru", dashed=True)
    d.arrow("clip", "update")
    d.arrow(d.at("update.west", dy=0.25), d.at("get_batch.east", dy=0.25), "next\nwindow", colour="ink", weight=1)
    d.arrow("recurrent_forward.west", "repackage.west", f"$h$, $c$ ({shapes['state']} each) for the next window",
            via=[(X - 2.3, None), (None, d.at("repackage.west")[1])], colour="ink", weight=1, side="left",
            turn=90)  # fmt: skip
    enter = d.at("criterion.east", dy=0.2)
    d.arrow(d.at("get_batch.east", dy=-0.1), enter, "targets", via=[(X + 2.15, None), (None, enter[1])], side="right",
            turn=-90, place=0.55)  # fmt: skip
    d.text((X - 1.8, -10.7), f"Freeing the memory of the scores: **{printed['freeing']}**", "left")
    d.text((X + 0.12, -3.78), "`model.py`", "left", colour="lstm")
    d.frame(
        "",
        "embedding_forward",
        "loss_forward",
        d.at("loss_forward.south", dy=-0.25),
        margin=0.12,
        fill="white",
        stroke="lstm!60",
    )
    d.frame("step of `train()`, LSTM", (X - 2.75, 0.85), (Y + 1.9, -10.9), name="step", margin=0.1)


def look(name: str) -> tuple[str, str, str]:
    """Colours by what runs the box: `model.py` or autograd, or `main.py`, white."""
    return LOOKS.get(name[name.rfind("_") :], ("white", "dim", "black"))


def around(d: Drawing, printed: Mapping[str, str]) -> None:
    """What is done once a run, once an epoch, and at the end."""
    wide = 3.7
    d.node("corpus", (X, 2.6), "Corpus", "`data.py`: words to ids", width=wide, height=0.8, fill=DATA)
    d.node("batchify", (Y, 2.6), "batchify", "text into columns", width=wide, height=0.8)
    d.node("model", (Z, 2.6), "RNNModel", "random weights", width=wide, height=0.8, fill=MODEL)
    d.node("hidden", (Z, 0.3), "init_hidden", "zeros, once a pass", width=wide, height=0.8, fill=MODEL)
    d.node("evaluate", (Z, -2.6), "evaluate(val_data)", f"no dropout, no gradient\n{printed['validation']} of an epoch",
           width=wide, height=1.2)  # fmt: skip
    d.node("best", (Z, -4.2), "best val_loss so far?", form="decision", width=4.6, height=0.8, fill="ink!10", bold=True)
    d.node("save", (Z - 1.15, -5.9), "torch.save", "model.pt", width=2.1, height=0.8)
    d.node("anneal", (Z + 1.15, -5.9), "lr /= 4.0", r"anneal $\eta$", width=2.1, height=0.8)
    d.node("last", (Z, -7.1), "last epoch?", form="decision", width=3.2, height=0.6, fill="ink!10", bold=True)
    d.node("load", (Z, -8.3), "torch.load", "the best model", width=wide, height=0.8)
    d.node("test", (Z, -9.4), "evaluate(test_data)", "at the end, from zeros", width=wide, height=0.8)
    d.node("generate", (Z, -10.5), "generate.py", "text from model.pt", width=wide, height=0.8)
    right = d.at("step.east")[0]
    d.arrow("corpus", "batchify")
    d.arrow("batchify.south", d.at("get_batch.north", dx=1.65), "train_data", via=[(None, 1.65), (X + 1.65, None)],
            side="above", place=0.5)  # fmt: skip
    d.arrow("model", "hidden")
    first = d.at("repackage.east", dy=0.15)
    d.arrow("hidden.west", first, "first\n$h$, $c$", via=[(right + 0.55, None), (None, first[1])], colour="dim",
            side="right", place=0.45)  # fmt: skip
    d.arrow("hidden", "evaluate", "$h$, $c$", colour="dim")
    d.arrow(d.at("hidden.west", dy=0.25), (right, 0.55), "each\nepoch", side="above", place=0.75)
    d.arrow((right, -2.95), d.at("evaluate.west", dy=-0.35), "epoch\nend", side="below", place=0.24)
    data = right + 1.1
    d.arrow("batchify.east", d.at("evaluate.west", dy=0.15), "val_data,\ntest_data",
            via=[(data, None), (None, d.at("evaluate.west", dy=0.15)[1])], side="right", place=0.68,
            colour="dim")  # fmt: skip
    d.arrow((data, -2.45), "test.west", via="|-", colour="dim")
    d.arrow("evaluate", "best")
    d.arrow("best.south", "save.north", " yes ", via=[(None, -5.0), (Z - 1.15, None)], place=0.88, side="left")
    d.arrow("best.south", "anneal.north", " no", via=[(None, -5.0), (Z + 1.15, None)], place=0.88)
    d.line("save.south", (Z, -6.55), via="|-")
    d.line("anneal.south", (Z, -6.55), via="|-")
    d.arrow((Z, -6.55), "last.north")
    d.arrow("last.south", "load.north", " yes", place=0.5)
    d.arrow("last.east", "hidden.east", "no: next epoch", via=[(LOOP, None), (None, 0.3)], colour="ink", weight=1,
            side="right", turn=-90)  # fmt: skip
    d.arrow("load", "test")
    saved = d.at("save.west", dx=-0.3)[0]
    for reader in ("load.west", "generate.west"):
        d.arrow("save.west", reader, via=[(saved, None), (None, d.at(reader)[1])], colour="dim")


def bars(d: Drawing, printed: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """A whole step of either cell, the parts to scale."""
    left, width = X - 1.75, 15.0
    names = {"decoder": "decoder", "loss": "log_softmax, criterion", "recurrent": "rnn", "other": "rest"}
    x = left
    for part, name in names.items():
        length = width * values[f"{part}_LSTM"].value
        d.text((x + length / 2, -11.65), name, size=7.5, colour="dim")
        x += length
    for cell, y in zip(CELLS, (-12.2, -12.6), strict=True):
        parts = [(values[f"{part}_{cell}"].value, colour, printed[f"{part}_{cell}"]) for part, colour in BARS.items()]
        stack(d, (left, y), width, parts)
        d.text((left - 0.15, y + 0.16), f"**{cell}**", "right", size=7.5)
