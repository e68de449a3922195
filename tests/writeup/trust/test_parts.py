"""The claims of a question alone are verified in copies side by side, and nothing that they do there is lost."""

import pytest

from tests.copies import edit
from writeup.trust.verify import verify

SUMS = "answers/sums.py"


def untimed(rows):
    return [row.model_copy(update={"evidence": row.evidence | {"seconds": 0}}) for row in rows]


def test_alone_and_among_others_a_question_has_the_same_rows_in_the_same_order(tiny):
    assert untimed(verify(tiny, "A.1").ledger.claims) == untimed(verify(tiny).ledger.of("A.1"))


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_check_that_ends_its_process_ends_the_question_s(tiny, end):
    edit(tiny / SUMS, "def answer", f"import os\nimport sys\n\n\ndef ends(_):\n    {end}\n\n\ndef answer")
    edit(tiny / SUMS, 'by("the largest term", max, numbers)', 'by("the largest term", ends, numbers)')
    done = verify(tiny, "A.1")
    assert (done.exit_status, [problem.where for problem in done.problems], done.ledger.claims) == (2, ["A.1"], [])


def test_what_a_check_exchanges_in_its_copy_is_named(tiny):
    patch = (
        "import writeup.facts\n\n\ndef patches(of):\n    writeup.facts.gap = print\n    return max(of)\n\n\ndef answer"
    )
    edit(tiny / SUMS, "def answer", patch)
    edit(tiny / SUMS, 'by("the largest term", max, numbers)', 'by("the largest term", patches, numbers)')
    said = [problem.message for problem in verify(tiny, "A.1").problems]
    assert said == ["exchanged writeup.facts.gap, which verifies it"]


def test_problems_of_both_parts_are_told(tiny):
    edit(tiny / SUMS, "max, numbers", "min, numbers")
    edit(tiny / SUMS, "sum, numbers", "len, numbers")
    assert {"A.1.last", "A.1.total"} <= {problem.where for problem in verify(tiny, "A.1").problems}
