"""The arguments of `conv-solve`, each refused with one short line where it is none."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NoReturn

from conv_solve.family import FORCED, MODULES, Family, Shape, SolverError, short

MOST_LISTED = 10_000_000
MOST = 10**9  # of any other whole number
FACTOR = re.compile(r"\d{1,6}(\.\d{1,6})?|\d{1,6}/\d{1,6}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, no usage text: what was wrong, and where to look."""
        raise SolverError(f"{short(message, 200)} (see conv-solve --help)")


def _wrong(text: str, expected: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{short(text)!r} is {expected}")


def _whole(text: str, most: int = MOST) -> int | None:
    """A number of 0 to `most`, whatever the length of its text; None if it is none."""
    digits = text.strip()
    return int(digits) if re.fullmatch(r"[0-9]{1,12}", digits) and int(digits) <= most else None


def _shape(text: str) -> Shape:
    match list(map(_whole, text.split(","))):
        case [int(channels), int(height), int(width)]:
            return Shape(channels, height, width)
    raise _wrong(text, "not a shape: expected C,H,W such as 64,111,111")


def _modules(text: str) -> tuple[str, ...]:
    named = {"default": MODULES, "forced": MODULES + FORCED}
    return named.get(text, tuple(part.strip() for part in text.split(",")))


def _factors(text: str) -> tuple[Fraction, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(FACTOR.fullmatch(part) and not re.search(r"/0+$", part) for part in parts):
        raise _wrong(text, "not a list of factors such as 1.5,2,3")
    return tuple(map(Fraction, parts))


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(number for part in text.split(",") if (number := _whole(part)) is not None)
    if len(numbers) != text.count(",") + 1:
        raise _wrong(text, f"not a list of whole numbers up to {MOST:,} such as 16,32")
    return numbers


def _natural(most: int) -> Callable[[str], int]:
    def natural(text: str) -> int:
        if (number := _whole(text, most)) is None:
            raise _wrong(text, f"not a whole number from 0 to {most:,}")
        return number

    return natural


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    family, natural = Family(), _natural(MOST)
    parser = _Parser(
        prog="conv-solve",
        description="Chains of torch.nn modules from A to B within a bounded family: counted exactly; listed by kind, "
        "of each kind the one that an engineer would write, then all others by layers, parameters, multiply-adds.",
    )
    parser.add_argument("start", type=_shape, metavar="A", help="channels,height,width of the input: 64,111,111")
    parser.add_argument("goal", type=_shape, metavar="B", help="channels,height,width of the output: 4,234,234")
    parser.add_argument(
        "--check",
        metavar="CHAIN",
        help="run this chain instead, as 'nn.Conv2d(3, 8, 5), nn.ReLU()': status 0 if it fits",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")
    parser.add_argument(
        "--limit",
        type=_natural(MOST_LISTED),
        metavar="N",
        help="chains to list, the best of each kind first (default: these; with --json 10); the count stays exact",
    )
    parser.add_argument("--max-layers", type=natural, default=family.max_layers, help="(default %(default)s)")
    parser.add_argument(
        "--family",
        type=_modules,
        default=MODULES,
        metavar="NAMES",
        help=f"default, forced (adds {', '.join(FORCED)}), or names out of {', '.join(MODULES + FORCED)}",
    )
    parser.add_argument("--equal-axes", action="store_true", help="height and width share every setting")
    for name in ("kernel", "stride", "padding", "dilation", "output_padding"):
        most = getattr(family.transposed, name)
        parser.add_argument(
            f"--max-{name.replace('_', '-')}", type=natural, help=f"of a convolution (default {most})", metavar="N"
        )
    parser.add_argument("--max-pool-kernel", type=natural, default=family.pool.kernel, metavar="N", help="(default 5)")
    parser.add_argument("--factors", type=_factors, default=family.factors, help="of Upsample (default 1.5,2,2.5,3,4)")
    parser.add_argument("--channels", type=_numbers, default=(), help="more channels that a convolution may write")
    parser.add_argument("--run", action="store_true", help="run each listed chain in torch, forward and backward")
    return parser


def family_of(arguments: argparse.Namespace) -> Family:
    """The family that the arguments bound."""
    names = ("kernel", "stride", "padding", "dilation", "output_padding")
    given = {name: getattr(arguments, f"max_{name}") for name in names if getattr(arguments, f"max_{name}") is not None}
    family = Family()
    return Family(
        modules=arguments.family,
        max_layers=arguments.max_layers,
        conv=replace(family.conv, **{name: most for name, most in given.items() if name != "output_padding"}),
        transposed=replace(family.transposed, **given),
        pool=replace(family.pool, kernel=arguments.max_pool_kernel),
        factors=arguments.factors,
        channels=arguments.channels,
        equal_axes=arguments.equal_axes,
    )
