"""Documents hold no typed results: every number comes from a fact, every comparison from a statement or a source.

A sentence that compares ("lower", "twice", "the best of three") must stand in a statement (`say`) or cite a source; a
number must be printed by a fact, and so must one in a heading, a list, a caption, a formula, program text, a cell of a
table, or a figure's label, be it of an axis. What may stand without either is listed with its reason in
`templates/exceptions.toml`, by question: words of the sentence = reason. An entry that nothing needs is an error.

What this cannot see: a statement whose predicate is about something else than its sentence; a number in other words
("a handful"); what a picture shows without a label; the constants 0 to 4 of a formula.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from writeup.text.files import read_toml
from writeup.text.numerals import spelled
from writeup.text.written import SENTENCE_END, STATEMENT, Written, all_written

EXCEPTIONS = Path("templates/exceptions.toml")
QUANTITY = (
    r"twice|thrice|double[sd]?|hal(?:f|ves|ved)|zero(?= \w{3,}s\b)|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozens?|hundreds?|thousands?|million|"
    r"(?:third|quarter|fifth|tenth)s?(?= of\b)|\w+fold|majority|minority|every second"
)
COMPARATIVE = re.compile(
    rf"\b(?:{QUANTITY}|more|less|fewer|fewest|most|least|better|best|worse|worst|farther|further|"
    r"(?:low|high|larg|small|great|fast|slow|long|short|weak|strong|cheap|saf|nois|near|eas|clos|deep|wid|narrow|quick|"
    r"old|new|rich|poor|flat|steep|smooth|rough|steady|steadi|simpl|hard|soft|big|bigg|few|earl|lat|tight|loos)i?(?:er|est)|"
    r"(?:un)?likel(?:ier|iest)|outperform\w*|exceed\w*|beats?)\b",
    re.IGNORECASE,
)
COUNTING = re.compile(rf"\b(?:{QUANTITY})\b", re.IGNORECASE)
# Not behind a letter and a hyphen, where it is part of a name (CIFAR-10), and not before a bracket: 2(a), 1(b).
NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)[-−]?\.?(?:\d[\d.,]*+(?:\s?%|\w*+)(?!\()|[¼-¾⅐-⅞])")
HIDDEN = (  # blanked in this order: what is no prose, or guarded otherwise
    re.compile(r"<#.*?#>", re.DOTALL),
    re.compile(r"<% call math\(\) %>.*?<% endcall %>", re.DOTALL),
    re.compile(
        r"```(?:python|output|math)\n.*?```", re.DOTALL
    ),  # the notebook's, and what it prints, has its own rules
    re.compile(r"`(?![-−]?[\d.,]+\s?%?`)[^`\n]*`"),  # a bare number is no program text
    re.compile(r"\$[^$]*\$"),
    re.compile(r"<<.*?>>", re.DOTALL),
    re.compile(r"<%.*?%>", re.DOTALL),
)


MATHEMATICS = re.compile(r"<% call math\(\) %>.*?<% endcall %>|\$[^$]*\$", re.DOTALL)
BEYOND_CONSTANTS = re.compile(
    r"(?<![\d.])(?:\d*\.\d+|\d{2,}|[5-9])(?!\d)"
)  # of formulas: the one of 1 - p, halves, squares

# What is printed by name, and what is program text; a literal beside it would be printed by nobody's leave.
CALLS = re.compile(r"\b(?:v|say|table|figure|ref|anchor|code)\([^()]*\)|\[[^\]]*\]")
TAG = re.compile(r"<<.*?>>|<%.*?%>", re.DOTALL)
LITERAL = re.compile(r"[\"'](?:[^\"']*[^\w\"'])?\d[^\"']*[\"']|(?<![\w.])\d[\d.]*")
SOURCED = re.compile(r"\|\s*source\(\s*[\"'](?!question|code)(\w+)")


@dataclass(frozen=True)
class Slip:
    """A sentence that nothing guards: where it stands, what is wrong with it, its words, and the one that is wrong."""

    place: str
    what: str
    sentence: str
    word: str

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
                written.place(formula.start() + found.start()),
                f"the number {found[0]} is typed; print a fact",
                said,
                found[0],
            )
    for inserted in TAG.finditer(HIDDEN[0].sub(_blank, written.text)):
        called = CALLS.sub(_blank, inserted[0])
        if found := LITERAL.search(called) or SOURCED.search(called):
            what = f"{found[0]} is typed into an expression; print a fact"
            yield Slip(written.place(inserted.start() + found.start()), what, " ".join(inserted[0].split()), found[0])
    start = 0
    for end in [*(found.start() for found in SENTENCE_END.finditer(visible)), len(visible)]:
        said = " ".join(written.text[start:end].removeprefix("**").split())
        if found := NUMBER.search(visible, start, end):
            yield Slip(written.place(found.start()), f"the number {found[0]} is typed; print a fact", said, found[0])
        if (found := COMPARATIVE.search(compared, start, end)) and "[@" not in visible[start:end]:
            told = f"{found[0]!r} stands in no statement and cites nothing; state it, or cite"
            yield Slip(written.place(found.start()), told, said, found[0])
        start = end


@dataclass(frozen=True)
class Label:
    """Words of a figure or a table's cell, which an answer gives; `facts` are the numbers that facts print, `literals`
    the pieces of these words that its code types."""

    question: str
    place: str
    text: str
    facts: frozenset[str] = frozenset()
    literals: Sequence[str] = ()


def label_slips(label: Label) -> Iterator[Slip]:
    """Numbers of a label that no fact prints or that its code types, and number words; constants of formulas may
    stand, and a number that is all of a literal (a case's, say)."""
    text = HIDDEN[4].sub(lambda formula: re.sub(r"(?<![\d.])[0-4](?![\d.])", " ", formula[0]), label.text)
    visible = HIDDEN[3].sub(_blank, text.replace(r"\times", "×").replace("$", " "))
    built = label.facts - {number for words in label.literals for number in spelled(words) if number != words}
    typed = [found for found in NUMBER.finditer(visible) if not {*spelled(found[0])} <= built]
    for found in (typed or [*COUNTING.finditer(visible)])[:1]:
        yield Slip(label.place, f"the label types {found[0]}; take it from a fact", label.text, found[0])


def unguarded(
    root: Path,
    questions: Container[str] | None = None,
    labels: Iterable[Label] = (),
    others: Iterable[tuple[str, Slip]] = (),
) -> tuple[list[tuple[str, Slip]], list[str]]:
    """What templates (of the `questions`) and labels say without a guard or an exception, each slip with its question;
    and, in words, the exceptions that nothing needs.

    `others` are slips that were found elsewhere, as facts in wrong places.
    """
    excepted = {q: listed for q, listed in exceptions(root).items() if questions is None or q in questions}
    asked = [written for written in all_written(root) if questions is None or written.question in questions]
    said = [(written.question, slip) for written in asked for slip in slips(written)]
    said += [(label.question, slip) for label in labels for slip in label_slips(label)]
    said += others
    used: set[tuple[str, str]] = set()
    found = []
    for question, slip in said:
        allowed = [(question, words) for words in excepted.get(question, {}) if words in slip.sentence]
        used.update(allowed)
        if not allowed:
            found.append((question, slip))
    unused = [(question, words) for question, listed in excepted.items() for words in listed]
    return found, [f"{q}: nothing needs {words!r}" for q, words in unused if (q, words) not in used]


def exceptions(root: Path) -> dict[str, dict[str, str]]:
    """By question, words of a sentence and the reason why it may stand."""
    return read_toml(root / EXCEPTIONS)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])
