"""Claims of the notebook's first part: the shapes along the chains of question 1.1, and what the chains cost."""

from collections.abc import Iterator
from functools import cache

from answers import q1_1
from conv_solve import running
from conv_solve.chain import Chain
from conv_solve.family import Shape
from writeup.claims import Claim, Control, agrees, claim


@cache
def chains() -> dict[str, list[Chain]]:
    """By case, the best chain of each character."""
    return {
        case: [q1_1.pick(start, goal, modules) for _, modules in q1_1.CHARACTERS.values()]
        for case, (start, goal) in q1_1.CASES.items()
    }


def path(shapes: list[Shape]) -> str:
    """As the notebook prints it: 64x111x111 -> 4x234x234."""
    return " -> ".join("x".join(map(str, shape)) for shape in shapes)


def chain_claims() -> Iterator[Claim]:
    """For each chain its shapes, its parameters and its multiply-adds."""
    for case, found in chains().items():
        for number, chain in enumerate(found):
            yield from _claims_of(f"3.chain.{case}.{number}", chain)


def _claims_of(id: str, chain: Chain) -> Iterator[Claim]:
    modules, start = chain.modules, chain.start
    what = " and ".join(module.partition("(")[0] for module in modules)
    *before, last = chain.shapes
    wider = [*before, Shape(last.channels, last.height + 1, last.width + 1)]
    yield claim(
        f"{id}.shapes",
        path(chain.shapes),
        f"shapes along {what}",
        agrees(lambda: path(running.run(modules, start, "meta")), "the modules run on torch's meta device"),
        [
            Control(path(wider), "a kernel one too large at the end"),
            Control(path([start, *chain.shapes]), "a shape printed twice"),
        ],
    )
    biases = sum(layer.after.channels for layer in chain.layers if layer.parameters)
    yield claim(
        f"{id}.parameters",
        chain.parameters,
        f"parameters of {what}",
        agrees(
            lambda: sum(parameter.numel() for parameter in running.build(modules, "meta").parameters()),
            "the built modules' parameters, counted",
        ),
        [Control(chain.parameters - biases, "biases forgotten"), Control(2 * chain.parameters, "counted twice")],
        form=",d",
    )
    yield claim(
        f"{id}.macs",
        chain.macs,
        f"multiply-adds of {what} for one sample",
        agrees(lambda: running.macs(modules, start), "torch's own counter of operations"),
        [Control(2 * chain.macs, "floating-point operations, two each"), Control(chain.parameters, "each weight once")],
        form=",d",
    )
