"""One axis of a plot: its limits, its tick positions and tick labels, and where on the axis a value lies.

Positions come from matplotlib's locators, and both pictures (TeX and SVG) use the ones found here, so they agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from matplotlib.ticker import LogLocator, MaxNLocator, ScalarFormatter

from writeup.errors import WriteupError

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Axis:
    """`low` < `high` in data units; `ticks` and their `labels` (plain text, or `$...$` for powers of ten)."""

    scale: Scale
    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def place(self, value: float) -> float:
        """Where `value` lies: 0 at the low end, 1 at the high end."""
        if self.scale == "log":
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def fit_axis(
    values: Sequence[float],
    scale: Scale,
    limits: tuple[float, float] | None = None,
    ticks: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    margin: float = 0.04,
    from_zero: bool = False,
    name: str = "axis",
) -> Axis:
    """An axis that shows all `values`: with a margin on both sides, or exactly `limits` where they are given.

    `from_zero` keeps zero in view (bars stand on it). Raises `WriteupError` for values that the scale cannot show.
    """
    bad = [v for v in [*values, *(limits or ()), *(ticks or ())] if not math.isfinite(v) or (scale == "log" and v <= 0)]
    if bad or not values:
        raise WriteupError(
            f"plot: {name} received {bad[0] if bad else 'no value'}; a {scale} axis shows "
            f"{'positive ' if scale == 'log' else ''}finite numbers"
        )
    low, high = limits or _padded(min(values), max(values), scale, margin, from_zero)
    if not low < high:
        raise WriteupError(f"plot: {name} has limits {low} and {high}; the lower one comes first")
    positions = _positions(low, high, scale) if ticks is None else ticks
    spread = Axis(scale, float(low), float(high), (), ())
    shown = [float(p) for p in positions if p > 0 or scale == "linear"]
    shown = [p for p in shown if -1e-9 <= spread.place(p) <= 1 + 1e-9]  # rounding must not lose a tick at the very end
    if labels is None:
        texts = _log_labels(shown) if scale == "log" else _linear_labels(shown, low, high)
    elif ticks is None or len(labels) != len(shown):
        raise WriteupError(f"plot: {name} has {len(labels)} tick labels for {len(shown)} ticks within its limits")
    else:
        texts = list(labels)
    return replace(spread, ticks=tuple(shown), labels=tuple(texts))


def _positions(low: float, high: float, scale: Scale) -> Sequence[float]:
    """Round positions, some of which may lie beyond the limits; on a log axis powers of ten if enough of them fit."""
    if scale == "log":
        for locator in (LogLocator(), LogLocator(subs=[1, 2, 5])):
            found = locator.tick_values(low, high)
            if sum(low <= position <= high for position in found) >= 3:
                return list(found)
    return list(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))


def _padded(low: float, high: float, scale: Scale, margin: float, from_zero: bool) -> tuple[float, float]:
    if scale == "log":
        factor = (high / low) ** margin if high > low else 1.5
        return low / factor, high * factor
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = margin * (high - low) if high > low else max(abs(high), 1.0) * 0.1
    return (low if from_zero and low == 0 else low - pad), (high if from_zero and high == 0 else high + pad)


def _linear_labels(ticks: Sequence[float], low: float, high: float) -> list[str]:
    formatter = ScalarFormatter(useOffset=False)
    formatter.set_scientific(False)
    formatter.create_dummy_axis()
    formatter.axis.set_view_interval(low, high)  # type: ignore[union-attr] # the line above has just made it
    return [text.replace("\N{MINUS SIGN}", "-") for text in formatter.format_ticks(list(ticks))]


def _log_labels(ticks: Sequence[float]) -> list[str]:
    if ticks and ticks[0] >= 1e-3 and ticks[-1] < 1e5:
        return [f"{tick:g}" for tick in ticks]
    texts = []
    for tick in ticks:
        exponent = math.floor(math.log10(tick) + 1e-9)
        factor = f"{tick / 10**exponent:g}"
        texts.append(f"$10^{{{exponent}}}$" if factor == "1" else f"${factor} \\times 10^{{{exponent}}}$")
    return texts
