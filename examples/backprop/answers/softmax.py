"""1a: the gradient of softmax and cross-entropy, by symbols; checked by autograd."""

import sympy
import torch
from torch.nn.functional import cross_entropy

from writeup.claims import Answer, Ref, Table
from writeup.facts import Facts, by, when
from writeup.records.store import Records

LOGITS, LABEL = (2, 0, -1), 1
CLASSES = range(len(LOGITS))
FORMULAS = {  # the first is the answer, the others are slips
    "p - y": lambda p, y: p - y,
    "y - p": lambda p, y: y - p,
    "p": lambda p, _: p,
    r"p \odot (1 - p)": lambda p, _: p * (1 - p),
}


def answer(_records: Records) -> Answer:
    a = Facts("1a")
    z = sympy.symbols(f"z:{len(LOGITS)}")
    total = sum(map(sympy.exp, z))
    loss = sympy.log(total) - z[LABEL]
    at = dict(zip(z, LOGITS, strict=True))
    logits = torch.tensor(LOGITS, dtype=torch.double)  # (classes,)
    for k in CLASSES:
        share = float((sympy.exp(z[k]) / total).subs(at))
        slope = float(sympy.diff(loss, z[k]).subs(at))
        a(f"p{k}", share, by("torch's softmax", lambda k=k: logits.softmax(0)[k].item(), within=1e-12), form="{:.3f}")
        route = by("autograd", lambda k=k: autograd(logits, LABEL)[k].item(), within=1e-12)
        a(f"g{k}", slope, route, {-slope: "the sign turned"}, "{:+.3f}")
    a.one_of("formula", FORMULAS, when("autograd on random logits", agrees, seed=0))
    a.say("one_negative", lambda g0, g1, g2: g1 < 0 < min(g0, g2), {"g0": -0.1}, {"g1": 0.1}, {"g2": -0.1})
    rows = [["the label" if k == LABEL else "another", Ref(f"p{k}"), Ref(f"g{k}")] for k in CLASSES]
    return a.answer({"slopes": Table(["Class", "Probability", "Gradient"], rows, "lrr")})


def autograd(logits: torch.Tensor, label: int) -> torch.Tensor:
    z = logits.clone().requires_grad_()
    cross_entropy(z, torch.tensor(label)).backward()
    return z.grad


def agrees(formula: str) -> bool:
    """Whether a formula gives autograd's gradient of five classes."""
    z = torch.randn(5, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    y = torch.eye(5, dtype=torch.double)[3]
    return torch.allclose(FORMULAS[formula](z.softmax(0), y), autograd(z, 3), rtol=0, atol=1e-12)
