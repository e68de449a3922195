"""The family of chains that is searched: one frozen description, printed with every result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import NamedTuple

from conv_solve.module import AnyModule
from conv_solve.resizing import (
    AdaptiveAvgPool2d,
    PixelShuffle,
    PixelUnshuffle,
    Upsample,
    UpsampleSize,
    ZeroPad2d,
)
from conv_solve.windows import AvgPool2d, Bounds, Conv2d, ConvTranspose2d, MaxPool2d
from writeup.errors import WriteupError

MODULES = (
    "Conv2d",
    "ConvTranspose2d",
    "MaxPool2d",
    "AvgPool2d",
    "Upsample",
    "PixelShuffle",
    "PixelUnshuffle",
    "ZeroPad2d",
)
FORCED = ("UpsampleSize", "AdaptiveAvgPool2d")
MOST_SETTINGS = 1_000_000  # a minute of work
CONV = Bounds(kernel=20, stride=4, padding=10, dilation=4)
TRANSPOSED = Bounds(kernel=20, stride=4, padding=10, dilation=4, output_padding=3)
POOL = Bounds(kernel=5, stride=4, padding=2, dilation=2)
FACTORS = (Fraction(3, 2), Fraction(2), Fraction(5, 2), Fraction(3), Fraction(4))


class SolverError(WriteupError):
    """A question the solver cannot take: its message says what was received and what is allowed."""


def short(received: object, most: int = 60) -> str:
    """What was received, on one line and cut: for messages."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(received)[: 10 * most]).split())
    return text if len(text) <= most else f"{text[:most]}..."


class Shape(NamedTuple):
    """Dimensionalities (C, H, W) of one sample."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"({self.channels}, {self.height}, {self.width})"


@dataclass(frozen=True)
class Family:
    """Chains of at most `max_layers` modules, each within its bounds.

    `modules`: names in `MODULES` and `FORCED`; the latter are told the goal's size. `conv`, `transposed`, `pool`:
    bounds of the windows (average pooling has no dilation). `factors`: of Upsample; `shuffles`: of PixelShuffle and its
    inverse. `margin`: rows that ZeroPad2d adds or crops at most on a side. `channels`: what a convolution may write
    besides the start's channels, the goal's, and the goal's times each shuffle's factor squared. `equal_axes`: height
    and width share every setting. `growth`: no height or width between exceeds the largest of start and goal times
    this.
    """

    modules: tuple[str, ...] = MODULES
    max_layers: int = 2
    conv: Bounds = CONV
    transposed: Bounds = TRANSPOSED
    pool: Bounds = POOL
    factors: tuple[Fraction, ...] = FACTORS
    shuffles: tuple[int, ...] = (2, 3, 4)
    margin: int = 4
    channels: tuple[int, ...] = ()
    equal_axes: bool = False
    growth: int = 4

    def __post_init__(self) -> None:
        unknown = [name for name in self.modules if name not in MODULES + FORCED]
        if unknown or not self.modules:
            raise SolverError(
                f"modules {short(', '.join(unknown)) or '(none)'}: allowed are {', '.join(MODULES + FORCED)}"
            )
        if self.max_layers < 0:
            raise SolverError(f"max_layers {self.max_layers}: must be 0 or more")
        for factor in self.factors:
            if factor <= 1 or factor.denominator & (factor.denominator - 1):
                raise SolverError(
                    f"Upsample factor {factor}: must exceed 1 and be exact in binary, such as 1.5 or 2.25"
                )
        for bounds in (self.conv, self.transposed, self.pool):
            if min(bounds.kernel, bounds.stride, bounds.dilation) < 1:
                raise SolverError(f"{bounds}: kernel, stride and dilation must be 1 or more")
            if bounds.most_settings > MOST_SETTINGS:
                raise SolverError(
                    f"{bounds}: {bounds.most_settings:,} settings of one axis are too many to search; "
                    f"at most {MOST_SETTINGS:,}: lower the largest bound"
                )
        if any(factor < 2 for factor in self.shuffles) or any(channels < 1 for channels in self.channels):
            raise SolverError(f"shuffles {self.shuffles} must be 2 or more, channels {self.channels} 1 or more")

    def build(self, goal: Shape) -> tuple[AnyModule, ...]:
        """The modules in their order of rank; what couples the axes (ceil_mode, a shuffle's factor) splits a module."""
        return tuple(module for name in self.modules for module in self._build(name, goal))

    def _build(self, name: str, goal: Shape) -> Iterator[AnyModule]:
        undilated = Bounds(self.pool.kernel, self.pool.stride, self.pool.padding)
        sizes = tuple(sorted({goal.height, goal.width}))
        match name:
            case "Conv2d":
                yield Conv2d(self.conv)
            case "ConvTranspose2d":
                yield ConvTranspose2d(self.transposed)
            case "MaxPool2d":
                yield from (MaxPool2d(self.pool, ceil_mode) for ceil_mode in (False, True))
            case "AvgPool2d":
                yield from (AvgPool2d(undilated, ceil_mode) for ceil_mode in (False, True))
            case "Upsample":
                yield Upsample(self.factors)
            case "PixelShuffle":
                yield from (PixelShuffle(factor) for factor in self.shuffles)
            case "PixelUnshuffle":
                yield from (PixelUnshuffle(factor) for factor in self.shuffles)
            case "ZeroPad2d":
                yield ZeroPad2d(self.margin)
            case "AdaptiveAvgPool2d":
                yield AdaptiveAvgPool2d(sizes)
            case "UpsampleSize":
                yield UpsampleSize(sizes)

    def offered_channels(self, start: Shape, goal: Shape) -> tuple[int, ...]:
        """The finite set from which a convolution chooses its output's channels."""
        shuffled = {goal.channels * factor**2 for factor in self.shuffles} if "PixelShuffle" in self.modules else set()
        return tuple(sorted({start.channels, goal.channels, *shuffled, *self.channels}))

    def __str__(self) -> str:
        parts = [f"up to {self.max_layers} layers of {', '.join(self.modules)}"]
        for bounds, names in (
            (self.conv, "Conv2d"),
            (self.transposed, "ConvTranspose2d"),
            (self.pool, "MaxPool2d AvgPool2d"),
        ):
            if any(name in self.modules for name in names.split()):
                limits = [f"{field} <= {most}" for field, most in asdict(bounds).items() if most]
                parts.append(f"{names.replace(' ', ', ')}: {', '.join(limits)}")
        parts += [
            f"Upsample by {', '.join(f'{float(factor):g}' for factor in self.factors)}",
            f"shuffles by {', '.join(map(str, self.shuffles))}",
            f"ZeroPad2d -{self.margin} to {self.margin} a side",
            "height and width alike" if self.equal_axes else "height and width free",
            f"sizes between up to {self.growth} times the largest",
        ]
        return "; ".join(parts)
