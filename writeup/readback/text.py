r"""What a reader sees of a finished file: its words without their layout, cut into passages.

A passage begins at an anchor that all formats share (an answer, a reference, the appendix) and
ends at the next one. Pictures are no part of the text; `figures.py` reads them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from writeup.text.listing import text_of_line
from writeup.text.marks import Sourced

ANCHOR = r"(answer-[^\"}]+|ref-[^\"}]+|appendix)"
FRONT = "front"  # the passage before the first anchor
FLOAT = re.compile(r"\\begin\{writeup(figure|table|note)\}(.*?)\\end\{writeup\1\}", re.DOTALL)
TIKZ = re.compile(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}", re.DOTALL)


@dataclass(frozen=True)
class Passage:
    """A piece of a text, and where in the text it begins."""

    name: str
    start: int
    text: str


# -- Markdown ----------------------------------------------------------------------------------------------------------

_MARKDOWN_LAYOUT = re.compile(r"<img [^>]*>|(?<=\])\([^)\s]*\)|<a id=\"[^\"]*\"></a>")


def text_of_markdown(markdown: str) -> str:
    """Markdown with pictures, link targets and anchors blanked: every other character stays where it was."""
    return _MARKDOWN_LAYOUT.sub(lambda found: " " * len(found[0]), markdown)


def markdown_passages(markdown: str) -> Iterator[Passage]:
    yield from _passages(text_of_markdown(markdown), re.finditer(rf'<a id="{ANCHOR}"></a>', markdown))


def claimed_words(markdown: Sourced, passage: Passage) -> list[str]:
    """The words that claims print in a passage: letters only, so that they read the same in every format."""
    spans = [(start, end) for source, start, end in markdown.spans if source.startswith("claim:")]
    inside = [markdown.text[a:b] for a, b in spans if passage.start <= a < passage.start + len(passage.text)]
    return sorted({text for text in inside if re.fullmatch(r"[A-Za-z]+(?: [A-Za-z]+)*", text)})


def occurrences(words: Iterable[str], text: str) -> dict[str, int]:
    """How often each of the words stands in a text."""
    spaced = {word: word.replace(" ", r"\s+") for word in words}  # a line may end between two words
    return {word: len(re.findall(rf"(?<![\w-]){pattern}(?![\w-])", text)) for word, pattern in spaced.items()}


def markdown_captions(markdown: str) -> Iterator[tuple[str, str]]:
    """Of each picture its alternative text and the finding, which opens the caption below it."""
    for found in re.finditer(
        r'^<img [^>]*alt="([^"]*)">\n\n\*\*[^*]*?\. (.*?)\*\*', markdown, re.MULTILINE | re.DOTALL
    ):
        yield html.unescape(found[1]), re.sub(r"\s*\(\[[^)]*\)[^)]*\)|[\[\]$`*]", "", found[2])


# -- TeX ---------------------------------------------------------------------------------------------------------------

# What is no text: pictures, measures and names of tables, targets of links.
_TEX_LAYOUT = re.compile(
    TIKZ.pattern
    + r"|\\begin\{longtable\}\[\]\{@\{\}.*?@\{\}\}"
    + r"|\\begin\{minipage\}\[b\]\{\\linewidth\}|\\multicolumn\{\d+\}\{c\}"
    + r"|\\href\{[^}]*\}|\\hyperref\[[^\]]*\]|\\label\{[^}]*\}|\\(?:vskip|hspace) ?\{?-?[\d.]+\s?(?:em|pt|cm)\}?"
    + r"|(?<!\\)%[^\n]*|\\pageref\*?\{[^}]*\}",
    re.DOTALL,
)
_TEX_SPELLING = re.compile(
    r"\\allowbreak\{\}|(?<=-)\{\}(?=-|\w)|\\(?:textasci\w+|text\w*quot\w+|textbackslash)\{\}|\\([%_#&{}$])|\\ "
)
# A line of program text, and a heading with markup, which pandoc writes twice, the second time for the bookmarks.
_CODE_LINE = re.compile(r"^\\codeline\{(.*)\}(?:\\nobreak|\\pagemayend)?$", re.MULTILINE)
_BOOKMARK = re.compile(r"(\\texorpdfstring\{.*\})\{[^{}]*\}\}$", re.MULTILINE)


def text_of_tex(tex: str) -> str:
    """The body of a TeX document as its page reads; mathematics stays as it is written."""
    body = tex.partition(r"\begin{document}")[2] or tex
    between = _CODE_LINE.split(_BOOKMARK.sub(r"\1}", body))  # every second piece is a line of program text
    return "".join(text_of_line(piece) if index % 2 else _as_read(piece) for index, piece in enumerate(between))


def _as_read(tex: str) -> str:
    return _TEX_SPELLING.sub(lambda found: found[1] or (" " if found[0] == r"\ " else ""), _TEX_LAYOUT.sub(" ", tex))


def tex_passages(tex: str) -> Iterator[Passage]:
    body = tex.partition(r"\begin{document}")[2] or tex
    for passage in _passages(body, re.finditer(rf"\\label\{{{ANCHOR}\}}", body)):
        yield Passage(passage.name, passage.start, text_of_tex(passage.text))


def _passages(text: str, anchors: Iterator[re.Match[str]]) -> Iterator[Passage]:
    marks = list(anchors)
    starts = [0, *(mark.end() for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(text)]
    for name, start, end in zip([FRONT, *(mark[1] for mark in marks)], starts, ends, strict=True):
        yield Passage(name, start, text[start:end])
