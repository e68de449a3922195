"""Faults in code: small changes of the syntax tree, by the operators that mutation testing has settled on.

The set follows the five sufficient operators of Offutt et al. (1996, "An experimental determination of sufficient
mutant operators", ACM TOSEM 5(2)), of which arithmetic, relational and logical replacement and the insertion of unary
operators have a meaning in Python, in the form that mutmut and cosmic-ray give them: numbers moved by one,
comparisons negated or moved by their boundary. Three are our own: aggregates exchanged (a mean for a median), names of
values exchanged (LSTM for GRU), arguments exchanged.

What decides only how a document looks, or how a failure reads, is left alone; `_left_alone` and the tables above it
name all of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def _both_ways(*pairs: tuple[str, str]) -> dict[str, str]:
    return {**dict(pairs), **{second: first for first, second in pairs}}


FUNCTIONS = _both_ways(("min", "max"), ("any", "all"), ("floor", "ceil"), ("amin", "amax"), ("zeros", "ones")) | {
    "fmean": "__import__('statistics').median",
    "median": "__import__('statistics').fmean",
}
WORDS = _both_ways(
    ("LSTM", "GRU"),
    ("lower", "higher"),
    ("low", "high"),
    ("tied", "untied"),
    ("forward", "backward"),
    ("valid", "test"),
    ("with", "without"),
    ("first", "second"),
)
# Positions of arguments that no fact compares: messages of failures, and seeds, which give other random examples.
SPOKEN = {"CheckFailed": (0, 1, 2), "WriteupError": (0,), "manual_seed": (0,), "default_rng": (0,)}
# Keywords of the same nature, and tolerances of comparisons inside a route: how wide one may be, the controls show.
SPOKEN_KEYWORDS = {"form", "code", "seed", "atol", "rtol", "rel_tol", "abs_tol"}
SMALL = 1e-3  # a float that is compared with and no larger than this is a tolerance, too
# Functions that lay out a table or draw: what they make is read back from the finished files, not checked here.
DRAWN = {"Table", "Drawing", "Plot", "Panels", "Series"}


@dataclass(frozen=True)
class Mutant:
    """One change at one place: `node` counts the tree's nodes in the order of `_sites`, `choice` the node's changes."""

    file: str
    line: int
    operator: str
    before: str
    after: str
    node: int
    choice: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.operator}: {self.before} -> {self.after}"


def mutants(source: str, file: str) -> list[Mutant]:
    """All changes of a module, in the order of its text."""
    return [
        Mutant(file, node.lineno, operator, ast.unparse(node), ast.unparse(changed), number, choice)
        for number, node in enumerate(_sites(ast.parse(source)))
        for choice, (operator, changed) in enumerate(_changes(node))
    ]


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module's tree with the one change made."""
    tree = ast.parse(source)
    site = next(node for number, node in enumerate(_sites(tree)) if number == mutant.node)
    changed = [replacement for _, replacement in _changes(site)][mutant.choice]
    _Exchange(site, ast.copy_location(changed, site)).visit(tree)
    return ast.fix_missing_locations(tree)


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _sites(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions below `node` that compute something, those left alone and all below them left out."""
    for child in ast.iter_child_nodes(node):
        if _left_alone(child, node):
            continue
        if isinstance(child, ast.expr):
            yield child
        yield from _sites(child)


def _left_alone(node: ast.AST, parent: ast.AST) -> bool:
    """Annotations, decorators, imports, raised errors, tolerances, words, layout, the format of printed numbers."""
    match parent:
        case ast.arg() | ast.AnnAssign() if node is parent.annotation:
            return True
        case ast.FunctionDef() if node is parent.returns or node in parent.decorator_list:
            return True
        case ast.ClassDef() if node in parent.decorator_list or node in parent.bases:
            return True
        case ast.FormattedValue() if node is parent.format_spec:
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if node in parent.args:
            return parent.args.index(node) in SPOKEN.get(name, ())
    match node:
        case ast.Constant(value=float() as value) if isinstance(parent, ast.Compare):
            return abs(value) <= SMALL
        case ast.Import() | ast.ImportFrom() | ast.Raise():
            return True
        case ast.keyword(arg=keyword):
            return keyword in SPOKEN_KEYWORDS
        case ast.FunctionDef(returns=ast.expr() as returned):
            return ast.unparse(returned).removesuffix(" | None") in DRAWN
        case ast.Assign(targets=[ast.Name(id=target)]):
            return "tolerance" in target.lower() or target in ("__all__", "SEED")
    return False


def _changes(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The node's changes, each with the name of its operator."""
    match node:
        case ast.Constant(value=bool() as value):
            yield "truth", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (("number", ast.Constant(value + step)) for step in (1, -1))
        case ast.Constant(value=float() as value):
            yield from (("number", ast.Constant(factor * value)) for factor in (2.0, -1.0) if value)
        case ast.Constant(value=str() as value) if re.fullmatch(r"\w+", value):
            words = value.split("_")
            exchanged = "_".join(WORDS.get(word, word) for word in words)
            if exchanged != value:
                yield "word", ast.Constant(exchanged)
        case ast.Compare(left=left, ops=[operator, *others], comparators=comparators):
            for name, table in (("comparison", NEGATED), ("boundary", BOUNDARY)):
                if type(operator) in table and not (table is BOUNDARY and _of_measured(node)):
                    yield name, ast.Compare(left, [table[type(operator)](), *others], comparators)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
            if not (isinstance(operator, ast.Mod) and isinstance(left, ast.Constant) and isinstance(left.value, str)):
                yield "arithmetic", ast.BinOp(left, ARITHMETIC[type(operator)](), right)
        case ast.BoolOp(op=operator, values=values):
            yield "logic", ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "unary", operand
        case ast.IfExp(test=test, body=body, orelse=other):
            yield "branch", ast.IfExp(test, other, body)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            yield from _calls(function, arguments, keywords)


def _of_measured(node: ast.Compare) -> bool:
    """Whether the two sides are measured or held to a tolerance, so that they never meet exactly on the boundary."""
    text = ast.unparse(node).lower()
    floats = (part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, float))
    return "tolerance" in text or "abs(" in text or any(floats)


def _calls(
    function: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]
) -> Iterator[tuple[str, ast.expr]]:
    match function:
        case ast.Name(id=name) if name in FUNCTIONS:
            yield "function", ast.Call(ast.parse(FUNCTIONS[name], mode="eval").body, arguments, keywords)
        case ast.Attribute(value=value, attr=name) if FUNCTIONS.get(name, "").isidentifier():
            yield "function", ast.Call(ast.Attribute(value, FUNCTIONS[name], ast.Load()), arguments, keywords)
        case ast.Name(id=name) if name not in SPOKEN and name not in ("isinstance", "range", "partial"):
            if len(arguments) > 1 and not any(isinstance(argument, ast.Starred) for argument in arguments[:2]):
                yield "arguments", ast.Call(function, [arguments[1], arguments[0], *arguments[2:]], keywords)
