"""What a project keeps for its evidence page, and what is told where that cannot be read."""

import json

import pytest

from writeup.errors import WriteupError
from writeup.evidence import About, evidence_page, kept
from writeup.text.marks import read
from writeup.trust.ledger import Ledger

NOTHING = Ledger(claims=[], records=[], environment={})
PART = {"candidates": 90, "tried": 40, "survivors": ["a <b> c"], "minutes": 3.5}
SCORE = {"date": "2026-01-02", "answers": PART | {"share found": 0.975}, "records": PART | {"share found": 1.0}}


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


def test_a_project_may_keep_nothing(tmp_path):
    assert kept(tmp_path, NOTHING) == {"records": [], "trust": "", "mutants": None}


def test_the_score_of_planted_faults_is_shown_with_what_passed(docs):
    (docs / "mutants.json").write_text(json.dumps(SCORE))
    (docs / "trust.md").write_text("# Reach\n\nNobody reads <script>.")
    page = evidence_page(About("", "", "", **kept(docs.parent, NOTHING)), read(""), {}, NOTHING)
    assert "<td>answers</td><td>90</td><td>40</td><td>97.5%</td></tr>" in page
    assert "<li>a &lt;b&gt; c</li>" in page
    assert "7 min on 2026-01-02" in page
    assert '<h4 id="trust-reach">Reach</h4>\n<p>Nobody reads &lt;script&gt;.</p>' in page


@pytest.mark.parametrize("content", [b"[]", b"no score", b'{"date": "2026-01-02"}'])
def test_a_score_that_is_none_is_refused(docs, content):
    (docs / "mutants.json").write_bytes(content)
    with pytest.raises(
        WriteupError, match=r"docs/mutants\.json: .*; it is build/mutants\.json as `make mutants` writes"
    ):
        kept(docs.parent, NOTHING)


def test_words_that_are_no_text_are_refused(docs):
    (docs / "trust.md").write_bytes(b"\xff\xfe")
    with pytest.raises(WriteupError, match=r"docs/trust\.md: not UTF-8"):
        kept(docs.parent, NOTHING)
