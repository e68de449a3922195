"""The evidence page in a browser, as its reader uses it: by mouse, by keyboard, on a phone, on paper."""

import json

import pytest

from tests.places import ROOT

SAMPLE = ROOT / "docs/sample"
SAMPLE_PAGE = next(SAMPLE.glob("*_evidence.html"))
# Clicks every fact and statement of the text; the ids of those whose card opened.
OPENED = """() => {
  const opened = new Set();
  for (const element of document.querySelectorAll("main [data-claim], main [data-statement]")) {
    const id = element.dataset.claim ?? element.dataset.statement;
    const button = element.matches("button") ? element : element.querySelector(":scope > .mark");
    button.click();
    const card = document.getElementById("evidence-" + id);
    if (card.matches(":popover-open") && card.getBoundingClientRect().height > 50) opened.add(id);
    card.hidePopover();
  }
  return [...opened];
}"""
TOTAL, CARD = "main [data-claim='A.1.total']", "[id='evidence-A.1.total']"


def test_a_click_opens_the_card_of_a_fact_and_escape_returns(small, open_page):
    page = open_page(small).page
    page.locator(TOTAL).first.click()
    assert "adding them one by one" in page.locator(CARD).inner_text()
    page.keyboard.press("Escape")
    assert page.locator(CARD).is_hidden()
    assert page.evaluate("document.activeElement.dataset.claim") == "A.1.total"


def test_enter_opens_the_card_and_the_focus_goes_back(small, open_page):
    page = open_page(small).page
    page.locator(TOTAL).first.focus()
    page.keyboard.press("Enter")
    assert page.locator(CARD).is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    assert page.locator(CARD).is_visible()


def test_a_statement_opens_its_card(small, open_page):
    page = open_page(small).page
    page.locator("[data-statement='A.2.doubles'] button").click()
    assert "winner = squaring" in page.locator("[id='evidence-A.2.doubles']").inner_text()


def test_every_fact_and_statement_of_the_small_page_opens(small, open_page):
    page = open_page(small).page
    assert sorted(page.evaluate(OPENED)) == ["A.1.last", "A.1.total", "A.2.doubles", "A.2.winner"]


def test_everything_that_the_sample_prints_opens(open_page):
    ledger = json.loads((SAMPLE / "ledger.json").read_text(encoding="utf-8"))
    due = {row["id"] for row in ledger["claims"] if any(place["file"] == "md" for place in row["printed"])}
    text = (SAMPLE / "Ada_Lovelace_al123_A3.md").read_text(encoding="utf-8")
    questions = {row["question"] for row in ledger["claims"] if f'<a id="answer-{row["question"]}">' in text}
    due |= {row["id"] for row in ledger["statements"] if row["question"] in questions}
    opened = open_page(SAMPLE_PAGE)
    assert due - set(opened.page.evaluate(OPENED)) == set()
    assert opened.errors == []


def test_the_register_shows_what_is_asked_for(small, open_page):
    page = open_page(small).page
    rows = page.locator("#facts tbody tr:visible")
    assert rows.count() == 6  # two questions, three facts, a statement
    page.locator("#filter").fill("adding 5050")
    assert [text.split()[0] for text in rows.all_inner_texts()] == ["A.1", "A.1.total"]
    page.locator("#filter").fill("nothing like this")
    assert rows.count() == 0
    assert page.locator("#shown").inner_text() == "0 of 4"


def test_nothing_is_fetched_and_no_error_is_told(small, open_page):
    opened = open_page(small)
    opened.page.evaluate(OPENED)
    assert opened.errors == []
    assert opened.requests == [small.as_uri()]


def test_a_phone_needs_no_scrolling_sideways(small, open_page):
    for path in (small, SAMPLE_PAGE):
        page = open_page(path, viewport={"width": 360, "height": 740}).page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_table_cell_leads_to_its_point_in_the_figure_and_back(open_page):
    page = open_page(SAMPLE_PAGE).page
    cells = page.locator("main td [data-claim]").evaluate_all("cells => cells.map(cell => cell.dataset.claim)")
    points = page.locator(".drawn .fact").evaluate_all("points => points.map(point => point.dataset.claim)")
    id = next(claim for claim in cells if claim in points)
    page.locator(f"main td [data-claim='{id}']").first.click()
    page.locator(f"[id='evidence-{id}'] a", has_text="a point of").first.click()
    assert page.evaluate("document.activeElement.closest('.drawn') !== null")
    page.keyboard.press("Enter")
    page.locator(f"[id='evidence-{id}'] a", has_text="Table").first.click()
    assert page.evaluate("document.activeElement.closest('td') !== null")


def test_the_register_finds_facts_by_their_record(open_page):
    page = open_page(SAMPLE_PAGE).page
    page.locator("[popovertarget^='record-']").first.click()
    card = page.locator(".card:popover-open")
    due = card.locator("[data-wanted]").inner_text()
    card.locator("[data-wanted]").click()
    found = page.locator("#facts tbody tr[data-find]:visible").evaluate_all(
        "rows => rows.filter(row => !row.textContent.includes('a sentence on')).length"
    )
    assert due == f"{found} facts, in the register"
    assert found > 0


def test_a_record_opens_from_its_fact_and_shows_its_course(open_page):
    page = open_page(SAMPLE_PAGE).page
    with_course = page.evaluate(
        """() => {
            for (const fact of document.querySelectorAll("[id^='evidence-']:not(:has(details))"))
                for (const button of fact.querySelectorAll("[popovertarget]")) {
                    const record = document.getElementById(button.getAttribute("popovertarget"))
                    if (record && record.querySelector(".curves")) {
                        fact.showPopover()
                        return record.id
                    }
                }
        }"""
    )
    page.locator(f".card:popover-open [popovertarget='{with_course}']").click()
    assert page.locator(f"[id='{with_course}'] svg path").first.is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".card:popover-open").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["small", "sample"])
def test_axe_finds_nothing(path, scheme, small, open_page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe; .ci/browser installs it")
    page = open_page(small if path == "small" else SAMPLE_PAGE, color_scheme=scheme).page
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.locator("main [data-claim]").first.click()
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_print_shows_the_text_alone(small, open_page):
    page = open_page(small).page
    page.emulate_media(media="print")
    assert page.locator(TOTAL).first.is_visible()
    assert page.locator("#filter").is_hidden()


def test_words_that_look_like_a_script_stay_words(small, open_page):
    page = open_page(small).page
    assert "Nothing <script>alert(🙂)</script> stops it." in page.locator("main").inner_text()
