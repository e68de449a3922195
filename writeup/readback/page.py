r"""The evidence page read back: the numbers of its text in order, and each fact and statement with its card.

Mathematics is read from MathML as if it were TeX, so that a number is spelled as in the other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from writeup.readback.sources import Finding
from writeup.readback.text import ANCHOR, FRONT
from writeup.text.numerals import spelled
from writeup.trust.ledger import Ledger, PassageRow

BLOCKS = {"p", "div", "li", "td", "th", "tr", "pre", "blockquote", "h1", "h2", "h3", "h4", "dd", "dt"}
UNREAD = ".picture, .mark, .listing-facts, annotation"  # no part of the text; pictures are read as files
INFIX = "\x01"  # between an operator and what follows it
SCRIPTS = {"msup": "^", "msub": "_", "mover": "^", "munder": "_"}


def read_page(html: str) -> BeautifulSoup:
    """The page without its pictures, which are the SVG files beside the Markdown."""
    return BeautifulSoup(re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL), "html.parser")


def page_passages(page: BeautifulSoup, due: Sequence[PassageRow]) -> dict[str, list[str]]:
    """The numbers of each passage of the page's text.

    In a formula `x -3` and `x - 3` look the same, whatever the template meant: a sign behind an operand is read as the
    number's own where that is `due`.
    """
    text = "".join(_text(page.main)) if page.main else ""
    pieces = [FRONT, *text.split("\0")]  # name, text, name, text, ...
    wanted = {row.name: row.numbers.split() for row in due}
    found = {}
    for name, passage in zip(pieces[::2], pieces[1::2], strict=True):
        plain, signed = (spelled(passage.replace(INFIX, space)) for space in (" ", ""))
        places = zip_longest(plain, signed, wanted.get(name, []))
        found[name] = [own if own and own == asked else number for number, own, asked in places if number]
    return found


def page_findings(file: str, page: BeautifulSoup, ledger: Ledger) -> Iterator[Finding]:
    """Facts and statements without an element or a card, and cards with another value than the ledger's."""
    printed = [row.id for row in ledger.claims if any(place.file == "md" for place in row.printed)]
    asked = {passage.name.removeprefix("answer-") for passage in ledger.readback.passages}
    said = [row.id for row in ledger.statements if row.question in asked]
    shown = {str(e["data-claim"]) for e in page.select("main [data-claim]")}
    shown |= {str(e["data-statement"]) for e in page.select("main [data-statement]")}
    titles = {str(e["id"]): e for e in page.select(".card > h2")}
    for id in [*printed, *said]:
        if id not in shown or f"title-evidence-{id}" not in titles:
            yield Finding(file, id, "the page lacks " + ("its card" if id in shown else "the element that opens it"))
    for row in ledger.claims:
        title = titles.get(f"title-evidence-{row.id}")
        due = _plain(" ".join([row.shown, *row.shown_ends, row.unit]))
        if title and (got := _plain("".join(_text(title)))) != due:
            yield Finding(file, row.id, f"its card has {' '.join(got)}; the ledger {' '.join(due)}")


def _plain(text: str) -> list[str]:
    """The numbers of a value; its percent sign may stand behind its interval."""
    return [number.removesuffix("%") for number in spelled(text.replace(INFIX, " "))]


def _text(element: Tag) -> Iterator[str]:
    """The text below an element; an anchor as its name between zero bytes."""
    for child in element.children:
        if isinstance(child, NavigableString):
            yield str(child)
        elif isinstance(child, Tag):
            if re.fullmatch(ANCHOR, id := str(child.get("id") or "")):
                yield f"\0{id}\0"
            if child.name == "math":
                yield f" {_tex(child)} "
            elif not child.css.match(UNREAD) and child.get_text() != "·":
                yield from _text(child)
            if child.name in BLOCKS:
                yield "\n"


def _tex(element: Tag) -> str:
    parts = [_tex(child) for child in element.children if isinstance(child, Tag)]
    if element.name in SCRIPTS:
        return f"{parts[0]}{SCRIPTS[element.name]}{{{parts[1]}}}"
    if element.name in ("msubsup", "munderover"):
        return f"{parts[0]}_{{{parts[1]}}}^{{{parts[2]}}}"
    if element.name == "mo":
        sign = element.get_text().replace("×", r"\times")
        return sign if element.get("form") == "prefix" else f" {sign}{INFIX}"
    if parts:
        return (" " if element.name in ("mfrac", "mtr", "mtable") else "").join(parts)
    return element.get_text()
