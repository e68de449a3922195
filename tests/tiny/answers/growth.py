"""A.2: doubling against squaring, decided by a limit and checked by trying."""

import sympy

from writeup.claims import Answer, Evidence, claim, require
from writeup.figures import Plot, Series
from writeup.records.store import Records


def answer(_records: Records) -> Answer:
    n = sympy.Symbol("n", positive=True)
    winner = "doubling" if sympy.limit(n**2 / 2**n, n, sympy.oo) == 0 else "squaring"

    def wins_from_here_on(candidate: str) -> Evidence:
        trials = [2**k > k**2 for k in range(5, 60)]
        found = "doubling" if all(trials) else "squaring"
        require(candidate == found, found, candidate, "trying numbers")
        return Evidence("trying fifty-five numbers in turn", found)

    numbers = list(range(1, 9))
    return Answer(
        "A.2",
        [claim("A.2.winner", winner, "which grows faster", wins_from_here_on, ["squaring"])],
        figures={
            "race": Plot(
                series=[
                    Series("doubling", numbers, [2.0**k for k in numbers]),
                    Series("squaring", numbers, [float(k**2) for k in numbers]),
                ],
                x_label="number",
                y_label="value",
            )
        },
    )
