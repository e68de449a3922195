"""`conv-solve A B`: chains from A to B, by kind. `conv-solve A B --check CHAIN`: does this one lead there?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from conv_solve.command.arguments import family_of, parser
from conv_solve.command.listing import as_json, as_text
from conv_solve.family import Shape, SolverError
from conv_solve.search import Search, refuse_shapes
from writeup.errors import WriteupError, say

if TYPE_CHECKING:
    from conv_solve.check.verdict import Verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 with a result (also an empty one); 1 where a checked chain does not fit; 2, with one line on
    standard error, for a bad question; 130 when interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # argparse takes "-3,4,5" for an option; a leading space makes it the shape that it is
    given = [f" {word}" if word[:1] == "-" and word[1:2].isdigit() else word for word in given]
    try:
        asked = parser().parse_args(given)
        if asked.check is not None:
            return _check(asked.start, asked.goal, asked.check, asked.json)
        search = Search(asked.start, asked.goal, family_of(asked))
        _print((as_json if asked.json else as_text)(search, asked.limit, asked.run))
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except WriteupError as error:
        return _say(str(error), 2)
    return 0


def _check(start: Shape, goal: Shape, text: str, as_object: bool) -> int:
    from conv_solve.check.verdict import check  # imports torch, which takes seconds

    refuse_shapes(start, goal)
    verdict = check(start, goal, text)
    _print([_object(verdict)] if as_object else _lines(verdict))
    return 0 if verdict.fits else 1


def _object(verdict: Verdict) -> str:
    return json.dumps(
        {
            "fits": verdict.fits,
            "modules": list(map(str, verdict.calls)),
            "shapes": [list(shape) for shape in verdict.shapes],
            "parameters": verdict.parameters,
            "misses": verdict.misses,
            "nearest": list(verdict.nearest),
        }
    ) + "\n"  # fmt: skip


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"  {'A':<72} -> {verdict.shapes[0]}\n"
    for call, shape in zip(verdict.calls, verdict.shapes[1:], strict=False):
        yield f"  {call!s:<72} -> {shape}\n"
    if verdict.fits:
        yield f"Fits: {verdict.goal}, {verdict.parameters:,} parameters.\n"
        return
    yield f"Does not fit: {verdict.misses}.\n"
    if verdict.nearest:
        yield f"The nearest chain that does, {verdict.change}:\n"
        yield from (f"  {module}\n" for module in verdict.nearest)
    else:
        yield "No chain that fits was found near it.\n"


def _print(pieces: Iterable[str]) -> None:
    if sys.stdout is None:  # closed by the caller
        raise SolverError("standard output is closed")
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:  # such as a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SolverError(f"cannot write: {error.strerror}") from error


def _say(message: str, status: int) -> int:
    say("conv-solve", message)
    return status


if __name__ == "__main__":
    sys.exit(main())
