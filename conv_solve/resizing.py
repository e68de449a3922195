r"""Modules without a window: upsampling, pixel shuffles, zero padding and cropping, and those told their output size.

Formulas: the shape sections of their pages in https://pytorch.org/docs/stable/nn.html; :math:`n` rows come in,
:math:`m` go out.
"""
# ruff: noqa: ARG002 -- every module answers the same questions, whether or not it needs each argument

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from conv_solve.module import Module, axes_text


@dataclass(frozen=True)
class Upsample(Module[Fraction]):
    r""":math:`m = \lfloor n f \rfloor`. Factors are halves, quarters, ...: exact in binary, as torch computes the
    product in floating point. `mode`: "nearest", or "bilinear", which mixes the two rows beside
    :math:`(i + 1/2)/f - 1/2`."""

    factors: tuple[Fraction, ...]
    mode: str = "nearest"

    def settings(self) -> Iterator[Fraction]:
        yield Fraction(1)
        yield from self.factors

    def size(self, setting: Fraction, n: int) -> int:
        return n * setting.numerator // setting.denominator

    def preimages(self, setting: Fraction, m: int) -> Iterable[int]:
        first = -(-m * setting.denominator // setting.numerator)
        return range(max(1, first), first + setting.denominator + 1)

    def reads(self, setting: Fraction, n: int, row: int) -> Iterable[int]:
        if self.mode == "bilinear":
            place = max(Fraction(0), (row + Fraction(1, 2)) / setting - Fraction(1, 2))
            first = min(n - 1, int(place))
            return (first,) if place == first or first == n - 1 else (first, first + 1)
        return (min(n - 1, row * setting.denominator // setting.numerator),)

    def redundant(self, setting: Fraction, n: int) -> bool:
        return setting == 1

    def arguments(self, height: Fraction, width: Fraction) -> str:
        number = [f"{float(factor):g}" for factor in (height, width)]
        return f"scale_factor={axes_text(*number)}" + (f', mode="{self.mode}"' if self.mode != "nearest" else "")


@dataclass(frozen=True)
class Shuffle(Module[int]):
    """Modules that move pixels between channels and places: one setting, :math:`r`."""

    factor: int

    def settings(self) -> Iterator[int]:
        yield self.factor

    def arguments(self, height: int, width: int) -> str:
        return f"{self.factor}"


class PixelShuffle(Shuffle):
    r""":math:`(C, n) \to (C/r^2, nr)`."""

    def size(self, setting: int, n: int) -> int:
        return n * setting

    def preimages(self, setting: int, m: int) -> Iterable[int]:
        return (m // setting,) if m % setting == 0 else ()

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return (row // setting,)

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        return (channels // self.factor**2,) if channels % self.factor**2 == 0 else ()


class PixelUnshuffle(Shuffle):
    r""":math:`(C, n) \to (Cr^2, n/r)`, where :math:`r` divides :math:`n`."""

    def size(self, setting: int, n: int) -> int:
        return n // setting if n % setting == 0 else 0

    def preimages(self, setting: int, m: int) -> Iterable[int]:
        return (m * setting,)

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return range(row * setting, (row + 1) * setting)

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        return (channels * self.factor**2,)


class Margins(NamedTuple):
    """Rows added before and after; a negative number crops."""

    before: int
    after: int


@dataclass(frozen=True)
class ZeroPad2d(Module[Margins]):
    r""":math:`m = n + a + b`. Crops must leave a row of the input: torch narrows first, then pads."""

    most: int

    def settings(self) -> Iterator[Margins]:
        sizes = sorted(range(-self.most, self.most + 1), key=lambda size: (abs(size), size))
        return (Margins(before, after) for before in sizes for after in sizes)

    def size(self, setting: Margins, n: int) -> int:
        kept = n + min(setting.before, 0) + min(setting.after, 0)
        return n + setting.before + setting.after if kept >= 1 else 0

    def preimages(self, setting: Margins, m: int) -> Iterable[int]:
        n = m - setting.before - setting.after
        return (n,) if n >= 1 else ()

    def reads(self, setting: Margins, n: int, row: int) -> Iterable[int]:
        first, last = max(0, -setting.before), n - 1 - max(0, -setting.after)
        return (row - setting.before,) if first <= row - setting.before <= last else ()

    def redundant(self, setting: Margins, n: int) -> bool:
        return setting == (0, 0)

    def key(self, setting: Margins) -> Hashable:
        return setting.before + setting.after, min(setting.before, 0) + min(setting.after, 0), setting == (0, 0)

    def arguments(self, height: Margins, width: Margins) -> str:
        return f"({width.before}, {width.after}, {height.before}, {height.after})"


@dataclass(frozen=True)
class Forced(Module[int]):
    """Modules that are told their output size: they solve everything, so they are no part of the default family."""

    sizes: tuple[int, ...]
    forces: ClassVar[bool] = True

    def settings(self) -> Iterator[int]:
        return iter(self.sizes)

    def size(self, setting: int, n: int) -> int:
        return setting

    def preimages(self, setting: int, m: int) -> Iterable[int]:
        raise NotImplementedError("every size is a preimage: ask `forces`")

    def redundant(self, setting: int, n: int) -> bool:
        return setting == n

    def arguments(self, height: int, width: int) -> str:
        return f"({height}, {width})"


class AdaptiveAvgPool2d(Forced):
    r"""Means over rows :math:`\lfloor in/m \rfloor` to :math:`\lceil (i+1)n/m \rceil - 1`."""

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return range(row * n // setting, -(-(row + 1) * n // setting))


class UpsampleSize(Forced):
    """``nn.Upsample(size=...)``, nearest neighbour."""

    @property
    def name(self) -> str:
        return "Upsample"

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return (row * n // setting,)

    def arguments(self, height: int, width: int) -> str:
        return f"size=({height}, {width})"
