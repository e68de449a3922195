"""The evidence page of a document: every printed fact and statement opens a card, and nothing is fetched."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.writeup.rows import claim_row, statement_row
from writeup.errors import WriteupError
from writeup.evidence import About, evidence_page
from writeup.text.marks import mark, read
from writeup.trust.ledger import ControlRow, Ledger, PrintedRow


def row(id, shown="12"):
    control = ControlRow(value=13, printed="13 <script>", why="one & more", rejected=True)
    evidence = {"computed": 12, "tolerance": None, "seed": None, "records": []}
    given = {"printed": [PrintedRow(file="md", text=shown)], "controls": [control], "evidence": evidence}
    return claim_row(id, 12, shown, source="answers/q.py:3", **given)


STATEMENT = statement_row("Q.grows", text="It grows.", source="answers/q.py:9", claims=["Q.a"])
TEXT = f"""# Title

The number is {mark("12", "claim:Q.a")} and $x = {mark("1,234", "claim:Q.b")} + {mark("7", "claim:Q.c")}$.

{mark(f"It grows to {mark('12', 'claim:Q.a')}.", "statement:Q.grows")}

```python
x = 12
```

<img src="f/one.svg" width="720" alt="{mark("12", "claim:Q.a")} dots">

| A | B |
| - | - |
| {mark("12", "claim:Q.a")} | word |
"""


@pytest.fixture(scope="module")
def page():
    ledger = Ledger(
        claims=[row("Q.a"), row("Q.b", "1,234"), row("Q.c", "7")], statements=[STATEMENT], records=[], environment={}
    )
    svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
    about = About('T "<b>"', "Ada <script>alert(1)</script>", "one.pdf", exceptions={"Q": {"12 steps": "chosen"}})
    return evidence_page(about, read(TEXT), {"f/one.svg": svg}, ledger)


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


def test_every_fact_and_statement_has_a_card_and_opens_it(soup):
    opened = {button["popovertarget"] for button in soup.select("main button")}
    cards = {card["id"] for card in soup.select("[popover]")}
    assert opened == cards == {"evidence-Q.a", "evidence-Q.b", "evidence-Q.c", "evidence-Q.grows"}


def test_each_place_of_a_fact_has_its_own_name_and_the_card_links_to_it(soup):
    places = [button["id"] for button in soup.select('main [data-claim="Q.a"]')]
    links = [link["href"] for link in soup.select('[id="evidence-Q.a"] a')]
    assert places == ["at-Q.a-1", "at-Q.a-2", "at-Q.a-3"]
    assert links == [f"#{place}" for place in places]


def test_a_formula_is_one_button_and_its_number_reads_as_one(soup):
    (formula,) = soup.select('main [data-claim="Q.b"]')
    assert [number.get_text() for number in formula.select("mn")] == ["1,234", "7"]
    assert soup.select('main [data-claim="Q.c"]')[0].get_text() == "·"


def test_a_statement_holds_its_facts_and_has_a_mark_of_its_own(soup):
    (statement,) = soup.select('[data-statement="Q.grows"]')
    assert statement.get_text() == "It grows to 12.§"


def test_the_picture_stands_in_the_page(soup):
    assert soup.select_one(".picture svg path") is not None
    assert soup.select_one(".picture svg")["aria-label"] == "12 dots"


def test_names_and_words_stay_text(soup):
    assert [script.get_text()[:9] for script in soup.select("script")] == ["\nconst bo"]
    assert "Ada <script>alert(1)</script>" in soup.get_text()
    assert soup.select_one('[id="evidence-Q.a"] s').get_text() == "13 <script>"


def test_nothing_is_fetched(page):
    without_names = page.replace('xmlns="http://www.w3.org/2000/svg"', "").replace("http://www.w3.org/1998/Math", "")
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*|https?://|@import|url\(", without_names) == []


def test_a_ledger_of_another_build_is_refused():
    ledger = Ledger(claims=[row("Q.a", "13")], records=[], environment={})
    with pytest.raises(WriteupError, match=r"of another build: the text has '12' for claim Q\.a, the ledger \['13'\]"):
        evidence_page(About("", "", ""), read(mark("12", "claim:Q.a")), {}, ledger)


def test_a_fact_of_many_words_may_break_across_lines():
    words = "one of the variables was modified by an operation in place"
    ledger = Ledger(claims=[row("Q.a", words)], records=[], environment={})
    page = evidence_page(About("", "", ""), read(mark(words, "claim:Q.a")), {}, ledger)
    (fact,) = BeautifulSoup(page, "html.parser").select('main [data-claim="Q.a"]')
    assert (fact.name, fact.get_text()) == ("span", f"{words}§")
    assert fact.button["popovertarget"] == "evidence-Q.a"
