"""Faults in code: which changes are made, where none is made, and that each is one change and no more."""

import ast

import pytest

from writeup.mutants.operators import mutants, mutated


def changes(source):
    return {f"{mutant.before} -> {mutant.after}" for mutant in mutants(source, "one.py")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 3", {"3 -> 4", "3 -> 2"}),
        ("x = 0.5", {"0.5 -> 1.0", "0.5 -> -0.5"}),
        ("x = True", {"True -> False"}),
        ("x = 'LSTM'", {"'LSTM' -> 'GRU'"}),
        ("x = 'valid_loss'", {"'valid_loss' -> 'test_loss'"}),
        ("x = a < b", {"a < b -> a >= b", "a < b -> a <= b"}),
        ("x = a == b", {"a == b -> a != b"}),
        ("x = a // b", {"a // b -> a / b"}),
        ("x = a and b", {"a and b -> a or b"}),
        ("x = not a", {"not a -> a"}),
        ("x = -a", {"-a -> a"}),
        ("x = a if b else c", {"a if b else c -> c if b else a"}),
        ("x = min(a)", {"min(a) -> max(a)"}),
        ("x = fmean(a)", {"fmean(a) -> __import__('statistics').median(a)"}),
        ("x = share(a, b)", {"share(a, b) -> share(b, a)"}),
        ("x = math.floor(a)", {"math.floor(a) -> math.ceil(a)"}),
    ],
)
def test_the_changes_of_an_expression(source, expected):
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of 3 lines."""',
        "def f(x: Sequence[3]) -> Literal[3]: pass",
        "@dataclass(frozen=True)\nclass A: pass",
        "raise ValueError(3)",
        "TOLERANCE = 0.5",
        "near(a, atol=0.5)",
        "default_rng(3)",
        "gap < 1e-9",
        "abs(gap) == 1e-9 and 'a sentence with LSTM in it'",
        "f'{x:.3f}'",
        "def table() -> Table: return 3",
    ],
)
def test_what_a_check_cannot_see_is_left_alone(source):
    assert {change for change in changes(source) if not change.startswith(("abs(gap)", "gap <"))} == set()


def test_measured_values_are_not_moved_by_their_boundary():
    assert changes("gap < 1e-9") == {"gap < 1e-09 -> gap >= 1e-09"}


def test_every_change_differs_from_the_source_in_one_place():
    source = "def f(a, b):\n    return min(a + 1, 2) if a < b else not b\n"
    for mutant in mutants(source, "one.py"):
        changed = ast.unparse(mutated(source, mutant))
        assert changed == ast.unparse(ast.parse(source)).replace(mutant.before, mutant.after, 1)
        assert mutant.before != mutant.after


def test_the_same_constant_twice_on_a_line_is_two_places():
    source = "x = 3 + 3"
    found = {ast.unparse(mutated(source, mutant)) for mutant in mutants(source, "one.py") if mutant.after == "4"}
    assert found == {"x = 4 + 3", "x = 3 + 4"}


def test_a_change_knows_its_line():
    assert {mutant.line for mutant in mutants("x = a\ny = 3", "one.py")} == {2}
