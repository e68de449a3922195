r"""Modules that slide a window: convolutions, transposed convolutions, pools.

Formulas: the shape sections of their pages in https://pytorch.org/docs/stable/nn.html. Here :math:`n` rows come in,
:math:`m` go out, with kernel :math:`k`, stride :math:`s`, padding :math:`p`, dilation :math:`d` and output padding
:math:`o`.
"""
# ruff: noqa: ARG002 -- every module answers the same questions, whether or not it needs each argument

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from conv_solve.module import Module, axes_text


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

    @property
    def most_settings(self) -> int:
        """An upper bound of the number of settings within."""
        return self.kernel * self.stride * (self.padding + 1) * self.dilation * (self.output_padding + 1)

    def windows(self) -> Iterator[Window]:
        """All windows in these bounds; dilation stays 1 where the kernel is 1, since it has no effect there."""
        for kernel in range(1, self.kernel + 1):
            for dilation in range(1, (self.dilation if kernel > 1 else 1) + 1):
                for padding in range(self.padding + 1):
                    for stride in range(1, self.stride + 1):
                        yield Window(kernel, stride, padding, dilation)


class Sliding(Module[Window]):
    """Modules that move a window: written with its keyword arguments, those at their defaults left out."""

    def arguments(self, height: Window, width: Window) -> str:
        words = [f"kernel_size={axes_text(height.kernel, width.kernel)}"]
        stride = 1 if self.learned else None  # a pool's default stride is its kernel: always written
        for field, default in (("stride", stride), ("padding", 0), ("output_padding", 0), ("dilation", 1)):
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
        slack = n + 2 * setting.padding - setting.reach - 1
        return max(0, slack // setting.stride + 1)

    def preimages(self, setting: Window, m: int) -> Iterable[int]:
        return self._starts(setting, m)

    def key(self, setting: Window) -> Hashable:
        return setting.stride, 2 * setting.padding - setting.reach

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
    r"""As a convolution, with padding :math:`p \le k/2` as torch wants it.

    Under ``ceil_mode`` the quotient is rounded up, less one where the last window would start beyond the input and its
    left padding. A pool that does nothing, or whose ``ceil_mode`` changes no size, is redundant.
    """

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
