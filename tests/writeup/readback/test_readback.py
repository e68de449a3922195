"""Finished files against the ledger: a number that is wrong, lost, moved or nobody's is found."""

import pytest

from tests.writeup.rows import claim_row
from writeup.errors import WriteupError
from writeup.readback import compare, passages_of
from writeup.text.marks import mark, read
from writeup.trust.ledger import ControlRow, Ledger, PrintedRow, ReadBackRow


def row(id, value, shown):
    control = ControlRow(value=0, printed="0", why="", rejected=True)
    return claim_row(id, value, shown, printed=[PrintedRow(file="md", text=shown)], controls=[control])


MARKDOWN = f'<a id="answer-A.1"></a>\n\nIt is {mark("5,050", "claim:A.1.a")}, not {mark("7.25", "claim:A.1.b")}.\n'
TEX = "\\begin{document}\n\\label{answer-A.1}\n\nIt is 5,050, not 7.25.\n\\end{document}"


def findings(markdown=MARKDOWN, tex=TEX, claims=(("A.1.a", 5050, "5,050"), ("A.1.b", 7.25, "7.25")), edit=("", "")):
    """What is found when the documents were rendered as `markdown`, and the finished .md was then edited."""
    rendered = read(markdown)
    ledger = Ledger(
        claims=[row(*claim) for claim in claims],
        records=[],
        environment={},
        readback=ReadBackRow(passages=passages_of(rendered)),
    )
    content = {"x.md": rendered.text.replace(*edit).encode(), "x.tex": tex.encode()}
    return [str(finding) for finding in compare(content, ledger).findings]


def test_documents_that_print_their_claims_have_no_finding():
    assert findings() == []


def test_a_changed_number_in_the_markdown():
    due = "x.md, answer-A.1: after '5050' it prints 7.26; 7.25 (claim:A.1.b) is due"
    assert findings(edit=("7.25", "7.26")) == [due]


def test_words_of_a_picture_that_are_not_its_finding():
    cited = "([Tompson 2015](#ref-tompson2015))"
    shown = (
        f'{MARKDOWN}\n<img src="a.svg" width="720" alt="It falls.">\n\n**Figure\u00a0{mark("1", "caption-number")}. '
    )
    shown += f"It falls {mark(cited, 'citation')}.** Dots are measured.\n\n"
    tex = TEX.replace("7.25.", "7.25. Figure 1. It falls (Tompson 2015). Dots are measured.")
    assert findings(markdown=shown, tex=tex) == []
    assert findings(markdown=shown, tex=tex, edit=("falls.", "falls by 2.")) == [
        "x.md, pictures: alternative text 'It falls by 2.' is not its finding"
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("7.25", "7.2", "after '5050' it prints 7.2; 7.25 (claim:A.1.b) is due"),
        ("5,050, not 7.25", "7.25, not 5,050", "after '' it prints 7.25; 5050 (claim:A.1.a) is due"),
        (", not 7.25", "", "after '5050' it prints nothing; 7.25 (claim:A.1.b) is due"),
        ("7.25", "7.25 or 8", "after '5050 7.25' it prints 8; nothing (the passage's end) is due"),
    ],
    ids=["changed", "exchanged", "lost", "too many"],
)
def test_a_number_in_the_tex_that_is_not_due(old, new, told):
    assert old in TEX
    assert findings(tex=TEX.replace(old, new)) == [f"x.tex, answer-A.1: {told}"]


def test_a_passage_that_is_lost():
    tex = TEX.replace("\\label{answer-A.1}", "")
    assert "x.tex, answer-A.1: the passage is not in the file" in findings(tex=tex)


def test_a_claim_that_is_not_its_value_rounded():
    claims = (("A.1.a", 5050, "5,050"), ("A.1.b", 7.256, "7.25"))
    assert findings(claims=claims) == [
        "ledger.json, A.1.b: 7.25 is not 7.256 rounded to its last printed place",
    ]


def test_a_number_whose_source_nothing_allows():
    markdown = MARKDOWN.replace("not", f"not {mark('8', 'expression')}, not")
    assert findings(markdown, TEX.replace("not", "not 8, not")) == [
        "documents, answer-A.1: they print 8, which no claim holds (its source is: expression)"
    ]


def test_a_mark_of_a_claim_around_another_number():
    markdown = MARKDOWN.replace("7.25", "7.3")
    assert findings(markdown, TEX.replace("7.25", "7.3")) == [
        "documents, answer-A.1: they print 7.3 as claim:A.1.b, where the ledger has 7.25"
    ]


def test_a_claimed_word_that_became_another():
    """Of a comparison the word is the claim."""
    markdown = f'<a id="answer-A.1"></a>\n\nIt is {mark("much lower", "claim:A.1.a")}: lower.\n'
    tex = "\\begin{document}\\label{answer-A.1} It is much\nlower: lower.\\end{document}"
    claims = [("A.1.a", "much lower", "much lower")]
    assert findings(markdown, tex, claims) == []
    assert findings(markdown, tex.replace("much\nlower", "much higher"), claims) == [
        "x.tex, answer-A.1: the claimed 'much lower' stands there 0 times; 1 are due"
    ]
    assert findings(markdown, tex, claims, edit=("much lower", "much higher")) == [
        "x.md, answer-A.1: the claimed 'much lower' stands there 0 times; 1 are due"
    ]


def test_a_folder_without_documents_is_refused():
    with pytest.raises(WriteupError, match=r"expected one \.tex and its \.md, got \[\]"):
        compare({}, Ledger(claims=[], records=[], environment={}))
