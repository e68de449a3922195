r"""Reads the finished documents back: every number in an answer must be one that the ledger holds.

A number found in a section must be a printed form of one of that question's claims, or one of `allowed`: numbers that
the question's template types (formula constants and names, kept short by a test of the templates), tick labels and
labels of its figures, and the question's own number and points. And every claim that was printed must be found.
What this cannot see: a number of one claim that stands where another claim of the same question should.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# A number is not part of a word (Dropout2d, bf16) nor of a longer number; thousands commas belong to it.
NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?%?(?!\w|\.\d)", re.ASCII)
ANSWER = re.compile(r'<a id="answer-([^"]+)"></a>|\\label\{answer-([^}]+)\}')
END = re.compile(r"^## |\\section\{", re.MULTILINE)  # the next part, the references, or the appendix

# What in TeX is layout or a name, and not text.
_TEX_LAYOUT = (
    r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}",
    r"\\real\{[\d.]+\}|- \d+\\tabcolsep",
    r"\\(?:label|hyperref|href|url)(?:\[[^\]]*\]|\{[^}]*\})",
    r"\\(?:textasci\w+|text\w*quot\w+)\{\}",
)
_TEX_TEXT = {r"\allowbreak{}": "", "{,}": ",", r"\%": "%", r"\_": "_", r"\ ": " ", r"\,": "", "-{}": "-"}


@dataclass(frozen=True)
class Expected:
    """What one question's section may hold: the printed forms of its claims, and other text that may hold numbers."""

    printed: frozenset[str]
    allowed: frozenset[str]


def numbers(text: str) -> list[str]:
    """The numbers of a text in order, as printed but without thousands separators, with a plain minus sign."""
    plain = text.replace("−", "-").replace("{,}", ",").replace("\u2009", "").replace("\u202f", "").replace("\\%", "%")
    # a minus between two numbers is a dash or a difference, not a sign
    return [re.sub(r",", "", found) for found in NUMBER.findall(re.sub(r"(?<=[\d)])-(?=\d)", " - ", plain))]


def expected(printed: Iterable[str], allowed: Iterable[str]) -> Expected:
    return Expected(
        frozenset(number for text in printed for number in numbers(text)),
        frozenset(number for text in allowed for number in numbers(text)),
    )


def sections(document: str) -> dict[str, str]:
    """The text of each answer in a finished .md or .tex, by question."""
    marks = list(ANSWER.finditer(document))
    found = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        text = document[mark.end() : following.start() if following else len(document)]
        if (end := END.search(text)) is not None:
            text = text[: end.start()]
        found[mark[1] or mark[2]] = text
    return found


def text_of_tex(tex: str) -> str:
    """TeX with its layout taken away, so that what is left reads as the page does."""
    for layout in _TEX_LAYOUT:
        tex = re.sub(layout, " ", tex, flags=re.DOTALL)
    for written, read in _TEX_TEXT.items():
        tex = tex.replace(written, read)
    return tex


def text_of_markdown(markdown: str) -> str:
    """Markdown without the targets of its links and the styles of its diagrams."""
    text = re.sub(r"(?<=\])\([^)]*\)|^ *(?:style|linkStyle|classDef) .*$", "", markdown, flags=re.MULTILINE)
    return re.sub(r"&?#(\d+);", lambda match: chr(int(match[1])), text)  # Mermaid's way of writing a character


def unmatched(ending: str, document: str, questions: Mapping[str, Expected]) -> list[str]:
    """Where the finished document and the ledger differ, in words; empty when they agree."""
    clean = text_of_tex if ending == "tex" else text_of_markdown
    found = {question: numbers(clean(text)) for question, text in sections(document).items()}
    problems = [f"{question}: its section is not in the .{ending}" for question in questions if question not in found]
    for question, these in found.items():
        wanted = questions[question]
        stray = sorted(set(these) - wanted.printed - wanted.allowed)
        problems += [f"{question}: the .{ending} prints {number}, which no claim of it holds" for number in stray]
        lost = sorted(wanted.printed - set(these) - wanted.allowed)
        problems += [f"{question}: {number} was printed and is not in the .{ending}" for number in lost]
    return problems
