"""1.1: chains of convolutions and other modules from A to B, chosen by rule from everything the solver finds."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from conv_solve import forms, running
from conv_solve.chain import Chain, Layer
from conv_solve.family import CONV, POOL, TRANSPOSED, Family, Shape
from conv_solve.module import AnyModule
from conv_solve.ranking import ranked
from conv_solve.search import Search
from conv_solve.tally import tally
from conv_solve.windows import Window
from writeup.claims import Answer, Claim, Control, Evidence, Ref, Table, agrees, claim, require
from writeup.errors import CheckFailed
from writeup.figures import Diagram, Edge, Node
from writeup.records.store import Records

MILLION = 10**6
CASES = {
    "1": (Shape(64, 111, 111), Shape(4, 234, 234)),
    "2": (Shape(256, 56, 56), Shape(14, 126, 126)),
    "3": (Shape(256, 56, 56), Shape(42, 72, 72)),
}
CHARACTERS = {
    "transposed": ("Transposed convolution", ("ConvTranspose2d",)),
    "upsampling": ("Convolution and upsampling", ("Conv2d", "Upsample")),
    "shuffle": ("Convolution and pixel shuffle", ("Conv2d", "PixelShuffle")),
    "pooling": ("Pooling and transposed convolution", ("MaxPool2d", "ConvTranspose2d")),
}


@dataclass(frozen=True)
class Case:
    """One of the question's three lines, with its chain of each character."""

    number: str
    start: Shape
    goal: Shape
    chains: dict[str, Chain]

    @property
    def choice(self) -> str:
        """The character with the fewest multiply-adds among chains that are never narrower than A on the way."""
        wide = [name for name, chain in self.chains.items() if min(s.height for s in chain.shapes) >= self.start.height]
        return min(wide, key=lambda name: self.chains[name].macs)


def pick(start: Shape, goal: Shape, modules: tuple[str, ...]) -> Chain:
    """The best-ranked undilated chain of all `modules` that is even, loses no row of A and has no blank row."""
    family = Family(
        modules=modules,
        max_layers=len(modules),
        conv=replace(CONV, dilation=1),
        transposed=replace(TRANSPOSED, dilation=1),
        pool=replace(POOL, kernel=3, dilation=1),
        equal_axes=True,
    )
    return next(
        chain
        for chain in ranked(Search(start, goal, family))
        if {layer.module.name for layer in chain.layers} == set(modules)
        and chain.even
        and chain.discarded == chain.blank == (0, 0)
    )


@functools.cache
def shapes_in_torch(modules: tuple[str, ...], start: Shape) -> tuple[Shape, ...]:
    """Shapes layer by layer on the meta device; raises `CheckFailed` where torch refuses the modules."""
    try:
        return tuple(running.run(list(modules), start, "meta"))
    except (RuntimeError, ValueError, TypeError) as error:
        raise CheckFailed("modules that torch accepts", " -> ".join(modules), str(error).splitlines()[0]) from error


@functools.cache
def runs_for_real(modules: tuple[str, ...], start: Shape) -> tuple[Shape, ...]:
    """The same on real float32 tensors of batch two."""
    return tuple(running.run(list(modules), start))


def _layer_check(chain: Chain, place: int) -> Callable[[str], Evidence]:
    """Candidate: the constructor of one layer. The whole chain runs with it and must give B."""

    def check(constructor: str) -> Evidence:
        modules = (*chain.modules[:place], constructor, *chain.modules[place + 1 :])
        goal = chain.shapes[-1]
        for run in (shapes_in_torch, runs_for_real):
            found = run(modules, chain.start)[-1]
            require(found == goal, goal, found, "output of the chain in torch")
        return Evidence("the whole chain run in torch on the meta device and on float32 tensors, batch 2", list(goal))

    return check


def _slips(layer: Layer) -> Iterator[Control]:
    """The layer with one setting off by one, where that is legal to write and not another solution."""
    module, setting, n = layer.module, layer.height, layer.before.height
    changed: list[tuple[AnyModule, Any, Any, str]] = []
    if isinstance(setting, Window):
        for field, step in itertools.product(setting._fields, (-1, 1)):
            if module.name != "ConvTranspose2d" and field == "output_padding":
                continue
            other = setting._replace(**{field: getattr(setting, field) + step})
            if min(other.kernel, other.stride, other.dilation, other.padding + 1, other.output_padding + 1) >= 1:
                changed.append((module, other, other, f"{field.replace('_', ' ')} off by one"))
        wider = setting._replace(kernel=setting.kernel + 1)
        changed.append((module, setting, wider, "height and width differ"))
    elif module.name == "PixelShuffle":
        twin: AnyModule = type(module)(setting + 1)  # type: ignore[call-arg]
        return (yield Control(twin.constructor(setting + 1, setting + 1, 0, 0), "factor off by one"))
    else:
        changed += [(module, setting + step, setting + step, "factor off by one") for step in (-1, 1)]
    for other_module, height, width, why in changed:
        sizes = other_module.size(height, n), other_module.size(width, n)
        if sizes != layer.after[1:]:
            yield Control(other_module.constructor(height, width, layer.before.channels, layer.after.channels), why)


def _arithmetic_check(layer: Layer) -> Callable[[str], Evidence]:
    """Candidate: the arithmetic in TeX. Read back, its two sides must agree with each other and with torch."""

    def check(text: str) -> Evidence:
        left, right = text.rsplit("=", 1)
        size = shapes_in_torch((layer.constructor,), layer.before)[-1].height
        require(
            int(forms.read(left)) == int(right) == size, size, f"{forms.read(left)} = {right}", "one layer in torch"
        )
        return Evidence("the typeset arithmetic, read back and evaluated, against the layer run in torch", size)

    return check


def _arithmetic(layer: Layer) -> tuple[str, list[Control]]:
    """The worked step, and slips: the result off by one, the last term forgotten."""
    text = forms.worked(layer.module, layer.height, layer.before.height)
    left, right = text.rsplit(" = ", 1)
    slips = [Control(f"{left} = {int(right) + 1}", "result off by one")]
    up = left.replace("floor", "ceil")
    if int(forms.read(up)) != int(right):
        slips.append(Control(f"{up} = {int(forms.read(up))}", "ceil for floor"))
    if left.endswith(" + 1"):
        slips.append(Control(f"{left.removesuffix(' + 1')} = {int(right) - 1}", "the closing + 1 forgotten"))
    return text, slips


def _chain_claims(id: str, what: str, chain: Chain) -> Iterator[Claim]:
    for place, layer in enumerate(chain.layers):
        number, name = place + 1, f"{what}: layer {place + 1}"
        yield claim(
            f"{id}.layer{number}", layer.constructor, name, _layer_check(chain, place), list(_slips(layer)), code=True
        )
        text, slips = _arithmetic(layer)
        yield claim(f"{id}.arithmetic{number}", text, f"{name}, size worked out", _arithmetic_check(layer), slips)
        after = layer.after
        if number == len(chain.layers):
            continue  # that is B
        yield claim(
            f"{id}.shape{number}",
            tuple(after),
            f"{name}, output shape",
            _shape_check(chain, place + 1),
            [
                Control((after.channels, after.height - 1, after.width - 1), "the + 1 forgotten"),
                Control((after.height, after.channels, after.width), "channels last"),
            ],
        )
    learned = next(layer for layer in chain.layers if layer.module.learned)
    kernel, outputs = learned.height.kernel, learned.after.channels
    modules = list(chain.modules)
    built = agrees(lambda: sum(p.numel() for p in running.build(modules, "meta").parameters()), "numel of the modules")
    yield claim(
        f"{id}.parameters",
        chain.parameters,
        f"{what}: parameters",
        built,
        [
            Control(chain.parameters - outputs, "biases forgotten"),
            Control((chain.parameters - outputs) // kernel + outputs, "kernel counted along one axis only"),
        ],
        form=",d",
    )
    area = learned.after if learned.module.name == "ConvTranspose2d" else learned.before  # the wrong side
    yield claim(
        f"{id}.macs",
        round(chain.macs / MILLION, 1),
        f"{what}: million multiply-adds",
        agrees(lambda: round(running.macs(modules, chain.start) * 1e-6, 1), "torch's flop counter"),
        [
            Control((chain.parameters - outputs) * area.height * area.width / MILLION, "positions of the wrong side"),
            Control(2 * chain.macs / MILLION, "multiplications and additions counted apart"),
        ],
        form=",.1f",
    )
    field = chain.receptive_field[0]
    yield claim(
        f"{id}.field",
        field,
        f"{what}: rows of A that one output sees",
        agrees(lambda: _reach(chain).receptive_field, "support of the gradient of single output rows", seed=0),
        [Control(field + 1, "off by one"), Control(field - 1, "off by one")],
    )


_reach = functools.cache(running.reach)


def _shape_check(chain: Chain, place: int) -> Callable[[tuple[int, ...]], Evidence]:
    def check(shape: tuple[int, ...]) -> Evidence:
        found = shapes_in_torch(tuple(chain.modules), chain.start)[place]
        require(tuple(shape) == tuple(found), tuple(found), shape, "shape in torch")
        return Evidence("shape of the tensor after the layer in torch", list(found))

    return check


def _case_claims(case: Case) -> Iterator[Claim]:
    id, start, goal = f"1.1.{case.number}", case.start, case.goal
    search = Search(start, goal)

    def accepts(candidate: tuple[int, int, int]) -> Evidence:
        for chain in case.chains.values():
            found = shapes_in_torch(tuple(chain.modules), Shape(*candidate))[-1]
            require(found == goal, goal, found, "output of a chain in torch")
        return Evidence("all chains of this case run in torch from this shape", list(goal))

    def gives(candidate: tuple[int, int, int]) -> Evidence:
        for chain in case.chains.values():
            found = runs_for_real(tuple(chain.modules), start)[-1]
            require(tuple(candidate) == tuple(found), tuple(found), candidate, "output of a chain in torch")
        return Evidence("all chains of this case run in torch on float32 tensors, batch 2", list(goal))

    taller, fewer = start._replace(height=start.height - 1), goal._replace(channels=goal.channels + 1)
    yield claim(f"{id}.start", tuple(start), "shape A", accepts, [Control(tuple(taller), "a row lost")])
    yield claim(f"{id}.goal", tuple(goal), "shape B", gives, [Control(tuple(fewer), "a channel too many")])
    counted = functools.cache(lambda: tally(start, goal, Family()))
    route = "a second count: every setting at every size in integer tensors, inclusion and exclusion"
    yield claim(
        f"{id}.single",
        search.count_of(1),
        "solutions with a single module",
        agrees(lambda: counted()[0], route),
        [Control(Search(start, goal, Family(max_layers=1, equal_axes=True)).count, "height and width tied")],
        form=",d",
    )
    yield claim(
        f"{id}.count",
        search.count,
        "solutions with one or two modules",
        agrees(lambda: sum(counted()), route),
        [Control(search.count_of(2), "single modules left out"), Control(search.count_of(1), "pairs left out")],
        form=",d",
    )

    def chosen(label: str) -> Evidence:
        cost = {}
        for name, chain in case.chains.items():
            shapes = shapes_in_torch(tuple(chain.modules), start)
            if all(shape.height >= start.height for shape in shapes):
                cost[CHARACTERS[name][0]] = running.macs(chain.modules, start)
        best = min(cost, key=lambda name: cost[name])
        require(label == best, best, label, "fewest multiply-adds by torch's counter")
        return Evidence("torch's flop counter over the chains whose shapes in torch never fall below A", cost)

    cheaper = [name for name, chain in case.chains.items() if chain.macs < case.chains[case.choice].macs]
    if cheaper:
        yield claim(
            f"{id}.squeezed",
            len(cheaper),
            "cheaper chains that fall below A's resolution",
            agrees(lambda: sum(_squeezes_for_less(case, chain) for chain in case.chains.values()), "shapes in torch"),
            [Control(len(case.chains) - 1, "all others"), Control(0, "none")],
        )
    others = [label for name, (label, _) in CHARACTERS.items() if name != case.choice]
    yield claim(f"{id}.choice", CHARACTERS[case.choice][0], "the chain to choose", chosen, others)


def _squeezes_for_less(case: Case, chain: Chain) -> bool:
    narrow = min(shape.height for shape in shapes_in_torch(tuple(chain.modules), case.start)) < case.start.height
    chosen = case.chains[case.choice]
    return narrow and running.macs(chain.modules, case.start) < running.macs(chosen.modules, case.start)


def _shuffle_is_transposed(kernel: int, stride: int) -> bool:
    """Rearranges the weights of a transposed convolution into a convolution before a pixel shuffle and compares."""
    torch.manual_seed(0)
    transposed = nn.ConvTranspose2d(3, 2, kernel, stride, bias=False).double()
    taps = kernel // stride
    convolution = nn.Conv2d(3, 2 * stride**2, taps, padding=taps - 1, bias=False).double()
    with torch.no_grad():
        phases = transposed.weight.view(3, 2, taps, stride, taps, stride).flip(2, 4)  # (in, out, i, a, j, b)
        convolution.weight.copy_(phases.permute(1, 3, 5, 0, 2, 4).reshape_as(convolution.weight))
        inputs = torch.randn(2, 3, 9, 8, dtype=torch.float64)
        return torch.allclose(nn.PixelShuffle(stride)(convolution(inputs)), transposed(inputs), rtol=0, atol=1e-12)


def _shared_claims(cases: list[Case]) -> Iterator[Claim]:
    chains = [chain for case in cases for chain in case.chains.values()]
    route = "autograd on the same layers with few channels"
    for symbol, form, slips in (
        ("windows", forms.WINDOWS, [("2 \\cdot p", "p", "padding on one side only"), (" - 1}", "}", "- 1 forgotten")]),
        ("transposed", forms.TRANSPOSED, [("2 \\cdot p", "p", "padding on one side only"), ("- 2", "+ 2", "sign")]),
    ):
        text = forms.tex(form)
        controls = [Control(text.replace(old, new), why) for old, new, why in slips]
        yield claim(f"1.1.formula_{symbol}", text, "size formula", _formula_check(symbol), controls)
    yield claim(
        "1.1.chains",
        len(chains),
        "chains shown",
        agrees(lambda: sum(len(case.chains) for case in cases), "adding up the cases"),
        [Control(len(cases), "cases instead of chains")],
    )
    windows = [case.chains["transposed"].layers[0].height for case in cases if case.choice == "upsampling"]
    twins = agrees(
        lambda: "the same" if all(_shuffle_is_transposed(w.kernel, w.stride) for w in windows) else "another",
        "weights copied across, outputs compared in double precision",
        tolerance=1e-12,
        seed=0,
    )
    yield claim("1.1.twins", "the same", "what a pixel shuffle computes beside its transposed twin", twins, ["another"])
    smooth = agrees(lambda: "no" if all(map(_keeps_sizes_bilinear, cases)) else "some", "shapes in torch, meta device")
    yield claim("1.1.bilinear", "no", "sizes that bilinear upsampling changes", smooth, ["some"])
    lost = agrees(lambda: sum(_reach(chain).discarded for chain in chains), route, seed=0)
    yield claim("1.1.discarded", 0, "rows of A that no output depends on, all chains", lost, [1, 2])
    missed = agrees(lambda: "no" if sum(_reach(chain).missed for chain in chains) == 0 else "some", route, seed=0)
    yield claim("1.1.missed", "no", "positions of A without gradient, all chains", missed, ["some"])
    even = agrees(
        lambda: "evenly" if all(map(running.overlap_is_even, chains)) else "unevenly", "ones through weights of one"
    )
    yield claim("1.1.overlap", "evenly", "how often kernels cover output rows", even, ["unevenly"])
    trained = agrees(
        lambda: "every" if all(_trains(chain) for chain in chains) else "not every", "one backward pass", seed=0
    )
    yield claim("1.1.trained", "every", "parameters that receive gradient, all chains", trained, ["not every"])


def _phase_claims(case: Case) -> Iterator[Claim]:
    """At how many phases of the pixel shuffle the strided convolution's windows begin; the plain chain's stride."""
    chain, plain = case.chains["shuffle"], case.chains["transposed"]
    stride = chain.layers[1].height.stride
    factor = math.isqrt(chain.start.channels // chain.shapes[1].channels)
    before, id = chain.start, f"1.1.{case.number}"

    def begun() -> int:
        phase_of_channel = torch.arange(before.channels).float() % factor**2  # how torch orders the phases
        image = running.construct(chain.modules[0])(phase_of_channel.view(1, -1, 1, 1).expand(1, *before))
        strided = running.construct(chain.modules[1])
        return len(image[0, 0, :: int(strided.stride[0]), 0].unique())  # type: ignore[index]

    yield claim(
        f"{id}.phases",
        factor // math.gcd(factor, stride),
        "phases of the pixel shuffle at which windows begin, along one axis",
        agrees(begun, "each channel's phase sent through the shuffle in torch, read at the windows' first rows"),
        [Control(1, "as if the stride were a multiple of the factor"), Control(stride, "the stride")],
    )
    yield claim(
        f"{id}.plain_stride",
        plain.layers[0].height.stride,
        "stride of the single transposed convolution",
        agrees(lambda: int(running.construct(plain.modules[0]).stride[0]), "the module built by torch"),  # type: ignore[index]
        [Control(stride, "the other chain's")],
    )


def _keeps_sizes_bilinear(case: Case) -> bool:
    chain = case.chains["upsampling"]
    modules = tuple(module.replace("scale_factor", 'mode="bilinear", scale_factor') for module in chain.modules)
    return shapes_in_torch(modules, case.start) == shapes_in_torch(tuple(chain.modules), case.start)


def _trains(chain: Chain) -> bool:
    twin = running.slim(chain)
    return running.gradients(twin.modules, twin.start).parameters


def _formula_check(symbol: str) -> Callable[[str], Evidence]:
    """Candidate: a formula in TeX. Read back, it must give torch's size for many settings."""

    def check(text: str) -> Evidence:
        expression = forms.read(text)
        for n, k, s, p, d in itertools.product((7, 12), (2, 5), (1, 3), (0, 1), (1, 2)):
            numbers = {forms.n: n, forms.k: k, forms.s: s, forms.p: p, forms.d: d, forms.o: s - 1}
            layer = (
                nn.Conv2d(1, 1, k, s, p, d)
                if symbol == "windows"
                else nn.ConvTranspose2d(1, 1, k, s, p, s - 1, dilation=d)
            )
            try:
                size = layer.to("meta")(torch.zeros(1, 1, n, n, device="meta")).shape[-1]
            except RuntimeError:
                continue  # the window does not fit
            found = int(expression.subs(numbers).doit())
            require(found == size, size, found, f"{layer} on {n} rows")
        return Evidence("the typeset formula, read back, against torch for a grid of settings")

    return check


def _table(case: Case) -> Table:
    rows: list[list[str | Ref] | str] = []
    for name, chain in case.chains.items():
        rows.append(CHARACTERS[name][0])
        for place, layer in enumerate(chain.layers, 1):
            id = f".{case.number}.{name}"
            costs: list[str | Ref] = [Ref(f"{id}.parameters"), Ref(f"{id}.macs")] if layer.module.learned else ["", ""]
            last = place == len(chain.layers)
            shape = Ref(f".{case.number}.goal") if last else Ref(f"{id}.shape{place}")
            rows.append([Ref(f"{id}.layer{place}"), shape, *costs, Ref(f"{id}.field") if last else ""])
    return Table(["Module", "Output", "Params", "MACs (M)", "Sees"], rows, "llrrr")


def _picture(case: Case) -> Diagram:
    """One row a chain, with the shape on every arrow."""
    nodes, edges = [], []
    columns = 1 + max(len(chain.layers) for chain in case.chains.values())
    for row, (name, chain) in enumerate(case.chains.items()):
        places = [0, *range(1, len(chain.layers) + 1), columns]
        nodes.append(Node(f"{name}0", "A", shape="round", row=row, column=0))
        for place, layer in enumerate(chain.layers, 1):
            numbers = forms.values(layer.module, layer.height, layer.before.height)
            # defaults go without saying; a pool's default stride is its kernel
            idle = {forms.p: 0, forms.d: 1, forms.o: 0} | ({forms.s: 1} if layer.module.learned else {})
            said = [f"{symbol} = {number}" for symbol, number in numbers.items() if idle.get(symbol) != number]
            detail = ", ".join(part for part in said if not part.startswith("n "))
            nodes.append(Node(f"{name}{place}", layer.module.name, detail, row=row, column=place))
        last = len(chain.layers) + 1
        nodes.append(Node(f"{name}{last}", "B", shape="round", row=row, column=places[-1]))
        edges += [
            Edge(f"{name}{i}", f"{name}{i + 1}", str(shape).replace(", ", ",\n", 1))
            for i, shape in enumerate(chain.shapes)
        ]
    return Diagram(nodes, edges, direction="LR")


def answer(_records: Records) -> Answer:
    """Pick, claim, tabulate and draw the chains of the three cases."""
    cases = [
        Case(number, start, goal, {name: pick(start, goal, modules) for name, (_, modules) in CHARACTERS.items()})
        for number, (start, goal) in CASES.items()
    ]
    claims = [*_shared_claims(cases)]
    for case in cases:
        claims += _case_claims(case)
        if case.choice == "shuffle":
            claims += _phase_claims(case)
        for name, chain in case.chains.items():
            claims += _chain_claims(f"1.1.{case.number}.{name}", f"case {case.number}, {CHARACTERS[name][0]}", chain)
    return Answer(
        "1.1",
        claims,
        tables={f"case{case.number}": _table(case) for case in cases},
        figures={f"case{case.number}": _picture(case) for case in cases},
        context={
            "cases": {case.number: {name: len(chain.layers) for name, chain in case.chains.items()} for case in cases},
            "labels": {name: label for name, (label, _) in CHARACTERS.items()},
            "choices": {case.number: case.choice for case in cases},
        },
    )
