"""1.1: for each case one chain of modules from A to B, run in torch, with its arithmetic and its cost."""

from __future__ import annotations

import math
import re
from functools import partial
from typing import Any

import sympy

from conv_solve import running
from conv_solve.check.translating import chain_of
from conv_solve.family import Shape
from lab.chains import CASES, POOLED, SINGLE, Case, ends, gives, misfits, multiply_adds, read_share, weights_a_row
from writeup.claims import Answer
from writeup.facts import Facts, Route, by, gap, when
from writeup.figures import Drawing, slab
from writeup.records.store import Records

SCALE = 1.2 / 234  # cm a row, in the picture
RUN = "the whole chain run in torch"
CONVOLUTION = {  # the first is the true one
    r"\lfloor (n + 2p - k)/s \rfloor + 1": lambda n, k, s, p: (n + 2 * p - k) // s + 1,
    r"\lfloor (n + p - k)/s \rfloor + 1": lambda n, k, s, p: (n + p - k) // s + 1,
    r"\lfloor (n + 2p - k)/s \rfloor": lambda n, k, s, p: (n + 2 * p - k) // s,
    r"\lceil (n + 2p - k)/s \rceil + 1": lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,
}
TRANSPOSED = {
    "(n - 1)s - 2p + k": lambda n, k, s, p: (n - 1) * s - 2 * p + k,
    "(n - 1)s - p + k": lambda n, k, s, p: (n - 1) * s - p + k,
    "ns - 2p + k": lambda n, k, s, p: n * s - 2 * p + k,
    "(n - 1)s - 2p + k - 1": lambda n, k, s, p: (n - 1) * s - 2 * p + k - 1,
}
SLIPS = {  # of each module: what is written, what a slip makes of it, the slip
    "module1_1": [("14", "13", "one row short"), ("stride=2", "stride=2, padding=1", "padding cuts the output")],
    "module2_1": [("2.25", "2", "a whole factor"), ("2.25", "2.2", "rounded to one digit")],
    "module2_2": [(", padding=1", "", "padding forgotten"), ("size=3", "size=5", "padding for another kernel")],
    "module3_1": [("672", "168", "channels for half the factor"), ("size=5", "size=2", "one row too many")],
    "module3_2": [("4", "2", "half the factor"), ("4", "3", "its square does not divide the channels")],
    "single_1": [("17", "16", "one row short"), ("Transpose", "", "shrinks instead")],
    "pooled_1": [("2)", "3)", "another window")],
    "pooled_2": [("18", "17", "one row short")],
}
NAMES = {"1": ("start1", "goal1"), "2": ("start2", "goal2"), "3": ("start3", "goal3")}


def answer(_records: Records) -> Answer:
    a = Facts("1.1")
    for name, forms in (("convolution", CONVOLUTION), ("transposed", TRANSPOSED)):
        a.one_of(name, forms, sizes(forms, name == "transposed"), code=True)
    for number, case in CASES.items():
        start, goal = NAMES[number]
        shapes(a, start, goal, case)
        modules(a, f"module{number}", case.modules, case)
    arithmetic(a)
    window = CASES["1"].chain.layers[0].height
    route = by("ones sent through weights of one", weights_a_row, CASES["1"].modules[0])
    a("weights", window.kernel // window.stride, route, {window.kernel: "the kernel"})
    every = by("gradients sent from B to A", lambda: min(map(read_share, CASES.values())), seed=0)
    a("read", 1.0, every, {4 / 9: "a kernel of two with a stride of three"}, "{:.0%}")
    a.say("all_read", lambda read: read == 1, {"read": 4 / 9})
    second = CASES["2"]
    counter, turned = "torch's counter of operations", second.modules[::-1]
    cost = by(counter, lambda: multiply_adds(second.modules, second.start) / multiply_adds(turned, second.start))
    area = second.goal.height * second.goal.width / (second.start.height * second.start.width)
    a("saved", area, cost, {area**0.5: "one axis forgotten"}, "{:.1f} times")
    a.say("first_is_cheaper", lambda saved: saved > 1, {"saved": 0.9})
    third = CASES["3"]
    modules(a, "single", (SINGLE,), third)
    modules(a, "pooled", POOLED, third)
    counted = partial(multiply_adds, start=third.start)
    cost = by(counter, lambda: counted((SINGLE,)) / counted(third.modules))
    single = chain_of(third.start, SINGLE)
    ratio = single.macs / third.chain.macs
    a("dearer", ratio, cost, {single.parameters / third.chain.parameters: "by parameters"}, "{:.1f} times")
    a.say("single_is_dearer", lambda dearer: dearer > 1, {"dearer": 0.9})
    return a.answer(figures={"chains": picture()})


def sizes(forms: dict[str, Any], transposed: bool) -> Route:
    return gap("torch's sizes for a grid of settings", lambda tex: float(misfits(forms[tex], transposed)), 0.0)


def shapes(a: Facts, name: str, end: str, case: Case) -> None:
    """A, from which the chain runs, and B, in which it ends."""
    start, goal = case.start, case.goal
    runs = when(RUN, lambda candidate: gives(case.modules, Shape(*candidate), goal))
    ending = by(RUN, lambda: tuple(ends(case.modules, start)))
    a(name, tuple(start), runs, {(goal.channels, *start[1:]): "channels of B"})
    short = (goal.channels, goal.height - 1, goal.width - 1)
    a(end, tuple(goal), ending, {short: "one row and one column short"})


def modules(a: Facts, names: str, chain: tuple[str, ...], case: Case) -> None:
    """The constructor of each module; the whole chain runs with it."""
    for place, module in enumerate(chain):
        name = f"{names}_{place + 1}"

        def fits(candidate: str, place: int = place) -> bool:
            return gives((*chain[:place], candidate, *chain[place + 1 :]), case.start, case.goal)

        wrong = {module.replace(old, new, 1): why for old, new, why in SLIPS[name]}
        a(name, module, when(RUN, fits), wrong, code=True)


def arithmetic(a: Facts) -> None:
    """Why the sizes come out: each equation holds, and ends in what torch gives."""
    (one,), (grown, _), (cut, shuffle) = (case.chain.layers for case in CASES.values())
    n, w, m, v, r = one.before.height, one.height, cut.before.height, cut.height, shuffle.height
    middle, last = cut.after.height, shuffle.after
    first = rf"({n} - 1) \cdot {w.stride} + {w.kernel} = {one.after.height}"
    second = rf"{grown.before.height} \cdot {float(grown.height):g} = {grown.after.height}"
    third = [
        rf"({m} - {v.kernel})/{v.stride} + 1 = {middle}",
        rf"{middle} \cdot {r} = {last.height}",
        rf"{cut.after.channels}/{r}^2 = {last.channels}",
    ]
    whole = rf"{n} \cdot {w.stride} + {w.kernel} = {n * w.stride + w.kernel}"
    rounded = rf"{m} \cdot 2.2 = {math.floor(m * 2.2)}"
    unequal = "$, $".join([rf"({m} - {v.kernel})/{v.stride} = {middle - 1}", *third[1:]])
    worked(a, "arithmetic1", CASES["1"], [first], {whole: "less one forgotten"})
    worked(a, "arithmetic2", CASES["2"], [second], {rounded: "factor rounded to one digit"})
    worked(a, "arithmetic3", CASES["3"], third, {unequal: "plus one forgotten"})


def worked(a: Facts, name: str, case: Case, equations: list[str], wrong: dict[str, str]) -> None:
    """Torch's sizes are those of the layers that change them, then the channels that a shuffle leaves."""

    def holds(text: str) -> bool:
        found = running.run(list(case.modules), case.start, "meta")
        ends = [*dict.fromkeys(shape.height for shape in found[1:])]
        if len(equations) > len(ends):
            ends.append(found[-1].channels)
        return [result(equation) for equation in text.split("$, $")] == ends

    route = when("worked out by sympy; sizes from torch", holds)
    a(name, "$, $".join(equations), route, wrong, code=True)


def result(equation: str) -> int:
    """The right side of an equation in TeX; -1 if it does not hold."""
    left, _, right = equation.partition(" = ")
    plain = re.sub(r"\\cdot", "*", left).replace("^", "**")
    return int(right) if sympy.Rational(sympy.sympify(plain, rational=True)) == int(right) else -1


def picture() -> Drawing:
    """A row for each case: tensors as slabs, side by size, thickness by the logarithm of the channels."""
    d, level = Drawing("chains"), 0.0
    for number, case in CASES.items():
        tensors = running.run(list(case.modules), case.start, "meta")
        places = [0.9, 5.4, 9.9] if len(tensors) == 3 else [0.9, 9.9]
        tallest = max(shape.height for shape in tensors) * SCALE
        d.text((0.0, level), number, "left", colour="ink", bold=True)
        for place, (left, shape) in enumerate(zip(places, tensors, strict=True)):
            side, thick = shape.height * SCALE, 0.06 * math.log2(shape.channels)
            colour = ["lstm", "grey", "gru"][place - len(tensors) if place else 0]
            slab(d, (left, level - 0.7 * side), thick, side, side, fill=colour, name=f"{number}{place}")
            words = r" \times ".join(map(str, shape))
            d.text((left + thick / 2 + side / 4, level - 0.7 * tallest - 0.25), f"${words}$", colour="dim")
            if place:
                start = d.at(f"{number}{place - 1}.east", 0.1)[0]
                d.arrow((start, level), (left - 0.1, level), label(case.modules[place - 1]))
        level -= 1.4 * tallest + 0.7
    return d


def label(module: str) -> str:
    """The module and, under it, its settings by name."""
    name, _, arguments = module.removeprefix("nn.").removesuffix(")").partition("(")
    named = [
        part.replace("_size", "").replace("_", " ").replace("=", " ") for part in arguments.split(", ") if "=" in part
    ]
    return f"`{name}`\n" + (", ".join(named).replace('"', "") or f"factor {arguments}")
