"""One axis of a plot: its limits, its tick positions and tick labels, and where on the axis a value lies.

Positions come from matplotlib's locators, and both pictures (TeX and SVG) use the ones found here, so they agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from matplotlib.ticker import LogLocator, MaxNLocator, ScalarFormatter

from writeup.errors import WriteupError

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Axis:
    """From `low` to `high` in data units; `ticks` and their `labels` (plain text, or `$...$` for powers of ten)."""

    scale: Scale
    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def place(self, value: float) -> float:
        """Where `value` lies: 0 at the low end, 1 at the high end."""
        low, high = self._even(self.low), self._even(self.high)
        return (self._even(value) - low) / (high - low)

    def value(self, place: float) -> float:
        """What lies at a place: the inverse of `place`."""
        low, high = self._even(self.low), self._even(self.high)
        even = low + place * (high - low)
        return float(10**even) if self.scale == "log" else even

    def holds(self, value: float) -> bool:
        """Whether `value` is finite and lies within the limits."""
        if not math.isfinite(value) or (self.scale == "log" and value <= 0):
            return False
        return -1e-9 <= self.place(value) <= 1 + 1e-9

    def nearest(self, value: float) -> float:
        """`value`, or the limit beyond which it lies."""
        return min(max(value, min(self.low, self.high)), max(self.low, self.high))

    def _even(self, value: float) -> float:
        """On a scale along which equal steps are equally long."""
        return math.log10(value) if self.scale == "log" else value


def fit_axis(
    values: Sequence[float],
    scale: Scale,
    limits: tuple[float, float] | None = None,
    ticks: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    margin: float = 0.04,
    name: str = "axis",
    room: int = 6,
) -> Axis:
    """An axis that shows all `values`: with a margin on both sides, or exactly `limits` where they are given.

    About `room` ticks are made. Raises `WriteupError` for values that the scale cannot show.
    """
    bad = [v for v in [*values, *(limits or ()), *(ticks or ())] if not math.isfinite(v) or (scale == "log" and v <= 0)]
    if bad or not values:
        raise WriteupError(
            f"plot: {name} received {bad[0] if bad else 'no value'}; a {scale} axis shows "
            f"{'positive ' if scale == 'log' else ''}finite numbers"
        )
    low, high = limits or _padded(min(values), max(values), scale, margin)
    if not low < high:
        raise WriteupError(f"plot: {name} has limits {low} and {high}; the lower one comes first")
    positions = _positions(low, high, scale, room) if ticks is None else ticks
    spread = Axis(scale, float(low), float(high), (), ())
    shown = [float(p) for p in positions if spread.holds(p)]
    if labels is None:
        texts = _linear_labels(shown, low, high) if scale == "linear" else _log_labels(shown)
    elif ticks is None or len(labels) != len(shown):
        raise WriteupError(f"plot: {name} has {len(labels)} tick labels for {len(shown)} ticks within its limits")
    else:
        texts = list(labels)
    return replace(spread, ticks=tuple(shown), labels=tuple(texts))


def _positions(low: float, high: float, scale: Scale, room: int) -> Sequence[float]:
    """Round positions, some of which may lie beyond the limits; on a log axis powers of ten if enough of them fit."""
    if scale == "log":
        for locator in (LogLocator(numticks=room + 2), LogLocator(subs=[1, 2, 5], numticks=room + 2)):
            found = locator.tick_values(low, high)
            if sum(low <= position <= high for position in found) >= 3:
                return list(found)
    return list(MaxNLocator(room, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))


def _padded(low: float, high: float, scale: Scale, margin: float) -> tuple[float, float]:
    if scale == "log":
        factor = (high / low) ** margin if high > low else 1.5
        return low / factor, high * factor
    pad = margin * (high - low) if high > low else max(abs(high), 1.0) * 0.1
    return low - pad, high + pad


def _linear_labels(ticks: Sequence[float], low: float, high: float) -> list[str]:
    formatter = ScalarFormatter(useOffset=False)
    formatter.set_scientific(False)
    formatter.create_dummy_axis()
    formatter.axis.set_view_interval(low, high)  # type: ignore[union-attr] # the line above has just made it
    texts = [text.replace("\N{MINUS SIGN}", "-") for text in formatter.format_ticks(list(ticks))]
    return [_grouped(text) for text in texts]


def _grouped(text: str) -> str:
    """With the thousands separated."""
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if len(whole.lstrip("-")) > 3 else text


def _log_labels(ticks: Sequence[float]) -> list[str]:
    apart = min((b - a for a, b in pairwise(sorted(ticks))), default=math.inf) / 1000
    digits = next(n for n in range(6, 18) if all(abs(float(f"{tick:.{n}g}") - tick) <= apart for tick in ticks))
    if all(tick == 0 or 1e-3 <= abs(tick) <= 1e5 for tick in ticks):
        return [_grouped(f"{tick:.{digits}g}") for tick in ticks]
    texts = []
    for tick in ticks:
        if tick <= 0:
            texts.append(f"${_log_labels([-tick])[0].strip('$')}$".replace("$", "$-", 1) if tick else "0")
            continue
        exponent = math.floor(math.log10(tick) + 1e-9)
        factor = f"{tick / 10**exponent:.{digits}g}"
        texts.append(f"$10^{{{exponent}}}$" if factor == "1" else f"${factor} \\times 10^{{{exponent}}}$")
    return texts
