"""One file that needs nothing else: text, cards, register of facts, records, and how to distrust all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from writeup.evidence.audited import audit_section
from writeup.evidence.text import to_html, with_buttons
from writeup.readback.sources import ALLOWED
from writeup.text.marks import Sourced
from writeup.trust.certificate import Certificate
from writeup.trust.ledger import ClaimRow, FileRow, Ledger, StatementRow

LAYOUTS = Path(__file__).with_name("layouts")
LEVELS = {
    "executed": "executed: computed here, at this build, by two routes",
    "rerun": "rerun: a seeded run behind it was trained again here, at this build",
    "recomputed": "recomputed: computed from a record, and as true as the record",
}


@dataclass(frozen=True)
class Card:
    """What opens when a fact or a statement is asked how it is known."""

    id: str
    title: str
    rows: Sequence[tuple[str, str]]
    wrong: Sequence[tuple[str, str]]
    records: Sequence[str]
    source: str
    places: Sequence[str]


def evidence_page(
    title: str,
    author: str,
    markdown: Sourced,
    pictures: Mapping[str, str],
    ledger: Ledger,
    document: str,
    exceptions: Mapping[str, Mapping[str, str]],
    files: Sequence[FileRow] = (),
    certificate: Certificate | None = None,
) -> str:
    """The page as text. `pictures` maps the files that the Markdown shows to SVG, `document` names the PDF;
    `exceptions` may stand though no fact prints them, `files` tells what the finished files were found to hold, and
    `certificate` is the last audit's, if it was of these facts."""
    body = with_buttons(to_html(markdown, pictures))
    places: dict[str, list[str]] = {}
    for element in body.select("[data-claim], [data-statement]"):
        id = str(element.get("data-claim") or element.get("data-statement"))
        places.setdefault(id, []).append(str(element["id"]))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(LAYOUTS), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        title=title,
        author=author,
        document=document,
        body=str(body),
        cards=[
            *(_fact_card(row, places.get(row.id, [])) for row in ledger.claims),
            *(_statement_card(row, ledger, places.get(row.id, [])) for row in ledger.statements),
        ],
        ledger=ledger,
        levels=LEVELS,
        allowed=ALLOWED,
        exceptions=[(id, words, why) for id, listed in exceptions.items() for words, why in listed.items()],
        files=files,
        audit=audit_section(certificate),
        rerun={row.record: row for row in ledger.reruns},
        behind={
            record.path: [row.id for row in ledger.claims if record.path in row.evidence["records"]]
            for record in ledger.records
        },
    )


def _fact_card(row: ClaimRow, places: Sequence[str]) -> Card:
    evidence = row.evidence
    rows = [("Value", _shown(row)), ("Level", LEVELS[row.level]), ("Second route", row.check)]
    if evidence.get("computed") is not None:
        rows.append(("It found", _short(evidence["computed"])))
    if evidence.get("tolerance"):
        rows.append(("Tolerance", f"{evidence['tolerance']:g}"))
    wrong = [(control.printed, control.why) for control in row.controls if control.rejected]
    return Card(row.id, _shown(row), rows, _once(wrong), evidence["records"], row.source, places)


def _statement_card(row: StatementRow, ledger: Ledger, places: Sequence[str]) -> Card:
    facts = {claim.id: claim for claim in ledger.claims}
    given = ", ".join(f"{id} = {_shown(facts[id])}" for id in row.claims if id in facts)
    rows = [("Statement", row.text), ("Holds with", given)]
    records = sorted({path for id in row.claims if id in facts for path in facts[id].evidence["records"]})
    wrong = [(control.printed, "with this it fails") for control in row.controls if control.rejected]
    return Card(row.id, "A statement", rows, wrong, records, row.source, places)


def _shown(row: ClaimRow) -> str:
    ends = f" ({row.shown_ends[0]} to {row.shown_ends[1]})" if row.shown_ends else ""
    return f"{row.shown} {row.unit}".strip() + ends


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "(" + ", ".join(_short(item) for item in value) + ")"
    return str(value)


def _once(wrong: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each wrong value once, though an estimate tries the ends of its interval, too."""
    return list(dict.fromkeys(wrong))
