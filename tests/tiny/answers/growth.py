"""A.2: doubling against squaring, decided by a limit and checked by trying."""

import sympy

from writeup.claims import Answer
from writeup.facts import Facts, by
from writeup.figures import Plot, Series
from writeup.records.store import Records


def answer(_records: Records) -> Answer:
    a = Facts("A.2")
    n = sympy.Symbol("n", positive=True)
    winner = "doubling" if sympy.limit(n**2 / 2**n, n, sympy.oo) == 0 else "squaring"
    a("winner", winner, by("trying fifty-five numbers in turn", tried), {"squaring": "right up to four"})

    numbers = list(range(1, 9))
    doubled = Series("doubling", numbers, [2.0**k for k in numbers])
    squared = Series("squaring", numbers, [float(k**2) for k in numbers])
    return a.answer(figures={"race": Plot(series=[doubled, squared], x_label="number", y_label="value")})


def tried() -> str:
    return "doubling" if all(2**k > k**2 for k in range(5, 60)) else "squaring"
