"""The picture of back-propagation through time: two windows unrolled, values forwards, gradients back to the cut."""

from __future__ import annotations

from itertools import pairwise

from writeup.figures import Drawing, cut

STEP, GAP, SHIFT = 1.25, 2.05, 0.11  # cm between words, between windows, between a value's arrow and its gradient's


def two_windows_drawing(window: int) -> Drawing:
    """Two windows of `window` words: of each the first word, the second and the last."""
    d = Drawing("two windows")
    x = 0.0
    columns: list[tuple[str, float]] = []
    for k in range(2):
        for word, apart in (
            (k * window + 1, GAP if k else 0.0),
            (k * window + 2, STEP),
            ((k + 1) * window, 1.5 * STEP),
        ):
            x += apart
            columns.append((str(word), x))
    for name, x in columns:
        d.node(f"x{name}", (x, -1.15), f"$x_{{{name}}}$", width=0.8, height=0.5, stroke="grey")
        d.node(f"h{name}", (x, 0), f"$h_{{{name}}}$", width=0.8, height=0.56, form="round", fill="lstm!15")
        d.node(f"l{name}", (x, 1.2), rf"$\ell_{{{name}}}$", width=0.8, height=0.5, form="pill", stroke="dim")
        for lower, upper in ((f"x{name}", f"h{name}"), (f"h{name}", f"l{name}")):
            _both(d, f"{lower}.north", f"{upper}.south", -SHIFT, 0.0)
    names = [name for name, _ in columns]
    for left, right in pairwise(names):
        ghost = int(right) == window + 1
        _both(d, f"h{left}.east", f"h{right}.west", 0.0, SHIFT, "grey" if ghost else "gru")
    for k in range(2):
        first, last = names[3 * k], names[3 * k + 2]
        middle = (d.at(f"h{names[3 * k + 1]}")[0] + d.at(f"h{last}")[0]) / 2
        for y in (-1.15, 1.2):
            d.text((middle, y), r"$\dots$", colour="dim")
        for y in (SHIFT, -SHIFT):
            d.rectangle((middle - 0.2, y - 0.05), 0.4, 0.1, "paper")
        d.text((middle, 0), r"$\dots$", colour="dim", over=True)
        d.frame(f"window {k + 1}: `loss.backward()`", f"l{first}", f"x{last}", margin=0.22)
    at = (d.at(f"h{window}")[0] + d.at(f"h{window + 1}")[0]) / 2
    cut(d, (at, -SHIFT - 0.04), size=0.3)
    d.text((at, 0.34), "values", colour="lstm", size=7.5)
    d.text((at, -0.5), "`detach()`", colour="gru", size=7.5)
    return d


def _both(d: Drawing, start: str, end: str, dx: float, dy: float, gradient: str = "gru") -> None:
    """A value's arrow, and beside it its gradient's, which runs back."""
    d.arrow(d.at(start, dx, dy), d.at(end, dx, dy), colour="lstm", over=True)
    d.arrow(d.at(end, -dx, -dy), d.at(start, -dx, -dy), colour=gradient, dashed=True, over=True)
