"""Templates hold no typed results: every number comes from a fact, every comparison from a statement or a source.

A sentence that compares ("lower", "twice", "the best of three") must stand in a statement (`say`) or cite a source; a
number must be printed by a fact. What may stand without either is listed with its reason in
`templates/exceptions.toml`, by question: words of the sentence = reason. An entry that nothing needs is an error.

What this cannot see: a statement whose predicate is about something else than its sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from writeup.errors import WriteupError
from writeup.text.written import SENTENCE_END, STATEMENT, Written, all_written

EXCEPTIONS = Path("templates/exceptions.toml")
COMPARATIVE = re.compile(
    r"\b(?:more|less|fewer|fewest|most|least|better|best|worse|worst|farther|further|twice|thrice|double[sd]?|hal(?:f|ves|ved)|"
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|"
    r"(?:low|high|larg|small|great|fast|slow|long|short|weak|strong|cheap|saf|nois|near|eas|clos|deep|wid|narrow|quick|"
    r"old|new|rich|poor|flat|steep|smooth|rough|steady|steadi|simpl|hard|soft|big|bigg|few|earl|lat|tight|loos)i?(?:er|est)|"
    r"(?:un)?likel(?:ier|iest)|outperform\w*|exceed\w*|beats?)\b",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?<![\w.(-])[-−]?\d[\d.,]*(?:\s?%)?(?![\w(])")
HIDDEN = (  # blanked in this order: what is no prose, or guarded otherwise
    re.compile(r"<#.*?#>", re.DOTALL),
    re.compile(r"<% call math\(\) %>.*?<% endcall %>", re.DOTALL),
    re.compile(r"```.*?```", re.DOTALL),
    re.compile(r"`[^`\n]*`"),
    re.compile(r"\$[^$]*\$"),
    re.compile(r"<<.*?>>", re.DOTALL),
    re.compile(r"<%.*?%>", re.DOTALL),
)


MATHEMATICS = re.compile(r"<% call math\(\) %>.*?<% endcall %>|\$[^$]*\$", re.DOTALL)
BEYOND_CONSTANTS = re.compile(
    r"(?<![\d.])(?:\d*\.\d+|\d{2,}|[5-9])(?!\d)"
)  # of formulas: the one of 1 - p, halves, squares


@dataclass(frozen=True)
class Slip:
    """A sentence that nothing guards: where it stands, what is wrong with it, and its words."""

    place: str
    what: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.sentence!r}"


def slips(written: Written) -> Iterator[Slip]:
    """Typed numbers and unguarded comparisons of one template."""
    visible = written.text
    for pattern in HIDDEN[:-1]:
        visible = pattern.sub(_blank, visible)
    compared = HIDDEN[-1].sub(_blank, STATEMENT.sub(_blank, visible))
    visible = HIDDEN[-1].sub(_blank, visible)
    for formula in MATHEMATICS.finditer(written.text):
        shown = HIDDEN[-2].sub(_blank, formula[0])
        if found := BEYOND_CONSTANTS.search(shown):
            said = " ".join(formula[0].split())
            yield Slip(
                written.place(formula.start() + found.start()), f"the number {found[0]} is typed; print a fact", said
            )
    start = 0
    for end in [*(found.start() for found in SENTENCE_END.finditer(visible)), len(visible)]:
        said = " ".join(written.text[start:end].split())
        if found := NUMBER.search(visible, start, end):
            yield Slip(written.place(found.start()), f"the number {found[0]} is typed; print a fact", said)
        if (found := COMPARATIVE.search(compared, start, end)) and "[@" not in visible[start:end]:
            yield Slip(written.place(found.start()), f"{found[0]!r} stands in no statement and cites nothing", said)
        start = end


def problems(root: Path, questions: Container[str] | None = None) -> list[str]:
    """All that the templates (of the `questions`) say without a guard, and every exception that nothing needs."""
    excepted = {q: listed for q, listed in exceptions(root).items() if questions is None or q in questions}
    used: set[tuple[str, str]] = set()
    found = []
    for written in all_written(root):
        if questions is not None and written.question not in questions:
            continue
        for slip in slips(written):
            allowed = [
                (written.question, words) for words in excepted.get(written.question, {}) if words in slip.sentence
            ]
            used.update(allowed)
            if not allowed:
                found.append(str(slip))
    unused = [(question, words) for question, listed in excepted.items() for words in listed]
    found += [f"{EXCEPTIONS}: {q}: nothing needs {words!r}" for q, words in unused if (q, words) not in used]
    return found


def exceptions(root: Path) -> dict[str, dict[str, str]]:
    """By question, words of a sentence and the reason why it may stand."""
    try:
        return tomllib.loads((root / EXCEPTIONS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise WriteupError(f"{EXCEPTIONS}: not valid TOML: {error}") from error


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])
