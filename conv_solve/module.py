r"""What the solver asks of a ``torch.nn`` module, seen along one spatial axis.

A module maps an axis of :math:`n` rows to one of :math:`m` rows by an exact integer function of its settings; height
and width follow the same function with settings of their own. What couples the two axes (``ceil_mode``, a shuffle's
factor) is a field of the module, not a setting of an axis.
"""
# ruff: noqa: ARG002 -- every module answers the same questions, whether or not it needs each argument

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar

Setting = TypeVar("Setting")


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


AnyModule = Module[Any]
