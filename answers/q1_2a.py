"""1.2a: the torch.nn module for 2D dropout, found by what the modules do."""

from __future__ import annotations

import inspect
import warnings

from torch import nn

from lab.regularisation import dropout_modules as modules
from writeup.claims import Answer, Ref, Table
from writeup.facts import Facts, by, gap, when
from writeup.records.store import Records

OTHERS = {
    "nn.Dropout": "drops single elements",
    "nn.Dropout1d": "made for sequences",
    "nn.Dropout3d": "made for volumes",
    "nn.FeatureAlphaDropout": "drops maps, but does not put zero there",
}
SCALES = {"1/(1-p)": lambda p: 1 / (1 - p), "1": lambda _: 1.0, "1/p": lambda p: 1 / p, "1-p": lambda p: 1 - p}
MADE = "`nn.Dropout2d(p)`"
CALLS = {  # what is called, on what
    "whole": (MADE, "$(N, C, H, W)$, in training"),
    "evaluation": (MADE, "$(N, C, H, W)$, in evaluation"),
    "element": ("`nn.Dropout(p)`", "$(N, C, H, W)$, in training"),
    "unbatched": (MADE, "$(C, H, W)$: batch axis forgotten"),
    "functional": ("`F.dropout2d(x, p)`", "$(N, C, H, W)$, in evaluation"),
}
CORRECT = ("whole", "evaluation")  # the others are mistakes where maps are meant


def is_it(call: str) -> bool:
    """Whether the call names a module that drops whole maps, with the arguments that the module has by default."""
    name, _, arguments = call.removeprefix("nn.").removesuffix(")").partition("(")
    return modules.drops_maps(name) and getattr(nn, name)().extra_repr() == arguments


def answer(_records: Records) -> Answer:
    a = Facts("1.2a")
    arguments = ", ".join(f"{p.name}={p.default}" for p in inspect.signature(nn.Dropout2d).parameters.values())
    wrong = {f"{name}({arguments})": why for name, why in OTHERS.items()}
    wrong |= {"nn.Dropout2d(p=0.2, inplace=False)": "another rate", "nn.Dropout2d(p=0.5, inplace=True)": "in place"}
    a(
        "module",
        f"nn.Dropout2d({arguments})",
        when("masks of a batch of ones; what it says of itself", is_it),
        wrong,
        code=True,
    )

    def misfit(tex: str) -> float:
        kept = {p: float(modules.outcome(nn.Dropout2d(p)).max()) for p in (0.1, 0.3, 0.7)}
        return max(abs(value - SCALES[tex](p)) for p, value in kept.items())

    a.one_of("scale", SCALES, gap("what a kept one becomes, at three probabilities", misfit, 1e-6, seed=0), code=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of the forgotten batch axis, which is the slip that is shown
        for name, call in modules.CALLS.items():
            one, other = (modules.outcome(call, seed) for seed in (0, 1))
            unit = modules.dropped_together(one)
            others = {u: "another block" for u in (*modules.BLOCKS, "nothing") if u != unit}
            a(name, unit, by("how often neighbours share their fate", modules.together_by_frequency, other), others)
    rows: dict[str, list[str | Ref]] = {name: [*words, Ref(name)] for name, words in CALLS.items()}
    right = [rows.pop(name) for name in CORRECT]
    table = Table(["Call", "Input", "Dropped together"], ["Correct", *right, "Mistakes", *rows.values()], "lll")
    return a.answer({"slips": table})
