"""The conditions of a statement's predicate, and which of them no control breaks alone.

A predicate such as ``lambda low, high: low > 1 and high < 5`` has two; a chain, ``0 < a < b``, has one a comparison. A
control that breaks several at once shows of none that it matters: the others would refuse it anyway.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any


def idle_conditions(predicate: Callable[..., bool], controls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those that no control breaks alone, as they are written. `controls` give all of the predicate's parameters.

    What is no lambda, or none whose source can be found, counts as one condition, named by its parameters.
    """
    found = _lambda_of(predicate)
    if not found or len(parts := list(_conditions(found.body))) == 1:
        return [] if any(not predicate(**given) for given in controls) else [", ".join(_parameters(predicate))]
    names = {**predicate.__globals__, **inspect.getclosurevars(predicate).nonlocals}
    tests = [FunctionType(_code(found, part), names) for part in parts]
    broken = [[k for k, test in enumerate(tests) if not _holds(test, given)] for given in controls]
    return [ast.unparse(part) for k, part in enumerate(parts) if [k] not in broken]


def _parameters(predicate: Callable[..., bool]) -> list[str]:
    return list(inspect.signature(predicate).parameters)


def _lambda_of(predicate: Callable[..., bool]) -> ast.Lambda | None:
    """The lambda in its file's syntax tree, by line and parameters; None unless there is just one."""
    code = predicate.__code__
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and [argument.arg for argument in node.args.args] == _parameters(predicate)
    ]
    return found[0] if len(found) == 1 else None


def _conditions(body: ast.expr) -> Iterator[ast.expr]:
    if isinstance(body, ast.BoolOp) and isinstance(body.op, ast.And):
        for value in body.values:
            yield from _conditions(value)
    elif isinstance(body, ast.Compare):
        sides = [body.left, *body.comparators]
        for left, operator, right in zip(sides, body.ops, sides[1:], strict=False):
            yield ast.Compare(left, [operator], [right])
    else:
        yield body


def _holds(test: Callable[..., bool], given: Mapping[str, Any]) -> bool:
    """Of one condition without those before it, which may be what lets it be asked at all."""
    try:
        return bool(test(**given))
    except Exception:
        return False


def _code(whole: ast.Lambda, part: ast.expr) -> CodeType:
    """Of a lambda with the parameters of the whole and one condition."""
    alone = ast.fix_missing_locations(ast.Expression(ast.Lambda(whole.args, part)))
    return next(made for made in compile(alone, "<condition>", "eval").co_consts if isinstance(made, CodeType))
