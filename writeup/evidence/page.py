"""One file that needs nothing else: text, cards, register of facts, records, and how to distrust all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from writeup.errors import WriteupError
from writeup.evidence.about import About
from writeup.evidence.audited import LAYOUTS, audit_section, layout
from writeup.evidence.cards import Card, fact_card, shown, statement_card
from writeup.evidence.curves import curves
from writeup.evidence.elements import heard_once, with_buttons
from writeup.evidence.pictures import filled, frame
from writeup.evidence.text import alternatives, formulas, html_of, marked, to_html
from writeup.readback.sources import ALLOWED
from writeup.text.marks import Sourced
from writeup.trust.ledger import LEVELS, ClaimRow, Ledger

FEW = 4  # records that a card lists itself
TEX = re.compile(r"[\\^_]")


def evidence_page(about: About, markdown: Sourced, pictures: Mapping[str, str], ledger: Ledger) -> str:
    """The page as text. `pictures` maps the files that the Markdown shows to SVG.

    Raises `WriteupError` when the text was not printed from this ledger.
    """
    _refuse_another(markdown, ledger)
    rows = {row.file: row for row in about.figures}
    frames = {file: frame(svg, rows.get(file.rpartition("/")[2]), ledger.claims) for file, svg in pictures.items()}
    values = {claim.id: shown(claim) for claim in ledger.claims}
    body, places = with_buttons(to_html(markdown, frames), values)
    words = _Words(markdown, ledger)
    said = {str(e["data-statement"]): _text(e) for e in body.select("[data-statement]")}
    cards = [fact_card(row, ledger, places.get(row.id, []), words.of(row)) for row in ledger.claims]
    cards += [
        statement_card(row, ledger, places.get(row.id, []), said.get(row.id, row.text)) for row in ledger.statements
    ]
    drawn = [(pictures[file], alternative) for file, alternative in alternatives(markdown)]
    return layout(LAYOUTS / "page.html.j2").render(
        about=about,
        body=Markup(filled(str(body), drawn)),
        contents=[(str(h.name), str(h["id"]), h.get_text()) for h in body.select("h2[id], h3[id]")],
        cards=cards,
        registered=_by_question(cards),
        values=values,
        ledger=ledger,
        levels=LEVELS,
        allowed=ALLOWED,
        exceptions=[(id, words, why) for id, listed in about.exceptions.items() for words, why in listed.items()],
        runs=_shared(cards),
        number={record.path: number for number, record in enumerate(ledger.records, 1)},
        rerun={row.record: row for row in ledger.reruns},
        curves={record.path: curves(record) for record in about.records},
        behind={r.path: [c.id for c in ledger.claims if r.path in c.evidence["records"]] for r in ledger.records},
        audit=Markup(audit_section(about.certificate)),
        trust=Markup(str(heard_once(html_of(about.trust, "--shift-heading-level-by=3", "--id-prefix=trust-")))),
    )


def _refuse_another(markdown: Sourced, ledger: Ledger) -> None:
    """A ledger of another build tells nothing of this text."""
    printed = {row.id: {place.text for place in row.printed if place.file == "md"} for row in ledger.claims}
    said = {row.id for row in ledger.statements}
    for kind, id, text in marked(markdown):
        if id not in (printed if kind == "claim" else said) or (kind == "claim" and text not in printed[id]):
            told = f"the text has {text!r} for {kind} {id}, the ledger {sorted(printed.get(id, ())) or 'nothing'}"
            raise WriteupError(f"evidence page: the ledger is of another build: {told}; `make all` writes both")


def _by_question(cards: Sequence[Card]) -> dict[str, list[Card]]:
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.question, []).append(card)
    return found


def _shared(cards: Sequence[Card]) -> dict[tuple[str, ...], str]:
    """Ids of cards of their own for long lists of records, which many facts share."""
    long = dict.fromkeys(card.records for card in cards if len(card.records) > FEW)
    return {paths: f"runs-{number}" for number, paths in enumerate(long, 1)}


def _text(element: Any) -> str:
    return str(element.get_text()).removesuffix("§")


class _Words:
    """How the text of facts is shown in cards: what stands in formulas as MathML, made in one go."""

    def __init__(self, markdown: Sourced, ledger: Ledger) -> None:
        self.in_formulas = formulas(markdown)
        rows = [row for row in ledger.claims if row.id in self.in_formulas]
        texts = [shown(row) for row in rows] + [c.printed for row in rows for c in row.controls]
        made = list(dict.fromkeys(text for text in texts if TEX.search(text)))
        html = html_of("\n\n".join(f"${text}$" for text in made)) if made else ""
        found = [Markup(text.decode_contents()) for text in heard_once(html).select("p")]
        self.mathematics = dict(zip(made, found, strict=True)) if len(found) == len(made) else {}

    def of(self, row: ClaimRow) -> Any:
        """A function from text to what is shown of it."""
        if row.id not in self.in_formulas:
            return str
        return lambda text: self.mathematics.get(text, text)
