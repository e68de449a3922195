"""From a call that was read to the solver's own modules, with their exact formulas."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from conv_solve.chain import Chain, Layer
from conv_solve.check.reading import Call, read
from conv_solve.family import Shape, SolverError
from conv_solve.module import AnyModule
from conv_solve.resizing import PixelShuffle, PixelUnshuffle, Upsample
from conv_solve.windows import AvgPool2d, Bounds, Conv2d, ConvTranspose2d, MaxPool2d, Window

MOST_DENOMINATOR = 1024  # of a scale factor that is taken for exact in binary
ANY = Bounds(1, 1, 0)  # the settings that are read need no bounds
WINDOWS: dict[str, AnyModule] = {
    "Conv2d": Conv2d(ANY),
    "ConvTranspose2d": ConvTranspose2d(ANY),
    "MaxPool2d": MaxPool2d(ANY, False),
    "AvgPool2d": AvgPool2d(ANY, False),
}


def chain_of(start: Shape, text: str) -> Chain:
    """The chain as the solver's own, by its formulas; `SolverError` where it has none for a module."""
    shapes, layers = [start], []
    for call in read(text):
        if (seen := own(call)) is None:
            raise SolverError(f"{call} is no module of the solver's")
        module, (height, width) = seen
        before = shapes[-1]
        after = call.given.get("out_channels", next(iter(module.channels_out(before.channels, ())), 0))
        shapes.append(Shape(after, module.size(height, before.height), module.size(width, before.width)))
        layers.append(Layer(module, height, width, before, shapes[-1]))
    return Chain(tuple(layers), start)


def own(call: Call) -> tuple[AnyModule, tuple[Any, Any]] | None:
    """The solver's own module and the settings of height and width; None where it has no formula for it."""
    given = call.given
    match call.name:
        case "PixelShuffle":
            return PixelShuffle(given["upscale_factor"]), (given["upscale_factor"],) * 2
        case "PixelUnshuffle":
            return PixelUnshuffle(given["downscale_factor"]), (given["downscale_factor"],) * 2
        case "Upsample" if given.get("size") is None and given.get("mode", "nearest") in ("nearest", "bilinear"):
            factors = tuple(Fraction(factor) for factor in pair(given.get("scale_factor", 1)))
            exact = all(factor.denominator <= MOST_DENOMINATOR for factor in factors)
            return (Upsample((), given.get("mode", "nearest")), (factors[0], factors[1])) if exact else None
        case name if name in WINDOWS and not isinstance(given.get("padding", 0), str):
            fields = [
                pair(given["kernel_size"]),
                pair(given.get("stride") or (given["kernel_size"] if "Pool" in name else 1)),
                *(pair(given.get(field, default)) for field, default in (("padding", 0), ("dilation", 1))),
                pair(given.get("output_padding", 0)),
            ]
            height, width = (Window(*(field[axis] for field in fields)) for axis in (0, 1))
            module = WINDOWS[name]
            ceil_mode = {"ceil_mode": bool(given.get("ceil_mode"))} if "Pool" in name else {}
            return replace(module, **ceil_mode), (height, width)  # type: ignore[type-var]
    return None


def pair(value: Any) -> tuple[Any, Any]:
    """Of height and width."""
    return (value[0], value[-1]) if isinstance(value, (tuple, list)) else (value, value)
