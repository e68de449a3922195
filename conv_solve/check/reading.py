"""Somebody's own chain, read from text: parsed with `ast`, never evaluated; built by torch from literals alone.

    nn.Conv2d(3, 8, 5), nn.ReLU()            separated by commas, lines or arrows
    nn.Sequential(nn.Conv2d(3, 8, 5))        or as torch prints and takes them

Only modules that map images to images are taken, and only numbers of a size that networks have.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import device, nn

from conv_solve.family import SolverError, short

MOST_TEXT = 10_000  # characters
MOST_LAYERS = 100
MOST_NUMBER = 1_000_000
ACTIVATIONS = (
    *("CELU", "ELU", "GELU", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid", "Mish", "PReLU", "ReLU", "ReLU6"),
    *("SELU", "SiLU", "Sigmoid", "Softmax2d", "Softplus", "Softsign", "Tanh", "Threshold"),
)
KEEPING = (
    *ACTIVATIONS,
    *("AlphaDropout", "BatchNorm2d", "ChannelShuffle", "Dropout", "Dropout2d", "GroupNorm", "Identity"),
    *("InstanceNorm2d", "LocalResponseNorm"),
)  # the shape stays
RESIZING = (
    *("AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "CircularPad2d", "ConstantPad2d", "Conv2d"),
    *("ConvTranspose2d", "LPPool2d", "MaxPool2d", "PixelShuffle", "PixelUnshuffle", "ReflectionPad2d"),
    *("ReplicationPad2d", "Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d", "ZeroPad2d"),
)
WHOLE = (
    *("in_channels", "out_channels", "kernel_size", "stride", "dilation", "size", "output_size", "groups"),
    *("upscale_factor", "downscale_factor", "num_features", "num_groups", "padding", "output_padding"),
)
FROM_ZERO = ("padding", "output_padding")
PAIRED = ("kernel_size", "stride", "dilation", "size", "output_size", "padding", "output_padding", "scale_factor")
PRINTED = re.compile(r"^\(\w+\): ")
SHOWN_BARE = ("in_channels", "out_channels", "upscale_factor", "downscale_factor", "num_features")


@dataclass(frozen=True)
class Call:
    """One constructor call with its arguments by name."""

    name: str
    given: dict[str, Any]

    def build(self) -> nn.Module:
        """On torch's meta device: no memory, no values."""
        with warnings.catch_warnings(), device("meta"):
            warnings.simplefilter("ignore")
            try:
                made: nn.Module = getattr(nn, self.name)(**self.given)
            except Exception as error:
                raise SolverError(f"torch refuses {self}: {short(error)}") from error
        return made

    def __str__(self) -> str:
        words = [_written(v) if name in SHOWN_BARE else f"{name}={_written(v)}" for name, v in self.given.items()]
        return f"nn.{self.name}({', '.join(words)})"


def read(text: str) -> list[Call]:
    """The calls in order; `SolverError` for what is no chain."""
    if len(text) > MOST_TEXT:
        raise SolverError(f"a chain of {len(text):,} characters; at most {MOST_TEXT:,} are read")
    lines = _lines(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as 3(4)
            statements = ast.parse(lines).body
        calls = [call for statement in statements for call in _calls(getattr(statement, "value", None), statement)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise SolverError(f"no chain: {short(text)!r} is no Python{where}; expected {EXAMPLE}") from error
    if not calls:
        raise SolverError(f"no chain: there is no module in {short(text)!r}; expected {EXAMPLE}")
    if len(calls) > MOST_LAYERS:
        raise SolverError(f"a chain of {len(calls)} layers; at most {MOST_LAYERS} are read")
    return calls


def _lines(text: str) -> str:
    """As Python: without arrows, and what torch prints, `(0): nn.ReLU()`, without numbers and with commas."""
    lines = [line.strip() for line in text.replace("->", "\n").splitlines()]
    if any(map(PRINTED.match, lines)):
        lines = [PRINTED.sub("", line) + "," * line.endswith(")") for line in lines]
    return "\n".join(lines)


EXAMPLE = "calls such as nn.Conv2d(3, 8, kernel_size=5), separated by commas"


def _calls(node: ast.AST | None, statement: ast.AST) -> Iterator[Call]:
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _calls(part, statement)
        case ast.Call(func=function, args=arguments, keywords=keywords) if isinstance(statement, ast.Expr):
            name = _name(function)
            if name == "Sequential" and not keywords:
                for part in arguments:
                    yield from _calls(part.value if isinstance(part, ast.Starred) else part, statement)
            else:
                yield _call(name, arguments, keywords)
        case _:
            raise SolverError(f"no chain: {short(ast.unparse(node or statement))!r} is no module; expected {EXAMPLE}")


def _name(function: ast.expr) -> str:
    """Conv2d, nn.Conv2d or torch.nn.Conv2d."""
    written = ast.unparse(function)
    name = written.removeprefix("torch.").removeprefix("nn.")
    known = (*KEEPING, *RESIZING, "Sequential")
    if name not in known:
        near = difflib.get_close_matches(name[:100], known, 1)
        raise SolverError(
            f"no chain: {short(written)!r} is none of the modules that are taken here"
            + (f"; did you mean nn.{near[0]}?" if near else f": {', '.join(RESIZING)}, and such as keep the shape")
        )
    return name


def _call(name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Call:
    what = f"nn.{name}"
    signature = inspect.signature(getattr(nn, name))
    if any(keyword.arg is None for keyword in keywords):
        raise SolverError(f"no chain: {what}: ** is not taken here; name each argument")
    try:
        values = [ast.literal_eval(argument) for argument in arguments]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in keywords}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise SolverError(f"no chain: an argument of {what} is no literal number, word or tuple of them") from error
    try:
        given = dict(signature.bind(*values, **named).arguments)
    except TypeError as error:
        raise SolverError(f"no chain: {what}: {short(error)}; it takes {short(signature, 200)}") from error
    if name == "Identity":  # takes anything, and nothing of it matters
        return Call(name, {})
    for key, value in given.items():
        _plausible(what, key, value)
    return Call(name, given)


def _plausible(what: str, name: str, value: object) -> None:
    """Raises for what no image network has, before torch sees it."""
    where = f"no chain: {what}: {name} {short(value)}"
    if name in ("device", "dtype", "return_indices"):
        raise SolverError(f"{where} is not taken here")
    if isinstance(value, (tuple, list)):
        allowed = (2, 4) if what.endswith("Pad2d") else (2,)
        if name not in PAIRED or len(value) not in allowed:
            raise SolverError(f"{where}: one number is allowed" + f", or {allowed[-1]}" * (name in PAIRED))
    least = (-MOST_NUMBER if what.endswith("Pad2d") else 0) if name in FROM_ZERO else 1
    for number in value if isinstance(value, (tuple, list)) else [value]:
        if name in WHOLE and type(number) is not int and not isinstance(number, (str, type(None))):
            raise SolverError(f"{where}: whole numbers are allowed")
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            if name == "scale_factor" and not 0 < number <= MOST_NUMBER:
                raise SolverError(f"{where}; above 0, up to {MOST_NUMBER:,} is allowed")
            if name in WHOLE and not least <= number <= MOST_NUMBER:
                raise SolverError(f"{where}; from {least:,} to {MOST_NUMBER:,} is allowed")
            if not abs(number) <= MOST_NUMBER:
                raise SolverError(f"{where}; at most {MOST_NUMBER:,} is allowed")
        elif not isinstance(number, (str, bool, type(None))):
            raise SolverError(f"{where} is neither number nor word nor a pair of them")


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
