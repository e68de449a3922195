r"""What the solver knows of each ``torch.nn`` module, seen along one spatial axis.

A module maps an axis of :math:`n` rows to one of :math:`m` rows by an exact integer function of its settings; height and
width follow the same function with settings of their own. Formulas: the shape sections of the ``torch.nn`` documentation.
What couples the two axes (``ceil_mode``, a shuffle's factor) is a field of the module, not a setting of an axis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

Setting = TypeVar("Setting")


class Window(NamedTuple):
    """One axis of a sliding window, in the words of ``torch.nn.Conv2d`` and ``torch.nn.ConvTranspose2d``."""

    kernel: int
    stride: int
    padding: int = 0
    dilation: int = 1
    output_padding: int = 0

    @property
    def reach(self) -> int:
        r"""Distance between the first and the last row of a window, :math:`d(k-1)`."""
        return self.dilation * (self.kernel - 1)


@dataclass(frozen=True)
class Bounds:
    """Largest values of a window's settings, each from its smallest legal value up."""

    kernel: int
    stride: int
    padding: int
    dilation: int = 1
    output_padding: int = 0

    def windows(self) -> Iterator[Window]:
        """All windows in these bounds; dilation stays 1 where the kernel is 1, since it has no effect there."""
        for kernel in range(1, self.kernel + 1):
            for dilation in range(1, (self.dilation if kernel > 1 else 1) + 1):
                for padding in range(self.padding + 1):
                    for stride in range(1, self.stride + 1):
                        yield Window(kernel, stride, padding, dilation)


class Module(ABC, Generic[Setting]):
    """One ``torch.nn`` module along one axis."""

    learned: ClassVar[bool] = False  # has weights, and chooses its output's channels
    forces: ClassVar[bool] = False  # gives the same size whatever comes in

    @property
    def name(self) -> str:
        """The class name in ``torch.nn``."""
        return type(self).__name__

    @abstractmethod
    def settings(self) -> Iterator[Setting]:
        """Every setting of one axis, the simplest first."""

    @abstractmethod
    def size(self, setting: Setting, n: int) -> int:
        """Rows out of ``n`` rows; 0 where the family or torch refuses the input."""

    @abstractmethod
    def preimages(self, setting: Setting, m: int) -> Iterable[int]:
        """A few input sizes (at least 1) among which are all those with ``size(setting, n) == m``."""

    @abstractmethod
    def reads(self, setting: Setting, n: int, row: int) -> Iterable[int]:
        """The rows of the input (of ``n``) from which output ``row`` is computed; padding is none of them."""

    @abstractmethod
    def arguments(self, height: Setting, width: Setting) -> str:
        """The constructor's arguments that set the two axes."""

    def key(self, setting: Setting) -> Hashable:
        """Settings with the same key have the same size, and are as redundant, for every input."""
        return setting

    def kernel(self, setting: Setting) -> int:
        """Weights along this axis; 0 for a module that learns nothing."""
        return 0

    def redundant(self, setting: Setting, n: int) -> bool:
        """Whether the module does nothing along this axis; if so along both, it is no part of the family."""
        return False

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        """Channels that can follow ``channels``, where a convolution may choose among those ``offered``."""
        return (channels,)

    def constructor(self, height: Setting, width: Setting, channels_in: int, channels_out: int) -> str:
        """The call that builds the module after ``from torch import nn``."""
        channels = f"{channels_in}, {channels_out}, " if self.learned else ""
        return f"nn.{self.name}({channels}{self.arguments(height, width)})"


def axes_text(height: object, width: object) -> str:
    """One number where the axes agree, else torch's pair (height, width)."""
    return f"{height}" if height == width else f"({height}, {width})"


class Sliding(Module[Window]):
    """Modules that move a window: written with its keyword arguments, those at their defaults left out."""

    def arguments(self, height: Window, width: Window) -> str:
        words = [
            f"kernel_size={axes_text(height.kernel, width.kernel)}",
            f"stride={axes_text(height.stride, width.stride)}",
        ]
        for field, default in (("padding", 0), ("output_padding", 0), ("dilation", 1)):
            pair = getattr(height, field), getattr(width, field)
            if pair != (default, default):
                words.append(f"{field}={axes_text(*pair)}")
        return ", ".join(words)

    def _starts(self, setting: Window, m: int) -> range:
        """Inputs for which the window fits at least ``m`` times, and not ``m + 1`` times."""
        fits = (m - 1) * setting.stride + setting.reach + 1 - 2 * setting.padding
        return range(max(1, fits), fits + setting.stride)

    def reads(self, setting: Window, n: int, row: int) -> Iterable[int]:
        first = row * setting.stride - setting.padding
        return (tap for tap in range(first, first + setting.reach + 1, setting.dilation) if 0 <= tap < n)


@dataclass(frozen=True)
class Conv2d(Sliding):
    r""":math:`m = \lfloor (n + 2p - d(k-1) - 1)/s \rfloor + 1`. Padding stays within :math:`d(k-1)`: beyond it whole
    windows would see nothing but padding."""

    bounds: Bounds
    learned: ClassVar[bool] = True

    def settings(self) -> Iterator[Window]:
        return (window for window in self.bounds.windows() if window.padding <= window.reach)

    def size(self, setting: Window, n: int) -> int:
        slack = n + 2 * setting.padding - setting.dilation * (setting.kernel - 1) - 1
        return max(0, slack // setting.stride + 1)

    def preimages(self, setting: Window, m: int) -> Iterable[int]:
        return self._starts(setting, m)

    def key(self, setting: Window) -> Hashable:
        return setting.stride, 2 * setting.padding - setting.dilation * (setting.kernel - 1)

    def kernel(self, setting: Window) -> int:
        return setting.kernel

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        return offered


@dataclass(frozen=True)
class ConvTranspose2d(Conv2d):
    r""":math:`m = (n-1)s - 2p + d(k-1) + o + 1` with torch's rule :math:`o < \max(s, d)`. Padding stays within
    :math:`d(k-1)`: beyond it whole input rows would be cropped away."""

    def settings(self) -> Iterator[Window]:
        for window in super().settings():
            for output_padding in range(min(self.bounds.output_padding, max(window.stride, window.dilation) - 1) + 1):
                yield window._replace(output_padding=output_padding)

    def size(self, setting: Window, n: int) -> int:
        kernel, stride, padding, dilation, output_padding = setting
        return max(0, (n - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1)

    def preimages(self, setting: Window, m: int) -> Iterable[int]:
        steps, rest = divmod(m + 2 * setting.padding - setting.reach - setting.output_padding - 1, setting.stride)
        return (steps + 1,) if rest == 0 and steps >= 0 else ()

    def reads(self, setting: Window, n: int, row: int) -> Iterable[int]:
        for tap in range(setting.kernel):
            source, rest = divmod(row + setting.padding - tap * setting.dilation, setting.stride)
            if rest == 0 and 0 <= source < n:
                yield source

    def key(self, setting: Window) -> Hashable:
        kernel, stride, padding, dilation, output_padding = setting
        return stride, dilation * (kernel - 1) + output_padding - 2 * padding


@dataclass(frozen=True)
class Pool(Sliding):
    r"""As a convolution; with ``ceil_mode`` :math:`\lceil\cdot\rceil` for :math:`\lfloor\cdot\rfloor`, less one if the last
    window would start beyond the input and its left padding. Torch wants :math:`p \le k/2`. A pool that does nothing, or
    whose ``ceil_mode`` changes no size, is redundant."""

    bounds: Bounds
    ceil_mode: bool

    def settings(self) -> Iterator[Window]:
        return (window for window in self.bounds.windows() if 2 * window.padding <= window.kernel)

    def size(self, setting: Window, n: int) -> int:
        kernel, stride, padding, dilation, _ = setting
        if n < dilation:  # a window could fall between the input's rows: torch's maximum is -inf there
            return 0
        slack = n + 2 * padding - dilation * (kernel - 1) - 1
        if not self.ceil_mode:
            return max(0, slack // stride + 1)
        size = -(-slack // stride) + 1
        return max(0, size - 1 if (size - 1) * stride >= n + padding else size)

    def preimages(self, setting: Window, m: int) -> Iterable[int]:
        starts = self._starts(setting, m)
        return range(max(1, starts.start - setting.stride), starts.stop + setting.stride) if self.ceil_mode else starts

    def key(self, setting: Window) -> Hashable:
        identity = setting.kernel == setting.stride == 1
        return setting.stride, setting.reach, setting.padding, setting.dilation, identity

    def redundant(self, setting: Window, n: int) -> bool:
        if not self.ceil_mode:
            return setting.kernel == setting.stride == 1
        slack = n + 2 * setting.padding - setting.reach - 1
        return self.size(setting, n) == max(0, slack // setting.stride + 1)

    def arguments(self, height: Window, width: Window) -> str:
        return super().arguments(height, width) + (", ceil_mode=True" if self.ceil_mode else "")


class MaxPool2d(Pool):
    """Largest value of each window."""


class AvgPool2d(Pool):
    """Mean of each window; it has no dilation."""


@dataclass(frozen=True)
class Upsample(Module[Fraction]):
    r""":math:`m = \lfloor n f \rfloor`, nearest neighbour. Factors are halves, quarters, ...: exact in binary, as torch
    computes the product in floating point."""

    factors: tuple[Fraction, ...]

    def settings(self) -> Iterator[Fraction]:
        yield Fraction(1)
        yield from self.factors

    def size(self, setting: Fraction, n: int) -> int:
        return n * setting.numerator // setting.denominator

    def preimages(self, setting: Fraction, m: int) -> Iterable[int]:
        first = -(-m * setting.denominator // setting.numerator)
        return range(max(1, first), first + setting.denominator + 1)

    def reads(self, setting: Fraction, n: int, row: int) -> Iterable[int]:
        return (min(n - 1, row * setting.denominator // setting.numerator),)

    def redundant(self, setting: Fraction, n: int) -> bool:
        return setting == 1

    def arguments(self, height: Fraction, width: Fraction) -> str:
        number = [f"{float(factor):g}" for factor in (height, width)]
        return f"scale_factor={axes_text(*number)}"


@dataclass(frozen=True)
class PixelShuffle(Module[int]):
    r""":math:`(C, n) \to (C/r^2, nr)`."""

    factor: int

    def settings(self) -> Iterator[int]:
        yield self.factor

    def size(self, setting: int, n: int) -> int:
        return n * setting

    def preimages(self, setting: int, m: int) -> Iterable[int]:
        return (m // setting,) if m % setting == 0 else ()

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return (row // setting,)

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        return (channels // self.factor**2,) if channels % self.factor**2 == 0 else ()

    def arguments(self, height: int, width: int) -> str:
        return f"{self.factor}"


@dataclass(frozen=True)
class PixelUnshuffle(Module[int]):
    r""":math:`(C, n) \to (Cr^2, n/r)`, where :math:`r` divides :math:`n`."""

    factor: int

    def settings(self) -> Iterator[int]:
        yield self.factor

    def size(self, setting: int, n: int) -> int:
        return n // setting if n % setting == 0 else 0

    def preimages(self, setting: int, m: int) -> Iterable[int]:
        return (m * setting,)

    def reads(self, setting: int, n: int, row: int) -> Iterable[int]:
        return range(row * setting, (row + 1) * setting)

    def channels_out(self, channels: int, offered: Iterable[int]) -> Iterable[int]:
        return (channels * self.factor**2,)

    def arguments(self, height: int, width: int) -> str:
        return f"{self.factor}"


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


AnyModule = Module[Any]
