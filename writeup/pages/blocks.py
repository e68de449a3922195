r"""Figures and tables as blocks between paragraphs: their numbers, their captions, their form in TeX and in Markdown.

A block's number is known only when the whole document is written, since a sentence may refer to a block further down.
Until then a token stands for it, which `Numbering.resolve` replaces.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from writeup.errors import WriteupError
from writeup.text.escape import tex_escape
from writeup.text.marks import Marked, mark, unmarked

Kind = Literal["figure", "table"]
CITATION = re.compile(r"\[@([\w; @-]+)\]")
_OPEN, _CLOSE = "\uf000", "\uf001"  # private use, and none of those of the marks
_TOKEN = re.compile(f"{_OPEN}(.*?){_CLOSE}")
_INVISIBLE = "[\ue000-\uf001]*"  # marks may stand between a sentence and the next
# A first sentence ends before white space and what can begin another one: a capital, mathematics, code, a digit.
_FIRST_SENTENCE = re.compile(rf"(.+?[.?!]{_INVISIBLE})\s+(?={_INVISIBLE}[A-Z$`*\d\[])", re.DOTALL)
COLUMN = 88  # characters of a table row that fit the text column; longer ones take the margin as well


@dataclass
class Numbering:
    """Figures are numbered through the whole document in the order in which they appear, and so are tables."""

    placed: dict[str, int] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def place(self, kind: Kind, question: str, name: str) -> Marked:
        """The number of the block that stands here."""
        key = f"{kind} {question}-{name}"
        if key in self.placed:
            raise WriteupError(f"template of question {question}: shows {kind} {name!r} a second time")
        self.placed[key] = 1 + sum(other.startswith(kind) for other in self.placed)
        return self._token(key)

    def refer(self, kind: Kind, question: str, name: str, by: str) -> Marked:
        """ "Figure 5", asked for by the template of question `by`."""
        key = f"{kind} {question}-{name}"
        self.asked.setdefault(key, by)
        return Marked(f"{kind.capitalize()}\u00a0{self._token(key)}")

    def resolve(self, text: str) -> Marked:
        """The text with its numbers; raises `WriteupError` for a reference to a block that stands nowhere."""
        for key, by in self.asked.items():
            if key not in self.placed:
                raise WriteupError(f"template of question {by}: refers to {key}, which no template shows")
        return Marked(_TOKEN.sub(lambda found: str(self.placed[found[1]]), text))

    def _token(self, key: str) -> Marked:
        return mark(f"{_OPEN}{key}{_CLOSE}", "caption-number")


def caption(kind: Kind, number: str, text: str) -> str:
    """**Figure 5. The finding.** How to read it. The finding is the caption's first sentence."""
    text = re.sub(r"[ \t\n]+", " ", text.strip())  # but a space that parts no line stays
    found = _FIRST_SENTENCE.match(text)
    finding, rest = (found[1], text[found.end() :]) if found else (text, "")
    if "**" in finding:
        raise WriteupError(f"caption {unmarked(finding)!r}: its first sentence is set in bold; leave the ** out")
    return f"**{kind.capitalize()}\u00a0{number}. {finding}** {rest}".rstrip()


def framed(kind: Kind, body: str, title: str, *, wide: bool) -> str:
    """A block for pandoc: its body (Markdown, or raw TeX) and its caption in the environments of `document.tex.j2`."""
    width = r"\fullwidth" if wide else r"\textwidth"
    opening = raw(f"\\begin{{writeup{kind}}}{{{width}}}\n\\begin{{blockbody}}")
    between = raw("\\end{blockbody}\n\\begin{blockcaption}")
    return "\n\n".join([opening, body, between, title, raw(f"\\end{{blockcaption}}\n\\end{{writeup{kind}}}")])


def picture(file: str, title: str) -> str:
    """A picture in Markdown, as an element, whose width can be said; its words are the finding."""
    finding = unmarked(title).split("**")[1].partition(". ")[2]
    words = re.sub(rf"\s*{CITATION.pattern}|[\[\]$`*]", "", finding)
    return f'<img src="{file}" width="720" alt="{html.escape(words)}">'


def pipe_table(header: Sequence[str], rows: Sequence[Sequence[str] | str], align: Sequence[str]) -> tuple[str, bool]:
    """A Markdown table, and whether it is too wide for the text column. A row that is one text is a heading in it."""
    columns = range(len(header))
    cells = [row for row in rows if not isinstance(row, str)]
    words = [max(map(len, cell.split())) if cell else 0 for cell in map(unmarked, header)]
    widths = [min(max([4, words[i], *(len(unmarked(row[i])) for row in cells)]), 60) for i in columns]
    lines = [_pipe(header), _pipe([_rule(a, w) for a, w in zip(align, widths, strict=True)])]
    for row in rows:
        lines.append(_pipe([f"**{row}**"] + [""] * (len(header) - 1) if isinstance(row, str) else row))
    return "\n".join(lines), max(len(unmarked(line)) for line in lines) > COLUMN


def spanning_heads(header: Sequence[str]) -> tuple[str, list[str]]:
    """TeX of the heads that span several columns, nothing where none does, and the headers below them."""
    spans: list[tuple[str, int]] = []
    for above, begins, _ in (cell.rpartition(": ") for cell in header):
        if begins and spans and spans[-1][0] == above:
            spans[-1] = above, spans[-1][1] + 1
        else:
            spans.append((above, 1))
    heads = [rf"\multicolumn{{{width}}}{{c}}{{{tex_escape(above)}}}" for above, width in spans]
    spanning = " & ".join(heads) + r" \\ " if any(above for above, _ in spans) else ""
    return spanning, [cell.rpartition(": ")[2] for cell in header]


def question_label(id: str) -> str:
    """As the assignment writes it: "2(c)" for 2c."""
    return re.sub(r"(?<=\d)([a-z])$", r"(\1)", id)


def sorting_key(reference: str) -> str:
    """By the last name of the first author: "S. Hochreiter, J. Schmidhuber. ..." comes under hochreiter."""
    return re.sub(r"^(?:\w\.[ -]?)+", "", reference).casefold()


def raw(tex: str) -> str:
    """TeX that pandoc passes through."""
    return f"```{{=latex}}\n{tex}\n```"


def _pipe(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(align: str, width: int) -> str:
    dashes = "-" * max(width, 3)
    return {"l": f":{dashes}", "r": f"{dashes}:", "c": f":{dashes}:"}[align]
