"""Typed results and unguarded comparisons are refused, with their place."""

from pathlib import Path

import pytest

from writeup.text.prose import problems, slips
from writeup.text.written import Written, written_in


def found(text):
    return [slip.what for slip in slips(Written("Q", Path("Q.md.j2"), text))]


@pytest.mark.parametrize(
    "typed",
    [
        "The network reached 97.3 % in the end.",
        "It took 412 steps.",
        "The loss is -0.25 now.",
        "It fell to 1,234.5 in time.",
        '<% call figure("a") %>It reached 97.<% endcall %>',
        '<% call table("a") %>After 12 epochs.<% endcall %>',
    ],
)
def test_a_typed_number_is_refused(typed):
    assert any("is typed" in what for what in found(typed))


@pytest.mark.parametrize("word", ["twice", "half", "three", "higher", "best", "fewer", "most", "exceeds"])
def test_an_unguarded_comparison_is_refused(word):
    assert found(f"It runs.\n\nThe GRU is {word} here.\n") == [f"{word!r} stands in no statement and cites nothing"]


@pytest.mark.parametrize(
    "guarded",
    [
        '<% call say("lower") %>The GRU is lower.<% endcall %>',
        "No cell is best [@melis2018].",
        "`nn.Dropout2d` drops maps, and $2^n$ is a number.",
        "<# the best 3 #>It runs.",
        "It reached << accuracy >> after << epochs >> epochs.",
        "Dropout2d and WikiText-2 are names.",
    ],
)
def test_what_is_guarded_passes(guarded):
    assert found(guarded) == []


def project(folder, template, exceptions):
    (folder / "templates/answers").mkdir(parents=True)
    (folder / "templates/answers/Q.md.j2").write_text(template)
    (folder / "templates/exceptions.toml").write_text(exceptions)
    return folder


def test_the_place_is_named(tmp_path):
    root = project(tmp_path, "One line.\n\nIt took 12 steps.\n", "")
    assert problems(root) == ["templates/answers/Q.md.j2:3: the number 12 is typed; print a fact: 'It took 12 steps.'"]


def test_an_exception_lets_a_sentence_stand_and_must_be_needed(tmp_path):
    root = project(tmp_path, "It took 12 steps.\n", '[Q]\n"12 steps" = "chosen"\n"no such" = "?"\n')
    assert problems(root) == ["templates/exceptions.toml: Q: nothing needs 'no such'"]


def test_a_fact_is_found_where_the_template_prints_it(tmp_path):
    root = project(tmp_path, "It is so.\n\nThe gain is << gain.ci >> here. More.\n", "")
    written = written_in(root, "Q")
    assert [written.place(at) for at in written.printed("Q.gain")] == ["templates/answers/Q.md.j2:3"]
    assert written.sentence("Q.gain") == "The gain is {gain.ci} here."


@pytest.mark.parametrize("formula", ["$x = 0.97$", "$n = 412$", "<% call math() %>\nL = 57 x\n<% endcall %>"])
def test_a_number_typed_into_a_formula_is_refused(formula):
    assert any("is typed" in what for what in found(f"So {formula} here."))


@pytest.mark.parametrize("formula", ["$1/(1-p)$", "$x^2$", "$h_{t-1}$", "$n = << steps.bare >>$"])
def test_constants_of_a_formula_may_stand(formula):
    assert found(f"So {formula} here.") == []
