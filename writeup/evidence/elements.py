"""The page's HTML with a button at each fact and each statement, and where each of them is printed, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

LONG = 40  # characters that a button, which does not break across lines, should not have
CAPTION = re.compile(r"(?:Figure|Table)\s\d+")  # a space that does not break


@dataclass(frozen=True)
class Place:
    """Where the page prints a fact or a statement: the id of the element, and words for it."""

    id: str
    words: str


def with_buttons(html: str, values: Mapping[str, str]) -> tuple[BeautifulSoup, dict[str, list[Place]]]:
    """Each fact a button that opens its card; each statement, or fact of many words, with one at its end.

    `values` tells what a fact is where its element says only "·"; the second result is where each is printed.
    """
    soup = heard_once(html)
    _join_thousands(soup)
    for wide in soup.select("table"):
        wide.wrap(soup.new_tag("div", attrs={"class": "wide", "tabindex": "0", "role": "group", "aria-label": "table"}))
    for link in soup.select('a[href*="_evidence.html#answer-"]'):  # from the other files to here; here to the register
        link["href"] = "#register-" + str(link["href"]).rpartition("#answer-")[2]
    for code in soup.select("pre"):
        code["tabindex"] = "0"  # what scrolls must be in reach of the keyboard
    places: dict[str, list[Place]] = {}
    for element in soup.select("[data-claim], [data-statement]"):
        kind = "claim" if element.has_attr("data-claim") else "statement"
        id = str(element[f"data-{kind}"])
        of = places.setdefault(id, [])
        of.append(Place(f"at-{id}-{len(of) + 1}", _where(element)))
        element["id"] = of[-1].id
        if kind == "claim" and (len(element.get_text()) < LONG or element.find("math")):
            element.name = "button"
            _open_by(element, id, "fact", _heard(element, values.get(id, id)))
        else:
            button = soup.new_tag("button")
            button.string = "§"
            _open_by(button, id, "mark", f"How this is known: {id}")
            element.append(button)
    return soup, places


def heard_once(html: str) -> BeautifulSoup:
    """HTML as a screen reader should have it: formulas without their TeX, and no column headed by nothing."""
    soup = BeautifulSoup(html, "html.parser")
    for source in soup.select("annotation"):
        source.decompose()
    for empty in soup.select("th:empty"):
        empty.name = "td"
    return soup


def _join_thousands(soup: BeautifulSoup) -> None:
    """A number that pandoc split at its commas becomes one number again."""
    for first in soup.select("mn"):
        while (comma := first.find_next_sibling()) is not None and comma.get_text() == ",":
            rest = comma.find_next_sibling()
            if rest is None or rest.name != "mn" or len(rest.get_text()) != 3:
                break
            first.string = f"{first.get_text()},{rest.get_text()}"
            comma.decompose()
            rest.decompose()


def _heard(button: Tag, value: str) -> str:
    """What a screen reader must be told of a button, since it finds no words in it; "" where it does."""
    if button.find("math"):
        return str(button.get_text())
    return value if button.get_text() in ("·", "") else ""


def _open_by(button: Tag, id: str, name: str, label: str) -> None:
    button["type"] = "button"
    button["popovertarget"] = f"evidence-{id}"
    button["aria-haspopup"] = "dialog"
    button["class"] = name
    if label:
        button["aria-label"] = label


def _where(element: Tag) -> str:
    """The question, and the figure, table, caption, listing or text in it."""
    heading = element.find_previous(["h2", "h3"])
    question = heading.get_text().split()[0] if heading else ""
    return ", ".join(filter(None, (question, _part(element))))


def _part(element: Tag) -> str:
    for parent in element.parents:
        name, classes = parent.name, parent.get_attribute_list("class")
        if name == "table" or "picture" in classes:
            caption = parent.find_next(lambda tag: tag.name == "p" and bool(CAPTION.match(tag.get_text())))
            found = CAPTION.match(caption.get_text()) if caption else None
            shown = found[0] if found else "a picture or table"
            return shown if name == "table" else f"a point of {shown}"
        if name == "p" and (found := CAPTION.match(parent.get_text())):
            return f"caption of {found[0]}"
        if "listing-facts" in classes:
            return "program text"
    return "text"
