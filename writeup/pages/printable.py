"""Whether the templates can be printed from what was verified: a number that no fact gives, a fact in the wrong place,
or a fact that is gone.

`check` asks it too, so that an answer that stops early, and states fewer facts than its document prints, is found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment

from writeup.claims import Ref
from writeup.errors import WriteupError
from writeup.figures.picture import row_of
from writeup.pages.placed import misplaced
from writeup.pages.render import Page, guarded, references_of, template_environment
from writeup.text import prose
from writeup.text.marks import Marked, read
from writeup.text.numerals import spelled
from writeup.text.written import TEMPLATES
from writeup.trust.ledger import ClaimRow, StatementRow
from writeup.trust.problem import Problem
from writeup.trust.verify import Verification


def printable(root: Path, verification: Verification) -> Verification:
    """The same with the problems of the templates of the answered questions; none for an answer with problems."""
    return replace(verification, problems=[*verification.problems, *_problems(root, verification)])


def _problems(root: Path, verification: Verification) -> Iterator[Problem]:
    answered_well = [id for id, answered in verification.answers.items() if not answered.problems]
    given = [label for id in answered_well for label in labels(root, verification, id)]
    placed = [slip for id in answered_well for slip in misplaced(root, verification, id)]
    slips, unneeded = prose.unguarded(root, answered_well, given, placed)
    for _, slip in slips:
        yield Problem(slip.place, f"{slip.what}: {slip.sentence!r}")
    for what in unneeded:
        yield Problem(prose.EXCEPTIONS.as_posix(), what)
    environment, references = template_environment(root), references_of(root)
    notebooks = {notebook.id: notebook for notebook in verification.assignment.notebook}
    shown: set[str] = set()
    whole = len(answered_well) == len(verification.assignment.everything)
    for id in answered_well:
        try:
            if id in notebooks:
                from writeup.notebook.own import assemble  # of the extra that only notebooks need

                made = assemble(root, "", verification, notebooks[id])
                texts: list[str] = [*made.words.values(), *made.outputs.values()]
            else:
                page = Page("md", verification, "", references, id)
                texts = [guarded(partial(_written, page, environment, verification.answers[id].context))]
            shown |= {source for text in texts for source, _, _ in read(text).spans}
        except WriteupError as error:
            whole = False
            yield Problem(id, f"its template cannot be printed: {error}").seen_from(root)
    if whole:  # of a part, another question's template may print its facts
        yield from _unshown(verification, shown)


def _written(page: Page, environment: Environment, context: Mapping[str, Any]) -> Marked:
    return page.write(environment.get_template(f"answers/{page.question}.md.j2"), context=context)


def _unshown(verification: Verification, shown: Set[str]) -> Iterator[Problem]:
    """Facts that no template prints, no figure draws and no statement rests on; statements that no template says."""
    ledger = verification.ledger
    figures = [
        (name, figure) for answered in verification.answers.values() for name, figure in answered.figures.items()
    ]
    drawn = [word for name, figure in figures for word in row_of(name, "", figure).words]
    printed = {source.removeprefix("claim:") for source in shown}
    unread: list[tuple[str, ClaimRow | StatementRow]] = [("<< {} >>", row) for row in ledger.unread(printed, drawn)]
    unsaid = [row for row in ledger.statements if f"statement:{row.id}" not in shown]
    for way, row in unread + [('<% call say("{}") %>...<% endcall %>', row) for row in unsaid]:
        by = way.format(row.id.removeprefix(f"{row.question}."))
        told = f"is printed nowhere; print it by {by} in {TEMPLATES}/{row.question}.md.j2, or delete it"
        yield Problem(row.id, told).at(row.source)


def labels(root: Path, verification: Verification, question: str) -> Iterator[prose.Label]:
    """The words that the answer gives for figures and tables, each with its line in the answer's module."""
    answered = verification.answers[question]
    rows = verification.ledger.of(question)
    facts = frozenset(number for row in rows for shown in (row.shown, *row.shown_ends) for number in spelled(shown))
    (module,) = [asked.module for asked in verification.assignment.everything if asked.id == question]
    path = Path("answers") / f"{module}.py"
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    literals = _literals(root, verification.assignment.code)
    words = [cell for table in answered.tables.values() for row in (table.header, *table.rows) for cell in _cells(row)]
    for name, figure in answered.figures.items():
        row = row_of(name, "", figure)
        places = {text for panel in row.panels for axis in panel.ticks if axis not in panel.categories
                  for _, text in panel.ticks[axis]}  # fmt: skip
        words += [word for word in row.words if word not in places]
    for text in dict.fromkeys(words):
        line = next((f":{number}" for number, line in enumerate(lines, start=1) if text in line), "")
        within = [literal for literal in literals if literal in text]
        yield prose.Label(question, f"{path.as_posix()}{line}", text, facts, within)


def _literals(root: Path, folders: Sequence[str]) -> set[str]:
    """The words with a digit that the answers' code types: of a label that is built from a fact, none is a part."""
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    words = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {literal for literal in words if re.search(r"\d", literal)}


def _cells(row: Sequence[str | Ref] | str) -> list[str]:
    return [row] if isinstance(row, str) else [cell for cell in row if isinstance(cell, str)]
