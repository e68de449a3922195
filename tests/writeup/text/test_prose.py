"""Typed results and unguarded comparisons are refused, with their place."""

import tomllib
from pathlib import Path

import pytest

from tests.places import ROOT
from writeup.text.prose import Label, label_slips, slips, unguarded
from writeup.text.written import Written, written_in


def found(text):
    return [slip.what for slip in slips(Written("Q", Path("Q.md.j2"), text))]


TYPED = tomllib.loads((Path(__file__).parents[1] / "typed_results.toml").read_text(encoding="utf-8"))["templates"]
CAPTIONS = ['<% call figure("a") %>It reached 97.<% endcall %>', '<% call table("a") %>After 12 epochs.<% endcall %>']


@pytest.mark.parametrize("typed", [*TYPED, *CAPTIONS])
def test_a_typed_result_is_refused(typed):
    assert found(typed)


@pytest.mark.parametrize("question", ["1.2b", "3"])
def test_a_typed_result_is_refused_in_the_templates_of_this_course(question, tmp_path):
    (tmp_path / "templates/answers").mkdir(parents=True)
    honest = written_in(ROOT, question)
    (tmp_path / honest.path).write_text(honest.text + "".join(f"\n\n{typed}\n" for typed in TYPED), encoding="utf-8")
    (tmp_path / "templates/exceptions.toml").write_bytes((ROOT / "templates/exceptions.toml").read_bytes())
    beyond = honest.text.count("\n")
    lines = {int(slip.place.rpartition(":")[2]) for _, slip in unguarded(tmp_path, [question])[0]}
    assert sum(line > beyond for line in lines) >= len(TYPED)


@pytest.mark.parametrize(
    "word", ["twice", "half", "three", "higher", "best", "fewer", "most", "exceeds", "tenfold", "thirty"]
)
def test_an_unguarded_comparison_is_refused(word):
    told = f"{word!r} stands in no statement and cites nothing; state it, or cite"
    assert found(f"It runs.\n\nThe GRU is {word} here.\n") == [told]


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
    ((_, slip),), _ = unguarded(root)
    assert str(slip) == "templates/answers/Q.md.j2:3: the number 12 is typed; print a fact: 'It took 12 steps.'"


def test_an_exception_lets_a_sentence_stand_and_must_be_needed(tmp_path):
    root = project(tmp_path, "It took 12 steps.\n", '[Q]\n"12 steps" = "chosen"\n"no such" = "?"\n')
    assert unguarded(root) == ([], ["Q: nothing needs 'no such'"])


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


@pytest.mark.parametrize(
    ("text", "literals", "typed"),
    [
        ("interval 17", (), []),
        ("interval 17", ("interval 17",), ["17"]),
        ("interval 17", ("interval 1",), []),  # the beginning of what was built
        ("interval 17 of 8", (" of 8",), ["8"]),
        ("17", ("17",), []),  # a case's own number
        ("$x_{17}$ and $x^2$", (), []),
    ],
)
def test_a_label_may_show_a_fact_and_not_type_its_number(text, literals, typed):
    label = Label("Q", "Q.py", text, frozenset({"17", "8"}), literals)
    assert [slip.word for slip in label_slips(label)] == typed
