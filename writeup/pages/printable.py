"""Whether the templates can be printed from what was verified: a number that no fact gives, or a fact that is gone.

`check` asks it too, so that an answer that stops early, and states fewer facts than its document prints, is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from writeup.errors import WriteupError
from writeup.notebook.own import assemble
from writeup.pages.render import Page, guarded, references_of, template_environment
from writeup.text import prose
from writeup.trust.verify import Problem, Verification


def printable(root: Path, verification: Verification) -> Verification:
    """The same with the problems of the templates of the answered questions; none for an answer with problems."""
    return replace(verification, problems=[*verification.problems, *_problems(root, verification)])


def _problems(root: Path, verification: Verification) -> Iterator[Problem]:
    for slip in prose.problems(root, verification.answers):
        place, _, what = slip.partition(": ")
        yield Problem(place, what)
    environment, references = template_environment(root), references_of(root)
    notebook = verification.assignment.notebook
    for id, answered in verification.answers.items():
        try:
            if answered.problems:
                continue
            if notebook and id == notebook.id:
                assemble(root, "", verification, notebook.folder)
            else:
                page = Page("md", verification, "", references, id)
                template = environment.get_template(f"answers/{id}.md.j2")
                guarded(partial(page.write, template, context=answered.context))
        except WriteupError as error:
            yield Problem(id, f"its template cannot be printed: {error}")
