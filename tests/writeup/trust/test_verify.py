"""Verification catches what does not hold and says what it expected and what it got."""

import sys
import textwrap

import pytest

from writeup.records.store import save
from writeup.trust.verify import verify

HEAD = "from writeup.claims import Answer, Evidence, agrees, claim\n\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that makes a project of one question whose answer's claims are given as source text."""

    def make(claims, points=2, module="one"):
        (tmp_path / "answers").mkdir(exist_ok=True)
        (tmp_path / "answers" / "__init__.py").write_text("")
        (tmp_path / "answers" / "one.py").write_text(
            HEAD + textwrap.dedent(f"def answer(records):\n    return Answer('Q1', [{claims}])\n")
        )
        (tmp_path / "answers" / "assignment.toml").write_text(
            f"title='T'\nsubtitle='S'\nsuffix='X'\npoints=2\n[[section]]\nid='Q'\ntitle='Q'\n"
            f"[[question]]\nid='Q1'\nmodule='{module}'\ntitle='t'\npoints={points}\nask='?'\n"
        )
        return tmp_path

    for name in [name for name in sys.modules if name == "answers" or name.startswith("answers.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield make
    for name in [name for name in sys.modules if name == "answers" or name.startswith("answers.")]:
        del sys.modules[name]


GOOD = "claim('Q1.n', 4, 'a number', agrees(lambda: 2 + 2, 'adding'), [5])"


def messages(verification):
    return [str(problem) for problem in verification.problems]


def test_a_claim_that_holds_is_in_the_ledger_with_its_evidence(project):
    verification = verify(project(GOOD), jobs=1)
    row = verification.ledger.claims[0]
    assert (row.id, row.shown, row.check, row.evidence["computed"]) == ("Q1.n", "4", "adding", 4)
    assert [(control.value, control.rejected) for control in row.controls] == [(5, True)]
    assert verification.exit_status == 0


def test_a_claim_that_does_not_hold_tells_expected_and_got(project):
    verification = verify(project(GOOD.replace("2 + 2", "2 + 1")), jobs=1)
    assert messages(verification) == ["Q1.n: the claim does not hold: adding: expected 3, got 4"]
    assert verification.exit_status == 1


def test_a_control_that_survives_fails(project):
    claims = "claim('Q1.n', 4, 'a number', lambda value: Evidence('accepts everything'), [5])"
    verification = verify(project(claims), jobs=1)
    assert "a control survives: expected 5" in messages(verification)[0]
    assert verification.exit_status == 1


def test_a_check_that_breaks_on_a_control_does_not_count_as_rejecting_it(project):
    claims = "claim('Q1.n', 4, 'a number', lambda value: Evidence('x', 1 / (value - 5)), [5])"
    verification = verify(project(claims), jobs=1)
    assert "broke on the control 5: ZeroDivisionError" in messages(verification)[0]
    assert verification.ledger.claims[0].controls[0].rejected is False


def test_a_check_without_evidence_does_not_hold(project):
    claims = "claim('Q1.n', 4, 'a number', lambda value: None if value == 4 else agrees(lambda: 4, 'x')(value), [5])"
    assert "returned no evidence" in messages(verify(project(claims), jobs=1))[0]


def test_a_question_without_an_answer_fails(project):
    verification = verify(project(GOOD, module="none"), jobs=1)
    assert "question Q1 has no answer" in messages(verification)[0]
    assert verification.exit_status == 1


def test_an_answer_without_claims_fails(project):
    verification = verify(project(""), jobs=1)
    assert "without claims" in messages(verification)[0]


def test_points_that_do_not_add_up_fail(project):
    verification = verify(project(GOOD, points=3), jobs=1)
    assert messages(verification) == ["assignment.toml: the questions' points: expected 2, got 3"]
    assert verification.exit_status == 1


def test_an_answer_that_raises_is_an_error_and_says_where(project):
    verification = verify(project("1 / 0"), jobs=1)
    assert "ZeroDivisionError" in messages(verification)[0]
    assert "one.py" in messages(verification)[0]
    assert verification.exit_status == 2


def test_a_stale_record_is_refused_with_the_command_that_mends_it(project):
    root = project("claim('Q1.n', int(records['k/n'].metrics['n']), 'a number', agrees(lambda: 4, 'adding'), [5])")
    (root / "train.py").write_text("STEPS = 4\n")
    save(
        root,
        kind="k",
        name="n",
        settings={},
        seeds=[],
        metrics={"n": 4},
        curves={},
        timing={},
        probe={},
        sources=["train.py"],
    )
    assert verify(root, jobs=1).exit_status == 0
    (root / "train.py").write_text("STEPS = 5\n")
    verification = verify(root, jobs=1)
    assert "record k/n: is stale: train.py changed" in messages(verification)[0]
    assert "make experiments" in messages(verification)[0]


def test_processes_of_their_own_find_the_same(project):
    root = project(GOOD)
    alone, together = verify(root, jobs=1), verify(root, jobs=2)
    assert [row.id for row in alone.ledger.claims] == [row.id for row in together.ledger.claims]
