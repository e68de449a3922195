r"""A chain and what is said of it: constructors, shapes, cost, receptive field, and the rows it never uses.

Rows are followed exactly: for each output row, the set of input rows it is computed from, as the bits of an integer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from conv_solve.family import Shape
from conv_solve.module import AnyModule
from conv_solve.windows import ConvTranspose2d, Window


@dataclass(frozen=True)
class Layer:
    """One module with the settings of its two axes and the shapes before and after it."""

    module: AnyModule
    height: Any
    width: Any
    before: Shape
    after: Shape

    @property
    def settings(self) -> tuple[Any, Any]:
        """Of height and of width."""
        return self.height, self.width

    @property
    def constructor(self) -> str:
        """The call that builds it after ``from torch import nn``."""
        return self.module.constructor(self.height, self.width, self.before.channels, self.after.channels)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self._weights + self.after.channels if self.module.learned else 0

    @property
    def macs(self) -> int:
        """Multiply-adds of a convolution for one sample, without the bias: each weight is used once for every output
        position (of a transposed convolution: input position). Other modules count 0."""
        positions = self.before if isinstance(self.module, ConvTranspose2d) else self.after
        return self._weights * positions.height * positions.width

    @property
    def _weights(self) -> int:
        area = self.module.kernel(self.height) * self.module.kernel(self.width)
        return self.before.channels * self.after.channels * area

    @property
    def discarded(self) -> tuple[int, int]:
        """Rows and columns of this layer's input that none of its windows reads."""
        return Chain((self,), self.before).discarded


@dataclass(frozen=True)
class Chain:
    """Layers in order from `start`; without a layer, the identity."""

    layers: tuple[Layer, ...]
    start: Shape

    @property
    def modules(self) -> list[str]:
        """The constructor of each layer."""
        return [layer.constructor for layer in self.layers]

    @property
    def shapes(self) -> list[Shape]:
        """The shape before, between and after the layers."""
        return [self.start, *(layer.after for layer in self.layers)]

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-adds of all layers for one sample."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def _seen(self) -> tuple[list[int], list[int]]:
        """For height and width: of each output row, the rows of the chain's input behind it, as bits."""
        height = self._follow(0)
        square = all(h == w for _, h, w in self.shapes) and all(layer.height == layer.width for layer in self.layers)
        return height, height if square else self._follow(1)

    def _follow(self, axis: int) -> list[int]:
        rows = [1 << row for row in range(self.start[1 + axis])]
        for layer in self.layers:
            setting, n, after = layer.settings[axis], len(rows), layer.after[1 + axis]
            seen = []
            for row in range(after):
                bits = 0
                for source in layer.module.reads(setting, n, row):
                    bits |= rows[source]
                seen.append(bits)
            rows = seen
        return rows

    @property
    def discarded(self) -> tuple[int, int]:
        """Rows and columns of the input on which no output depends: lost to a floor, stepped over, or cropped."""
        height, width = (size - _union(rows).bit_count() for size, rows in zip(self.start[1:], self._seen, strict=True))
        return height, width

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Height and width of the span of input that the output with the widest view depends on."""
        height, width = (max(map(_span, rows)) for rows in self._seen)
        return height, width

    @property
    def blank(self) -> tuple[int, int]:
        """Rows and columns of the output that depend on no input at all (bias or padding only)."""
        height, width = (rows.count(0) for rows in self._seen)
        return height, width

    def _settings(self, name: str) -> list[Any]:
        """Of both axes of every layer of this name."""
        return [setting for layer in self.layers if layer.module.name == name for setting in layer.settings]

    @property
    def even(self) -> bool:
        """Whether no transposed convolution overlaps unevenly and no Upsample repeats some rows more than others."""
        factors = [factor for factor in self._settings("Upsample") if isinstance(factor, Fraction)]
        return all(map(covers_evenly, self._settings("ConvTranspose2d"))) and all(f.denominator == 1 for f in factors)

    @property
    def labels(self) -> dict[str, bool]:
        """What a practitioner looks for.

        `no checkerboard`: see `even` and https://distill.pub/2016/deconv-checkerboard. `nothing discarded`,
        `no blank output`: see `discarded`, `blank`. `odd kernels`: every convolution has a centre.
        `same padding`: every convolution (not transposed) keeps its size.
        """
        convolutions = [window for name in ("Conv2d", "ConvTranspose2d") for window in self._settings(name)]
        plain = self._settings("Conv2d")
        return {
            "no checkerboard": self.even,
            "nothing discarded": self.discarded == (0, 0),
            "no blank output": self.blank == (0, 0),
            "odd kernels": bool(convolutions) and all(window.kernel % 2 == 1 for window in convolutions),
            "same padding": bool(plain) and all(w.stride == 1 and 2 * w.padding == w.reach for w in plain),
        }


def covers_evenly(window: Window) -> bool:
    r"""Whether a transposed convolution adds equally many weights into every inner output row.

    Its taps :math:`dj, 0 \le j < k`, must fall equally often on each residue of the stride: :math:`\gcd(d, s) = 1` and
    :math:`s` divides :math:`k`.
    """
    return math.gcd(window.dilation, window.stride) == 1 and window.kernel % window.stride == 0


def _union(rows: Sequence[int]) -> int:
    union = 0
    for bits in rows:
        union |= bits
    return union


def _span(bits: int) -> int:
    return bits.bit_length() - (bits & -bits).bit_length() + 1 if bits else 0
