"""1b: the parameters of a perceptron with one hidden layer, by a formula; checked on modules that are built."""

from torch import nn

from experiments.digits import Settings, network
from writeup.claims import Answer
from writeup.facts import Facts, by, when
from writeup.records.store import Records

FORMULAS = {  # the first is the answer, the others are slips
    "(d + 1) h + (h + 1) c": lambda d, h, c: (d + 1) * h + (h + 1) * c,
    "d h + h c": lambda d, h, c: d * h + h * c,
    "(d + 1) h + h c": lambda d, h, c: (d + 1) * h + h * c,
}


def answer(_records: Records) -> Answer:
    a = Facts("1b")
    sizes = d, h, c = Settings.sizes
    first, last = network(sizes)[0], network(sizes)[-1]
    a("inputs", d, by("what the first module takes", lambda: first.in_features))
    a("hidden", h, by("what the first module gives", lambda: first.out_features))
    a("classes", c, by("what the last module gives", lambda: last.out_features))
    biases = {d * h: "the biases forgotten"}
    a("in_first", (d + 1) * h, by("the first module, counted", count, first), biases)
    a("in_last", (h + 1) * c, by("the last module, counted", count, last), {h * c: "the biases forgotten"})
    total = FORMULAS[next(iter(FORMULAS))](d, h, c)
    a("total", total, by("the network, counted", count, network(sizes)), {d * h + h * c: "the biases forgotten"})
    built = [(3, 4, 2), (7, 2, 5), sizes]
    fits = when("networks of three sizes, counted", lambda f: all(FORMULAS[f](*s) == count(network(s)) for s in built))
    a.one_of("formula", FORMULAS, fits)
    a.say(
        "mostly_first", lambda in_first, total: in_first > 0.8 * total, {"in_first": total // 2}, {"total": 2 * total}
    )
    return a.answer()


def count(module: nn.Module) -> int:
    return sum(weights.numel() for weights in module.parameters())
