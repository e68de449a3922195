"""Verification catches what does not hold and says what it expected and what it got."""

import pytest

from tests.copies import made_up
from tests.recorded import saved
from writeup.errors import WriteupError
from writeup.records import manifest
from writeup.trust.verify import verify

HEAD = """
from writeup.claims import Evidence
from writeup.facts import Facts, by

def answer(records):
    a = Facts("Q1")
"""


pytestmark = pytest.mark.usefixtures("another_course")


@pytest.fixture
def project(tmp_path):
    """A function that makes a project of one question whose answer states one fact, given as source text."""

    def make(fact, **more):
        return made_up(tmp_path, f"{HEAD}    {fact}\n    return a.answer()\n", **more)

    return make


def recorded(root):
    saved(root, "k", "n", metrics={"n": 4}, sources=["train.py"])
    manifest.accept(root)


GOOD = "a('n', 4, by('adding', lambda: 2 + 2), {8: 'a slip'})"


def messages(verification):
    return [str(problem) for problem in verification.problems]


def test_a_claim_that_holds_is_in_the_ledger_with_its_evidence(project):
    verification = verify(project(GOOD), jobs=1)
    row = verification.ledger.claims[0]
    assert (row.id, row.shown, row.check, row.evidence["computed"]) == ("Q1.n", "4", "adding", 4)
    assert [(control.value, control.rejected) for control in row.controls] == [(8, True), (3, True), (5, True)]
    assert verification.exit_status == 0


def test_a_claim_that_does_not_hold_tells_expected_and_got(project):
    verification = verify(project(GOOD.replace("2 + 2", "2 + 1")), jobs=1)
    assert messages(verification) == ["Q1.n: the claim does not hold: adding: expected 3, got 4 (answers/one.py:7)"]
    assert verification.exit_status == 1


def test_a_control_that_survives_fails(project):
    fact = "a('n', 4, lambda _records: lambda value: Evidence('accepts everything'), {5: 'a slip'})"
    verification = verify(project(fact), jobs=1)
    assert "a control survives: expected 5" in messages(verification)[0]
    assert verification.exit_status == 1


def test_a_check_that_breaks_on_a_control_does_not_count_as_rejecting_it(project):
    fact = "a('n', 4, lambda _records: lambda value: Evidence('x', 1 / (value - 5)), {5: 'a slip'})"
    verification = verify(project(fact), jobs=1)
    assert "broke on the control 5: ZeroDivisionError" in messages(verification)[0]
    assert verification.ledger.claims[0].controls[0].rejected is False


def test_a_check_without_evidence_does_not_hold(project):
    fact = "a('n', 4, lambda _records: lambda value: None if value == 4 else by('x', int, 4)(())(value))"
    assert "returned no evidence" in messages(verify(project(fact), jobs=1))[0]


def test_a_check_that_breaks_says_where_and_only_that(project):
    """The line is the author's that led there: what was called, here of the standard library, is none of theirs."""
    verification = verify(project("a('n', 4, by('x', lambda: __import__('fractions').Fraction('x')))"), jobs=1)
    assert messages(verification) == [
        "Q1.n: the check broke on the claimed value 4: ValueError: Invalid literal for Fraction: 'x' (answers/one.py:7)"
    ]


def test_an_answer_that_does_not_parse_names_file_and_line(project):
    verification = verify(project("a('n', 4"), jobs=1)
    assert messages(verification) == ["Q1: SyntaxError: '(' was never closed (answers/one.py:7)"]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("return", "answers/one.py: answer(records) returned None; it returns an Answer"),
        ("return a.answer({'t': 3})", "table Q1.t is 3; it is Table(header, rows, align) (answers/one.py:7)"),
        (
            "return a.answer(figures={'f': 3})",
            "figure Q1.f is 3; it is a Plot or a Drawing of writeup.figures (answers/one.py:7)",
        ),
    ],
)
def test_what_is_no_answer_is_refused_with_what_is(project, last, said):
    verification = verify(project(last), jobs=1)
    assert (messages(verification), verification.exit_status) == ([f"Q1: {said}"], 2)


def test_two_questions_of_one_id_are_refused(project):
    path = project(GOOD) / "answers/assignment.toml"
    text = path.read_text()
    path.write_text(text + text[text.index("[[question]]") :])
    with pytest.raises(WriteupError, match="two questions have the id 'Q1'; every id must stand once"):
        verify(path.parents[1], jobs=1)


def test_a_question_without_an_answer_fails(project):
    verification = verify(project(GOOD, module="none"), jobs=1)
    assert messages(verification) == [
        "Q1: question Q1 has no answer: answers/none.py does not exist; write it, with answer(records) -> Answer, or "
        "take the question out of answers/assignment.toml"
    ]
    assert verification.exit_status == 1


def test_an_answer_without_claims_fails(project):
    verification = verify(project("pass"), jobs=1)
    assert "without claims" in messages(verification)[0]


def test_points_that_do_not_add_up_fail(project):
    verification = verify(project(GOOD, points=3), jobs=1)
    assert messages(verification) == [
        "answers/assignment.toml:4: points is 1, and the questions' points add up to 3; mend one of them"
    ]
    assert verification.exit_status == 1


def test_an_answer_that_raises_is_an_error_and_says_where(project):
    verification = verify(project("1 / 0"), jobs=1)
    assert messages(verification) == ["Q1: ZeroDivisionError: division by zero (answers/one.py:7)"]
    assert verification.exit_status == 2


def test_a_stale_record_is_refused_with_the_command_that_mends_it(project):
    root = project("a('n', int(records['k/n'].metrics['n']), by('adding', lambda: 4))")
    (root / "train.py").write_text("STEPS = 4\n")
    recorded(root)
    assert verify(root, jobs=1).exit_status == 0
    (root / "train.py").write_text("STEPS = 5\n")
    verification = verify(root, jobs=1)
    assert "record k/n: is stale: train.py changed" in messages(verification)[0]
    assert "make experiments" in messages(verification)[0]


def test_a_record_whose_name_is_misspelt_is_told_with_the_nearest_and_the_line(project):
    root = project("records['k/m']")
    (root / "train.py").write_text("STEPS = 4\n")
    recorded(root)
    (said,) = messages(verify(root, jobs=1))
    assert "record k/m was asked for and experiments/results/k/m.json does not exist; `make experiments`" in said
    assert said.endswith("; did you mean k/n? (answers/one.py:7)")


RERUN = """record = records["k/n"]; a.on(record)("n", 4, by("adding", lambda: 4)); \
a.rerun("n", record, [4.0], lambda _k: {found}, 0.1)"""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("4.05", []),
        ("4.2", ["record k/n: n, value 0: trained again here it is 4.2, the record has 4.0 (allowed: 0.1)"]),
        ("__import__('os')._exit(0)", ["record k/n: the process that trained it again was killed or ended itself"]),
    ],
)
def test_a_rerun_in_a_copy_of_the_process_must_find_what_is_recorded(project, found, said):
    root = project(RERUN.format(found=found))
    (root / "train.py").write_text("STEPS = 4\n")
    recorded(root)
    verification = verify(root, jobs=2)
    assert messages(verification) == said
    assert verification.ledger.claims[0].level == ("recomputed" if said else "rerun")


def test_processes_of_their_own_find_the_same(project):
    root = project(GOOD)
    alone, together = verify(root, jobs=1), verify(root, jobs=2)
    assert [row.id for row in alone.ledger.claims] == [row.id for row in together.ledger.claims]


@pytest.mark.parametrize("name", ["loss_GRU", "loss_LSTM", "loss", "loss_RNN"])
def test_a_fact_that_bears_a_setting_rests_on_records_with_it(project, name):
    fact = f"a.on(records['k/n'])('{name}', 4, by('adding', lambda: 2 + 2), {{8: 'a slip'}})"
    root = project(f"records['k/other'].metrics; {fact}")
    (root / "train.py").write_text("KIND = 'k'\n")
    for record, cell in (("n", "LSTM"), ("other", "GRU")):
        saved(root, "k", record, settings={"cell": cell, "layers": 2}, sources=["train.py"])
    manifest.accept(root)
    told = "Q1.loss_GRU: bears the word gru and rests on record k/n, whose cell is lstm (answers/one.py:7)"
    found = [said for said in messages(verify(root, jobs=1)) if "bears the word" in said]
    assert found == [told] * (name == "loss_GRU")
