"""What `conv-solve` prints of a search: a table for people, one JSON object for programs, both piece by piece."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from conv_solve.chain import Chain
from conv_solve.family import Shape, SolverError, short
from conv_solve.kinds import Kind, kinds
from conv_solve.misses import Miss, nearest_misses
from conv_solve.ranking import ranked
from conv_solve.search import Search

LISTED = 10  # chains, where none is of a kind and under --json
MOST_VALUES = 50_000_000  # numbers in the largest tensor or weight of a chain that is run


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


def listed(search: Search, best: Sequence[Kind], limit: int, run: bool) -> Iterator[dict[str, Any]]:
    """Up to `limit` chains: the best of each kind with its name, then all others by the exact ranking."""
    first = [kind.chain for kind in best]
    others = ((None, chain) for chain in ranked(search) if chain not in first)
    for name, chain in itertools.islice(itertools.chain(((k.name, k.chain) for k in best), others), limit):
        yield describe(chain) | ({"kind": name} if name else {}) | ({"run": _ran(chain)} if run else {})


def _ran(chain: Chain) -> dict[str, Any]:
    from conv_solve.running import agrees, gradients  # torch takes seconds to import and no search needs it

    values = [shape.channels * shape.height * shape.width for shape in chain.shapes]
    if max(*values, chain.parameters) > MOST_VALUES:
        raise SolverError(f"--run: {max(*values, chain.parameters):,} numbers at once; at most {MOST_VALUES:,}")
    try:
        reached = gradients(chain.modules, chain.start)
        agreed = agrees(chain)
    except (RuntimeError, MemoryError) as error:
        raise SolverError(f"--run: {short(error, 200)}") from error
    return {
        "shapes_agree": agreed,
        "pixels_with_gradient": round(reached.pixels, 6),
        "every_parameter_has_gradient": reached.parameters,
    }


def as_json(search: Search, limit: int | None, run: bool) -> Iterator[str]:
    """The object in pieces, chain by chain, so that a long list needs no memory; whole where chains are run."""
    head = {
        "complete": True,  # a search runs to its end or is refused beforehand
        "count": search.count,
        "ruled_out": search.candidates - search.count,
        "family": str(search.family),
        "nearest_misses": [{"distance": miss.distance, **describe(miss.chain)} for miss in _misses(search)],
    }
    chains = listed(search, kinds(search), LISTED if limit is None else limit, run)
    if run:  # a chain too large to run is refused before a piece is out
        chains = iter(list(chains))
    yield json.dumps(head)[:-1] + ', "chains": ['
    for place, chain in enumerate(chains):
        yield ("," if place else "") + "\n" + json.dumps(chain)
    yield "]}\n"


def as_text(search: Search, limit: int | None, run: bool) -> Iterator[str]:
    """Kinds with their names, the count and the bounds."""
    best = kinds(search)
    if limit is None:
        limit = len(best) or LISTED
    if not search.count:
        misses = _misses(search)
        yield "No chain in this family. Nearest misses:\n" if misses else "No modules here give these channels.\n"
        for miss in misses:
            modules = " -> ".join(miss.chain.modules) or "nothing at all"
            yield f"  {miss.chain.shapes[-1]}, {miss.distance} off: {modules}\n"
    for place, chain in enumerate(listed(search, best, limit, run)):
        if place == len(best):
            yield ("\nOthers, by" if best else "By") + " layers, then parameters, then multiply-adds\n"
        yield f"\n{chain['kind'].capitalize()}\n" if "kind" in chain else "\n"
        yield from _block(search, chain)
    by_length = ", ".join(
        f"{search.count_of(layers):,} of {layers} layer{'s' * (layers != 1)}"
        for layers in range(search.family.max_layers + 1)
    )
    yield f"\n{search.start} -> {search.goal}: {search.count:,} chains in all ({by_length});\n"
    yield f"{search.candidates - search.count:,} other candidates ruled out. Family: {search.family}\n"


def _block(search: Search, chain: dict[str, Any]) -> Iterator[str]:
    for layer in chain["layers"] or [{"module": "(nothing: A is B)", "shape": list(search.goal)}]:
        field = "x".join(map(str, layer.get("receptive_field", (1, 1))))
        yield f"  {layer['module']:<72} -> {Shape(*layer['shape'])!s:<18} sees {field}\n"
    rows, columns = chain["discarded"]
    unread = f", {rows} rows and {columns} columns of A unread" if rows or columns else ""
    yield f"  {chain['parameters']:,} parameters, {chain['macs']:,} multiply-adds{unread}\n"
    if "run" in chain:
        yield "  " + ", ".join(f"{name}: {value}" for name, value in chain["run"].items()) + "\n"


def _misses(search: Search) -> list[Miss]:
    return [] if search.count else nearest_misses(search)
