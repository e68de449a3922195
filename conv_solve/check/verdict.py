"""Does somebody's own chain lead from A to B? Run by torch on its meta device, layer by layer; if not, what would.

The nearest chain that fits keeps the modules and changes the channels where they do not meet and, of one layer, as few
settings as possible, and those by as little as possible; it is run by torch, too, before it is named.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from conv_solve.check.mending import changes, with_channels
from conv_solve.check.reading import Call, read
from conv_solve.family import Family, Shape, SolverError, short
from conv_solve.kinds import kinds
from conv_solve.ranking import ranked
from conv_solve.search import Search


@dataclass(frozen=True)
class Verdict:
    """`shapes`: as far as torch came; `stopped`: what it said there, or ""; `nearest`: a chain that fits, if any."""

    calls: tuple[Call, ...]
    goal: Shape
    shapes: tuple[Shape, ...]
    parameters: int
    stopped: str = ""
    nearest: tuple[str, ...] = ()
    change: str = ""

    @property
    def fits(self) -> bool:
        return not self.stopped and self.shapes[-1] == self.goal

    @property
    def misses(self) -> str:
        """At which layer, and by how much; "" where it fits."""
        place, last = len(self.shapes), self.shapes[-1]
        if self.stopped:
            return f"layer {place}, {self.calls[place - 1]}, does not take {last}: {self.stopped}"
        off = [
            f"{abs(got - asked):,} {name}{'s' * (abs(got - asked) > 1)} too {'many' if got > asked else 'few'}"
            for name, got, asked in zip(("channel", "row", "column"), last, self.goal, strict=True)
            if got != asked
        ]
        return f"layer {place - 1} gives {last} instead of {self.goal}: {', '.join(off)}" if off else ""


def check(start: Shape, goal: Shape, text: str) -> Verdict:
    """Run the chain that `text` says; `SolverError` if it is none."""
    calls = tuple(read(text))
    verdict = _run(calls, start, goal)
    return verdict if verdict.fits else _mended(verdict)


def _run(calls: Sequence[Call], start: Shape, goal: Shape) -> Verdict:
    modules = [call.build() for call in calls]
    parameters = sum(weights.numel() for module in modules for weights in module.parameters())
    shapes, outputs = [start], torch.zeros(2, *start, device="meta")
    for call, module in zip(calls, modules, strict=True):
        if message := _channels(call, shapes[-1]):
            return Verdict(tuple(calls), goal, tuple(shapes), parameters, message)
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outputs = module(outputs)
        except Exception as error:  # torch refuses in many ways
            return Verdict(tuple(calls), goal, tuple(shapes), parameters, short(error, 200))
        if min(outputs.shape) < 1:
            return Verdict(
                tuple(calls), goal, tuple(shapes), parameters, f"nothing is left, {tuple(outputs.shape[1:])}"
            )
        shapes.append(Shape(*outputs.shape[1:]))
    return Verdict(tuple(calls), goal, tuple(shapes), parameters)


def _channels(call: Call, before: Shape) -> str:
    """What is wrong with the channels that come in; "" if nothing is."""
    asked = call.given.get("in_channels", call.given.get("num_features", before.channels))
    if asked != before.channels:
        return f"it takes {asked:,} channels and receives {before.channels:,}"
    factor = call.given.get("upscale_factor", 1) if call.name == "PixelShuffle" else 1
    rest = before.channels % factor**2
    return f"{before.channels:,} channels are no multiple of {factor**2}, {factor} squared" if rest else ""


def _mended(verdict: Verdict) -> Verdict:
    """With the nearest chain that fits, by one changed layer or else of the solver's own."""
    start, goal = verdict.shapes[0], verdict.goal
    calls = with_channels(verdict.calls, start, goal)
    for change, mended in changes(calls, start, goal) if calls else ():
        if _run(mended, start, goal).fits:
            channels = "" if tuple(calls) == verdict.calls else "channels"
            told = " and ".join(part for part in (channels, change) if part)
            return replace(verdict, nearest=tuple(map(str, mended)), change=f"with other {told}" if told else "")
    try:
        search = Search(start, goal, Family())
        chain = next((kind.chain for kind in kinds(search)), None) or next(ranked(search), None)
    except SolverError:
        chain = None
    return replace(verdict, nearest=tuple(chain.modules), change="of other modules") if chain else verdict
