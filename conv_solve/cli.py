"""`conv-solve A B`: every chain from A to B within the family, best first."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NoReturn

from conv_solve.chain import Chain
from conv_solve.family import FORCED, MODULES, Family, Shape, SolverError
from conv_solve.misses import Miss, nearest_misses
from conv_solve.ranking import ranked
from conv_solve.search import Search


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, no usage text: what was wrong, and where to look."""
        raise SolverError(f"{message} (see conv-solve --help)")


def _shape(text: str) -> Shape:
    parts = text.strip().split(",")
    if len(parts) != 3 or not all(part.strip().lstrip("-").isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a shape: expected C,H,W such as 64,111,111")
    return Shape(*map(int, parts))


def _modules(text: str) -> tuple[str, ...]:
    named = {"default": MODULES, "forced": MODULES + FORCED}
    return named.get(text, tuple(part.strip() for part in text.split(",")))


def _factors(text: str) -> tuple[Fraction, ...]:
    try:
        return tuple(map(Fraction, text.split(",")))
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of factors such as 1.5,2,3") from None


def _numbers(text: str) -> tuple[int, ...]:
    if not all(part.strip().isdecimal() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 16,32")
    return tuple(map(int, text.split(",")))


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    family = Family()
    parser = _Parser(
        prog="conv-solve",
        description="Every chain of torch.nn modules from A to B within a bounded family: counted exactly, listed best "
        "first (fewest layers, then parameters, then multiply-adds).",
    )
    parser.add_argument("start", type=_shape, metavar="A", help="channels,height,width of the input: 64,111,111")
    parser.add_argument("goal", type=_shape, metavar="B", help="channels,height,width of the output: 4,234,234")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")
    parser.add_argument("--limit", type=_natural, default=10, help="chains to list; the count stays exact (default 10)")
    parser.add_argument("--max-layers", type=_natural, default=family.max_layers, help="(default %(default)s)")
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
            f"--max-{name.replace('_', '-')}", type=_natural, help=f"of a convolution (default {most})", metavar="N"
        )
    parser.add_argument("--max-pool-kernel", type=_natural, default=family.pool.kernel, metavar="N", help="(default 5)")
    parser.add_argument("--factors", type=_factors, default=family.factors, help="of Upsample (default 1.5,2,2.5,3,4)")
    parser.add_argument("--channels", type=_numbers, default=(), help="more channels that a convolution may write")
    parser.add_argument("--run", action="store_true", help="run each listed chain in torch, forward and backward")
    return parser


def _family(arguments: argparse.Namespace) -> Family:
    names = ("kernel", "stride", "padding", "dilation", "output_padding")
    given = {name: getattr(arguments, f"max_{name}") for name in names if getattr(arguments, f"max_{name}") is not None}
    for name in ("kernel", "stride", "dilation"):
        if given.get(name) == 0:
            raise SolverError(f"--max-{name} 0: must be 1 or more")
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


def describe(chain: Chain) -> dict[str, Any]:
    """A chain as JSON: the contract's five keys, then what is known besides."""
    layers = [
        {
            "module": layer.constructor,
            "shape": list(layer.after),
            "parameters": layer.parameters,
            "macs": layer.macs,
            "receptive_field": list(Chain(chain.layers[: place + 1], chain.start).receptive_field),
            "discarded": list(layer.discarded),
        }
        for place, layer in enumerate(chain.layers)
    ]
    return {
        "modules": chain.modules,
        "shapes": [list(shape) for shape in chain.shapes],
        "parameters": chain.parameters,
        "macs": chain.macs,
        "discarded": list(chain.discarded),
        "receptive_field": list(chain.receptive_field),
        "labels": [label for label, holds in chain.labels.items() if holds],
        "layers": layers,
    }


def _ran(chain: Chain) -> dict[str, Any]:
    from conv_solve.running import agrees, gradients  # torch takes seconds to import and no search needs it

    reached = gradients(chain.modules, chain.start)
    return {
        "shapes_agree": agrees(chain),
        "pixels_with_gradient": round(reached.pixels, 6),
        "every_parameter_has_gradient": reached.parameters,
    }


def _json(search: Search, misses: Sequence[Miss], chains: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The object in pieces, chain by chain, so that a long list needs no memory."""
    head = {
        "complete": True,  # a search runs to its end or is refused beforehand
        "count": search.count,
        "ruled_out": search.candidates - search.count,
        "family": str(search.family),
        "nearest_misses": [{"distance": miss.distance, **describe(miss.chain)} for miss in misses],
    }
    yield json.dumps(head)[:-1] + ', "chains": ['
    for place, chain in enumerate(chains):
        yield ("," if place else "") + "\n" + json.dumps(chain)
    yield "]}\n"


def _text(search: Search, misses: Sequence[Miss], chains: Iterator[dict[str, Any]]) -> Iterator[str]:
    by_length = ", ".join(
        f"{search.count_of(layers):,} of {layers} layer{'s' * (layers != 1)}"
        for layers in range(search.family.max_layers + 1)
    )
    yield f"{search.start} -> {search.goal}: {search.count:,} chains ({by_length});\n"
    yield f"{search.candidates - search.count:,} other candidates ruled out. Family: {search.family}\n"
    if not search.count:
        yield "No chain in this family. Nearest misses:\n" if misses else "No modules here give these channels.\n"
    for miss in misses:
        yield f"  {miss.chain.shapes[-1]}, {miss.distance} off: {' -> '.join(miss.chain.modules) or 'nothing at all'}\n"
    for place, chain in enumerate(chains, 1):
        rows, columns = chain["discarded"]
        yield (
            f"\n{place:>3}. {chain['parameters']:,} parameters, {chain['macs']:,} multiply-adds, {rows} rows and "
            f"{columns} columns discarded; {', '.join(chain['labels']) or 'no label'}\n"
        )
        for layer in chain["layers"] or [{"module": "(nothing: A is B)", "shape": list(search.goal)}]:
            field = "x".join(map(str, layer.get("receptive_field", (1, 1))))
            yield (
                f"     {layer['module']:<86} -> {Shape(*layer['shape'])!s:<18} {layer.get('parameters', 0):>11,} "
                f"{layer.get('macs', 0):>15,}  sees {field}\n"
            )
        if "run" in chain:
            yield "     " + ", ".join(f"{name}: {value}" for name, value in chain["run"].items()) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 with a result (also an empty one); 2, with one line on standard error, for a bad question."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # argparse takes "-3,4,5" for an option; a leading space makes it the shape that it is
    given = [f" {word}" if word[:1] == "-" and word[1:2].isdigit() else word for word in given]
    try:
        asked = _parser().parse_args(given)
        search = Search(asked.start, asked.goal, _family(asked))
        misses = [] if search.count else nearest_misses(search)
        listed = itertools.islice(ranked(search), asked.limit)
        chains = (describe(chain) | ({"run": _ran(chain)} if asked.run else {}) for chain in listed)
        for piece in (_json if asked.json else _text)(search, misses, chains):
            sys.stdout.write(piece)
        sys.stdout.flush()
    except SolverError as error:
        print(f"conv-solve: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
