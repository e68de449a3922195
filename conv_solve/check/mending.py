"""Chains near one that does not fit: other channels where they do not meet, and one layer with other settings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

from conv_solve.check.reading import KEEPING, Call
from conv_solve.check.translating import own
from conv_solve.family import Shape
from conv_solve.module import AnyModule
from conv_solve.windows import Window

Seen = tuple[AnyModule | None, tuple[Any, Any]]  # None keeps the shape
WEIGHT = {"kernel": 1, "padding": 1, "output_padding": 2, "stride": 6, "dilation": 6}  # of a change by one
CHANGED = 4  # of each setting that changes


def with_channels(calls: Sequence[Call], start: Shape, goal: Shape) -> list[Call]:
    """The same modules with channels that meet and end in the goal's; empty where none can."""
    learned = [place for place, call in enumerate(calls) if "out_channels" in call.given]
    made: list[Call] = []
    channels = start.channels
    for place, call in enumerate(calls):
        given = dict(call.given)
        if "out_channels" in given:
            given["in_channels"] = channels
            if place == learned[-1]:
                factor = Fraction(1)
                for after in calls[place + 1 :]:
                    factor *= _shuffled(after)
                if (goal.channels / factor).denominator > 1:
                    return []
                given["out_channels"] = int(goal.channels / factor)
            channels = given["out_channels"]
        elif "num_features" in given:
            given["num_features"] = channels
        else:
            after_shuffle = channels * _shuffled(call)
            if after_shuffle.denominator > 1:
                return []
            channels = int(after_shuffle)
        made.append(Call(call.name, given))
    return made if channels == goal.channels else []


def _shuffled(call: Call) -> Fraction:
    """What the module multiplies the channels by."""
    if call.name == "PixelShuffle":
        return Fraction(1, call.given["upscale_factor"] ** 2)
    return Fraction(call.given["downscale_factor"] ** 2 if call.name == "PixelUnshuffle" else 1)


def changes(calls: list[Call], start: Shape, goal: Shape) -> Iterator[tuple[str, list[Call]]]:
    """Chains in which one layer is changed, those with the smallest change first; first of all none."""
    yield "", calls
    seen = [(None, (None, None)) if call.name in KEEPING else own(call) for call in calls]
    if any(entry is None for entry in seen):
        return  # some size is not known by a formula
    layers: list[Seen] = [entry for entry in seen if entry]
    found = []
    for place, (module, settings) in enumerate(layers):
        if module is None:
            continue
        fitting = [_fitting(layers, place, axis, start[1 + axis], goal[1 + axis]) for axis in (0, 1)]
        alike = [(cost, setting, setting) for setting, cost in fitting[0].items() if setting in fitting[1]]
        if settings[0] != settings[1] or not alike:
            best = [sorted(axis.items(), key=lambda entry: entry[1])[:1] for axis in fitting]
            alike = [(one[1] + two[1], one[0], two[0]) for one, two in itertools.product(*best)]
        for cost, height, width in sorted(alike, key=lambda entry: entry[0])[:3]:
            found.append((cost, place, _changed(calls[place], height, width)))
    for _, place, call in sorted(found, key=lambda entry: entry[:2]):
        names = [name for name in call.given if call.given[name] != calls[place].given.get(name)]
        yield f"{' and '.join(names)} in layer {place + 1}", [*calls[:place], call, *calls[place + 1 :]]


def _fitting(layers: Sequence[Seen], place: int, axis: int, n: int, wanted: int) -> dict[Any, int]:
    """Settings of one layer on one axis that lead to the size that is wanted, with what each costs."""
    module, settings = layers[place]
    before = _size(layers[:place], axis, n)
    if module is None or before < 1:
        return {}
    after = cache(partial(_size, layers[place + 1 :], axis))
    others = _others(module, settings[axis])
    return {other: cost for other, cost in others if after(module.size(other, before)) == wanted}


def _size(layers: Sequence[Seen], axis: int, n: int) -> int:
    for module, settings in layers:
        n = module.size(settings[axis], n) if module and n > 0 else n
    return n


def _others(module: AnyModule, setting: Any) -> Iterator[tuple[Any, int]]:
    """Settings near this one and what the change costs; itself costs nothing."""
    if not isinstance(setting, Window):
        return
    transposed, pool = module.name == "ConvTranspose2d", "Pool" in module.name
    for stride in range(max(1, setting.stride - 3), setting.stride + 4):
        for kernel in range(max(1, setting.kernel - 30), setting.kernel + 31):
            most = kernel // 2 if pool else setting.dilation * (kernel - 1)
            for padding in range(max(0, setting.padding - 8), min(most, setting.padding + 8) + 1):
                below = max(stride, setting.dilation) if transposed else 1
                for extra in range(max(0, setting.output_padding - 4), min(below, setting.output_padding + 5)):
                    other = Window(kernel, stride, padding, setting.dilation, extra)
                    pairs = zip(other._fields, other, setting, strict=True)
                    cost = sum(CHANGED + WEIGHT[name] * abs(new - old) for name, new, old in pairs if new != old)
                    yield other, cost + 8 * (kernel < stride)  # rows stepped over, or left blank


def _changed(call: Call, height: Window, width: Window) -> Call:
    given = dict(call.given)
    defaults = {"kernel": 0, "stride": height.kernel if "Pool" in call.name else 1, "padding": 0, "output_padding": 0}
    for field, default in defaults.items():
        name = "kernel_size" if field == "kernel" else field
        pair = getattr(height, field), getattr(width, field)
        if name in given or pair != (default, default):
            given[name] = pair[0] if pair[0] == pair[1] else pair
    return Call(call.name, given)
