"""2b: a neuron's computation graph; the gradients by sympy, the graph and the gradients checked by autograd."""

from itertools import pairwise

import sympy
import torch

from writeup.claims import Answer
from writeup.facts import Facts, by, when
from writeup.figures import Drawing
from writeup.records.store import Records

OPERATIONS = {"u": r"u = w x", "z": r"z = u + b", "e": r"e = z - t", "L": r"L = e^2"}
LEAVES = {"x": "u", "w": "u", "b": "z", "t": "e"}  # and where each goes in
X, W, B, T = sympy.symbols("x w b t")
LOSS = (W * X + B - T) ** 2


def answer(_records: Records) -> Answer:
    a = Facts("2b")
    for leaf, slips in ((W, ("2 e", "2 e w", "e x")), (B, ("e", "2 e b", "2 e x")), (X, ("2 e", "2 e x", "e w"))):
        right = sympy.factor(sympy.diff(LOSS, leaf)).subs(W * X + B - T, sympy.Symbol("e"))
        a.one_of(f"d{leaf}", [words(right), *slips], when("autograd at a random point", agrees(leaf), seed=0))
    a("operations", len(OPERATIONS), by("nodes that autograd recorded", lambda: len(recorded(point()[1].grad_fn))))
    return a.answer(figures={"graph": drawing()})


def words(formula: sympy.Expr) -> str:
    return str(formula).replace("*", " ")


def point() -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Random leaves, and the loss that torch computes of them."""
    drawn = torch.randn(4, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    leaves = {name: value.clone().requires_grad_() for name, value in zip("xwbt", drawn, strict=True)}
    return leaves, (leaves["w"] * leaves["x"] + leaves["b"] - leaves["t"]) ** 2


def agrees(leaf: sympy.Symbol):
    def holds(formula: str) -> bool:
        leaves, loss = point()
        loss.backward()
        names = {name: value.item() for name, value in leaves.items()}
        names["e"] = names["w"] * names["x"] + names["b"] - names["t"]
        return abs(float(sympy.sympify(formula.replace(" ", "*")).subs(names)) - leaves[str(leaf)].grad.item()) < 1e-12

    return holds


def recorded(node) -> set[str]:
    """What autograd would run back from a node, without the leaves."""
    if node is None or "Accumulate" in node.name():
        return set()
    return {node.name()}.union(*(recorded(before) for before, _ in node.next_functions))


def drawing() -> Drawing:
    d = Drawing("graph")
    for column, (name, text) in enumerate(OPERATIONS.items()):
        d.node(name, (2.0 + 2.7 * column, 0.0), f"${text}$", width=1.7)
    for name, place in {"x": (0.0, 0.55), "w": (0.0, -0.55), "b": (4.7, -1.5), "t": (7.4, -1.5)}.items():
        d.node(name, place, f"${name}$", form="ellipse", width=0.7, height=0.7, fill="paper")
        d.arrow(name, LEAVES[name])
    for before, after in pairwise(OPERATIONS):
        d.arrow(before, after)
        back = d.at(f"{after}.west", 0.0, -0.15), d.at(f"{before}.east", 0.0, -0.15)
        d.arrow(*back, "$2 e$", colour="gru", dashed=True, side="below")
    d.frame("", *OPERATIONS)
    return d
