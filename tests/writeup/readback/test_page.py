"""The evidence page read back: what differs from the ledger is found, in its text, its cards, and what opens them."""

import pytest

from tests.writeup.rows import claim_row, statement_row
from writeup.evidence import About, evidence_page
from writeup.pages.mathematics import mend_mathematics
from writeup.pages.tex import to_tex
from writeup.readback import passages_of, read_evidence
from writeup.readback.sources import ledger_findings
from writeup.readback.text import text_of_tex
from writeup.text.marks import mark, read
from writeup.text.numerals import spelled
from writeup.trust.ledger import ControlRow, Ledger, PrintedRow, ReadBackRow

TEXT = f"""# Title 7

<a id="answer-Q"></a>

It is {mark("1,234", "claim:Q.a")} and $x_1 = {mark("-0.5", "claim:Q.b")} \\cdot 3 \\times 10^{{-6}}$.

{mark(f"It grows to {mark('1,234', 'claim:Q.a')}.", "statement:Q.s")}
"""


def row(id, value, shown):
    control = ControlRow(value=99, printed="99", why="a slip", rejected=True)
    return claim_row(id, value, shown, printed=[PrintedRow(file="md", text=shown)], controls=[control])


@pytest.fixture(scope="module")
def ledger():
    said = statement_row("Q.s", claims=["Q.a"])
    claims = [row("Q.a", 1234, "1,234"), row("Q.b", -0.5, "-0.5")]
    passages = ReadBackRow(passages=passages_of(read(TEXT)))
    return Ledger(claims=claims, statements=[said], records=[], environment={}, readback=passages)


@pytest.fixture(scope="module")
def page(ledger):
    return evidence_page(About("T", "A", "t.pdf"), read(TEXT), {}, ledger)


def found(page, ledger):
    return [str(finding) for finding in read_evidence("e.html", page, ledger)[0]]


def test_a_page_of_this_ledger_agrees(page, ledger):
    findings, counted = read_evidence("e.html", page, ledger)
    assert findings == []
    assert (counted.numbers, counted.matched) == (6, 3)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (">1,234</button>.", ">1,235</button>.", "prints 1235; 1234 (claim:Q.a) is due"),
        ("<mn>0.5</mn>", "<mn>0.6</mn>", "prints -0.6; -0.5 (claim:Q.b) is due"),
        ("Title 7", "Title 8", "prints 8; 7 (template) is due"),
        ('id="title-evidence-Q.a">1,234', 'id="title-evidence-Q.a">1,235', "its card has 1235; the ledger 1234"),
        ('id="title-evidence-Q.s"', 'id="title-evidence-Q.t"', "Q.s: the page lacks its card"),
        ('data-statement="Q.s"', "", "Q.s: the page lacks the element that opens it"),
    ],
)
def test_what_differs_is_found(page, ledger, old, new, told):
    assert old in page
    assert told in "\n".join(found(page.replace(old, new), ledger))


def formula_with(value, formula):
    """Text and ledger of one formula, in which "#" stands for the fact's value."""
    text = f'<a id="answer-Q"></a>\n\nSo ${formula.replace("#", mark(value, "claim:Q.a"))}$ holds.\n'
    text = read(mend_mathematics(text, "t"))
    return text, Ledger(
        claims=[row("Q.a", float(value), value)],
        records=[],
        environment={},
        readback=ReadBackRow(passages=passages_of(text)),
    )


@pytest.mark.parametrize(
    "formula",
    [
        r"\frac{1}{2} #",
        r"\frac{1}{2}#",
        r"\frac{1}{2}\,# - 4",
        "x_2#",
        "(1 + x) # x",
        r"\alpha#",
        r"\hat x #",
        r"3 \times 10^{-6} #",
        r"\begin{aligned} x &= 2 \\ &#\end{aligned}",
        r"\begin{pmatrix} 1 & 2 \\ 3 & #\end{pmatrix}",
    ],
)
def test_a_value_keeps_its_minus_behind_an_operand_in_every_file(formula):
    text, ledger = formula_with("-3", formula)
    (due,) = [row.numbers for row in ledger.readback.passages if row.name == "answer-Q"]
    assert (due.split().count("-3"), spelled(text_of_tex(to_tex(text.text)))) == (1, due.split())
    page = evidence_page(About("T", "A", "t.pdf"), text, {}, ledger)
    assert found(page, ledger) == []
    assert list(ledger_findings(ledger)) == []


def test_another_sign_behind_an_operand_is_found():
    text, ledger = formula_with("-3", r"\frac{1}{2} #")
    page = evidence_page(About("T", "A", "t.pdf"), text, {}, ledger).replace(
        "<mo>−</mo><mn>3</mn>", "<mo>+</mo><mn>3</mn>"
    )
    assert found(page, ledger) == ["e.html, answer-Q: after '1 2' it prints 3; -3 (claim:Q.a) is due"]
