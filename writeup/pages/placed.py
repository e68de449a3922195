"""Whether facts stand where they belong: in sentences (`text/places.py`, `text/quantities.py`), in tables and on curves
(`headings.py`). What stands rightly all the same is listed with the other exceptions (`text/prose.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from writeup.pages.headings import exchanged_curves, exchanged_in, two_colours
from writeup.text.places import Places
from writeup.text.prose import Slip
from writeup.text.quantities import unfit
from writeup.text.written import written_in
from writeup.trust.verify import Verification


def misplaced(root: Path, verification: Verification, question: str) -> Iterator[tuple[str, Slip]]:
    """Facts in wrong places of the question's page, each with its line of the template, and the question."""
    answered, start = verification.answers[question], f"{question}."
    rows = {row.id.removeprefix(start): row for row in answered.rows}
    reads = {
        said.id.removeprefix(start): [claim.removeprefix(start) for claim in said.claims]
        for said in answered.statements
    }
    written = written_in(root, question)
    places = Places(written, reads)
    yield from ((question, slip) for slip in places.exchanged())
    shown = {name: f"{row.shown} {row.unit}".strip() for name, row in rows.items()}
    yield from ((question, slip) for slip in unfit(places, shown))
    values = {name: row.value for name, row in rows.items()}
    found = [("table", name, what) for name, table in answered.tables.items() for what in exchanged_in(table)]
    for name, figure in answered.figures.items():
        found += [("figure", name, what) for what in exchanged_curves(figure, values)]
    if answered.figures:
        found += [("figure", [*answered.figures][-1], what) for what in two_colours(answered.figures.values())]
    for kind, name, what in found:
        shown_at = re.search(rf'<% call {kind}\("{re.escape(name)}"', written.text)
        place = written.place(shown_at.start()) if shown_at else str(written.path)
        yield question, Slip(place, what, f"{kind} {name}", name)
