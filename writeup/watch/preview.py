"""The page while it is written: what fails stands at its place in red, and the rest stays readable."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from writeup.assignment import Assignment
from writeup.build import evidence
from writeup.errors import WriteupError
from writeup.evidence.audited import layout
from writeup.pages.blocks import Numbering
from writeup.pages.mathematics import CODE, MATHEMATICS
from writeup.pages.placed import misplaced
from writeup.pages.printable import labels
from writeup.pages.render import (
    Page,
    body,
    guarded,
    note_printed,
    references_of,
    template_environment,
)
from writeup.pages.submission import load_identity
from writeup.text import prose
from writeup.text.marks import Marked, read
from writeup.text.written import TAG, written_in
from writeup.trust.problem import Problem
from writeup.trust.question import Verified
from writeup.trust.verify import Verification, assemble

LAYOUTS = Path(__file__).with_name("layouts")
PLACE = '<div data-live="{}"></div>'


class _Unknown(jinja2.ChainableUndefined):
    """A fact of a question that has not been answered: named, so that nobody reads over it."""

    def __str__(self) -> str:
        return f"[{self._undefined_name}: unknown]"


class _Numbering(Numbering):
    def resolve(self, text: str) -> Marked:
        """A block that no page shows, because its question failed, has no number."""
        for key in self.asked:
            self.placed.setdefault(key, 0)
        return super().resolve(text)


@dataclass
class _LivePage(Page):
    """A page that goes on where a question fails. `slips` are what its templates say without a guard."""

    slips: Sequence[tuple[str, prose.Slip]] = ()
    numbering: Numbering = field(default_factory=_Numbering)
    problems: list[Problem] = field(default_factory=list)

    def fact(self, id: str) -> Any:
        return _Unknown(name=id) if self._unanswered(id.rpartition(".")[0]) else super().fact(id)

    def answer(self, environment: jinja2.Environment, context: Mapping[str, Any]) -> Marked:
        """The answer, under a place for what failed; or that place alone."""
        text = Marked("")
        if not self._unanswered(self.question):
            try:
                text = self._with_slips(Marked(guarded(lambda: super(_LivePage, self).answer(environment, context))))
            except WriteupError as error:
                self.problems.append(Problem(self.question, str(error)))
            except Exception as error:  # whatever an expression in a template may raise
                self.problems.append(Problem(self.question, f"its template stops: {type(error).__name__}: {error}"))
        return Marked(f"```{{=html}}\n{PLACE.format(self.question)}\n```\n\n{text}")

    def _unanswered(self, question: str) -> bool:
        known = self.verification.answers.get(question)
        return known is not None and not known.rows

    def _with_slips(self, text: str) -> Marked:
        """The text with a span around each word that a slip names, where the word can be found again."""
        for number, (question, slip) in enumerate(self.slips):
            if question == self.question and (place := _found(slip, text)) is not None:
                text = f"{text[:place]}[{slip.word}]{{data-slip={number}}}{text[place + len(slip.word) :]}"
        return Marked(text)


def _found(slip: prose.Slip, text: str) -> int | None:
    """Where a rendered text has the word of a slip: in the words around it that no expression interrupts."""
    hidden = [match.span() for pattern in (MATHEMATICS, CODE) for match in pattern.finditer(text)]
    for piece in re.split(TAG.pattern + "|<<.*?>>", slip.sentence):
        if found := re.search(rf"(?<!\w){re.escape(slip.word)}", piece):
            before, after = (
                r"\s+".join(map(re.escape, part.split(" "))) for part in (piece[: found.start()], piece[found.end() :])
            )
            for match in re.finditer(f"({before}){re.escape(slip.word)}{after}", text):
                if not any(start <= match.end(1) < end for start, end in hidden):
                    return match.end(1)
    return None


@dataclass(frozen=True)
class Preview:
    """A page that still lacks its banner, and what does not hold."""

    page: str = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Preview</title></head><body></body></html>'
    )
    problems: Sequence[Problem] = ()

    def failed(self, message: str) -> Preview:
        """The same page, where there could be no other."""
        return Preview(self.page, [Problem("This page is the one before the last change", message)])


def preview(
    root: Path, assignment: Assignment, answered: Sequence[Verified], over: Sequence[Verified], state: Mapping[str, Any]
) -> Preview:
    """The page for what was verified, whichever of it holds. Raises `WriteupError` where there can be no page at all.

    `over` are the problems of no question alone; `state` is what the layouts say of the checks.
    """
    identity = load_identity(root, assignment.naming)
    _reworded(root, answered)
    whole = assemble(assignment, answered, [problem for done in over for problem in done.problems])
    given = [label for done in answered if done.rows for label in labels(root, whole, done.question)]
    placed = [slip for done in answered if done.rows for slip in misplaced(root, whole, done.question)]
    slips, unneeded = prose.unguarded(root, whole.answers, given, placed)
    references, stem = references_of(root), identity.file_stem
    page = _LivePage("md", whole.document, f"{stem}_figures", references, slips=slips)
    markdown = read(guarded(lambda: body(page, _templates(root), identity, stem)))
    note_printed(whole.ledger, {"md": markdown})
    pictures = {f"_figures/{name}": svg for name, svg in page.files.items()}
    made = evidence(root, whole, identity, markdown, pictures, page.figures)
    problems = [
        *whole.problems,
        *page.problems,
        *(Problem(question, str(slip)) for question, slip in slips),
        *(Problem(prose.EXCEPTIONS.as_posix(), what) for what in unneeded),
    ]
    return Preview(_annotated(made, whole.document, problems, slips, state), problems)


@cache
def _templates(root: Path) -> jinja2.Environment:
    """Compiled once; each is compiled again when its file was changed."""
    return template_environment(root)


def _reworded(root: Path, answered: Sequence[Verified]) -> None:
    """The sentences of facts and statements as the templates have them now."""
    for done in answered:
        written = written_in(root, done.question)
        for row in done.rows:
            row.text = written.sentence(row.id)
        for statement in done.statements:
            statement.text, _ = written.statement(statement.id)


def _annotated(
    page: str,
    document: Verification,
    problems: Sequence[Problem],
    slips: Sequence[tuple[str, prose.Slip]],
    state: Mapping[str, Any],
) -> str:
    """The page with each failure at its place, and over each question those that have none."""
    failing: dict[str, list[str]] = {f"slip:{number}": [slip.what] for number, (_, slip) in enumerate(slips)}
    for problem in problems:
        for kind in ("claim", "statement"):
            failing.setdefault(f"{kind}:{problem.where}", []).append(problem.message)
    placed: set[str] = set()

    def told(tag: re.Match[str]) -> str:
        said = failing.get(f"{tag['kind']}:{tag['id']}")
        placed.update([tag["id"]] if said else [])
        return f'{tag[0]} data-failing="{html.escape("; ".join(said))}"' if said else tag[0]

    page = re.sub(r'\bdata-(?P<kind>claim|statement|slip)="(?P<id>[^"]*)"', told, page)
    at = {found.verified.question: found.at for found in state["checked"]}
    for id, answered in document.answers.items():
        own = {id, *(row.id for row in answered.rows), *(row.id for row in answered.statements)}
        here = [p for p in problems if p.where not in placed and (p.where in own or p in answered.problems)]
        box = _layout("box.html.j2", problems=here, question=id, before=at.get(id), **state)
        page = page.replace(PLACE.format(id), box, 1)
    return page


def with_banner(preview: Preview, state: Mapping[str, Any]) -> str:
    """The page that is shown: it says that it is no build, what was checked when, and what does not hold."""
    banner = _layout("banner.html.j2", problems=preview.problems, **state)
    return re.sub(r"<body[^>]*>", lambda found: found[0] + banner, preview.page, count=1)


def _layout(name: str, **context: Any) -> str:
    return layout(LAYOUTS / name).render(context)
