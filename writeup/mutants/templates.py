"""Faults in what a reader reads: numbers exchanged in a template, a predicate inverted, rows, cells, series exchanged.

    python -m writeup.mutants.templates --sample 15 --seed 6 --only QUESTION

Each is tried on answers that were verified once. Found: `check` or the rendering names a problem. Only faults that
change the printed page, or turn a statement round, count. Survivors are named: where no name shares a word with its
sentence, its row or its curve (`text/places.py`, `pages/headings.py`), nothing but a reader can tell.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import typer

from writeup.assignment import Question, answer_to, find_root, load_assignment
from writeup.claims import Ref, Statement
from writeup.errors import WriteupError, run_program
from writeup.figures.plot import PanelsDescription
from writeup.pages.printable import printable
from writeup.records.store import Records
from writeup.text.places import PRINTED
from writeup.text.written import TEMPLATES, written_in
from writeup.trust.ledger import Ledger
from writeup.trust.question import Verified, verify_question
from writeup.trust.statements import verify_statement
from writeup.trust.verify import Verification


@dataclass(frozen=True)
class Fault:
    """`tries` says what was found, nothing where it passes; None where nothing that is printed changes."""

    kind: str
    what: str
    tries: Callable[[], str | None]


def exchanged(text: str) -> Iterator[tuple[str, str]]:
    """The template with two facts in each other's place, and which."""
    for one, other in combinations(PRINTED.finditer(text), 2):
        if one["name"] != other["name"] and one["part"] == other["part"]:
            pieces = (text[: one.start()], other[0], text[one.end() : other.start()], one[0], text[other.end() :])
            yield f"{one['name']} and {other['name']}", "".join(pieces)


def swapped(rows: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """A table's rows with the headings of two of them exchanged."""
    for i, j in combinations(range(len(rows)), 2):
        if all(isinstance(rows[k], (list, tuple)) and isinstance(rows[k][0], str) for k in (i, j)):
            changed = list(rows)
            changed[i], changed[j] = [rows[j][0], *rows[i][1:]], [rows[i][0], *rows[j][1:]]
            yield f"{rows[i][0]} and {rows[j][0]}", changed


def cells_swapped(rows: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """A table's rows with two facts in each other's cells."""
    cells = [(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if isinstance(cell, Ref)]
    for (i, j), (k, m) in combinations(cells, 2):
        if rows[i][j] != rows[k][m]:
            changed: list[Any] = [row if isinstance(row, str) else list(row) for row in rows]
            changed[i][j], changed[k][m] = rows[k][m], rows[i][j]
            yield f"{rows[i][j].name} and {rows[k][m].name}", changed


def faults(root: Path, question: Question, verified: Verified) -> Iterator[Fault]:
    """Everything that can be put wrong in one question's page."""
    written = written_in(root, question.id)

    def page(kind: str, what: str, other: Verified = verified, text: str = written.text) -> Fault:
        return Fault(kind, f"{question.id}: {what}", partial(_page, root, question, other, text))

    for what, text in exchanged(written.text):
        yield page("numbers exchanged", what, text=text)
    answer = answer_to(question, Records(root), root)
    for made in answer.statements:

        def inverted(made: Statement = made) -> str:
            problems: list[Any] = []
            turned = replace(made, predicate=lambda **facts: not made.predicate(**facts))
            verify_statement(turned, answer, written, problems)
            return str(problems[0]) if problems else ""

        yield Fault("predicate inverted", made.id, inverted)
    for name, table in verified.tables.items():
        for kind, changes in (("rows swapped", swapped), ("cells swapped", cells_swapped)):
            for what, rows in changes(table.rows):
                other = replace(verified, tables={**verified.tables, name: replace(table, rows=rows)})
                yield page(kind, what, other)
    for name, figure in verified.figures.items():
        for what, drawn in relabelled(figure):
            yield page("series swapped", what, replace(verified, figures={**verified.figures, name: drawn}))


def relabelled(figure: Any) -> Iterator[tuple[str, Any]]:
    """The figure with the labels of two series of a plot exchanged, if it has two."""
    if isinstance(figure, PanelsDescription):
        for number, plot in enumerate(figure.plots):
            for what, other in relabelled(plot):
                plots = [*figure.plots[:number], other, *figure.plots[number + 1 :]]
                yield f"{what} of panel {number + 1}", replace(figure, plots=plots)
    labelled = [k for k, series in enumerate(getattr(figure, "series", [])) if series.label]
    for i, j in combinations(labelled, 2):
        series = list(figure.series)
        names = series[i].label, series[j].label
        series[i], series[j] = replace(series[i], label=names[1]), replace(series[j], label=names[0])
        yield " and ".join(names), replace(figure, series=series)


def _page(root: Path, question: Question, verified: Verified, text: str) -> str | None:
    """The first problem of the page with that template and answer."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry in root.iterdir():
            if entry.name != TEMPLATES.parts[0]:
                (folder / entry.name).symlink_to(entry)
        (folder / TEMPLATES).mkdir(parents=True)
        for path in (root / TEMPLATES.parts[0]).glob("*.toml"):
            (folder / path.relative_to(root)).symlink_to(path)
        (folder / TEMPLATES / f"{question.id}.md.j2").write_text(text, encoding="utf-8")
        problems = printable(folder, _verification(root, verified)).problems
        return str(problems[0]) if problems else ""


def _verification(root: Path, verified: Verified) -> Verification:
    ledger = Ledger(claims=verified.rows, statements=verified.statements, records=verified.records, environment={})
    return Verification(load_assignment(root), {verified.question: verified}, ledger, [])


def main(
    sample: Annotated[int, typer.Option(min=1, help="Faults of each kind.")] = 15,
    seed: Annotated[int, typer.Option(help="Draws the sample.")] = 6,
    only: Annotated[str, typer.Option(help="A question, such as 1.1, or a part of the assignment, such as 2.")] = "",
) -> None:
    """Try a sample of each kind of fault and report how many are found."""
    root = find_root()
    assignment = load_assignment(root)
    kinds: dict[str, list[Fault]] = {}
    for question in assignment.select(only) if only else assignment.question:
        verified = verify_question(question, root)
        for fault in faults(root, question, verified):
            kinds.setdefault(fault.kind, []).append(fault)
    for kind, all_ in kinds.items():
        drawn = random.Random(seed).sample(all_, min(sample, len(all_)))
        counts: Counter[bool] = Counter()
        for fault in drawn:
            try:
                found = fault.tries()
            except WriteupError as error:
                found = str(error)
            counts[bool(found)] += 1
            if not found:
                print(f"  survives: {kind}: {fault.what}", flush=True)
        print(f"{kind}: {counts[True]} of {len(drawn)} found, of {len(all_)} that there are", flush=True)


if __name__ == "__main__":
    run_program(main, "mutants")
