"""The document's Markdown as HTML, in which facts and statements are elements that name what they print.

Marks have told where each value came from (`text/marks.py`). Outside of mathematics each becomes a span of its own;
inside, the whole formula is one, and further facts of the same formula follow it as dots. Facts in a block of program
text follow it, by their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from writeup.text.marks import Sourced

FORMULA = re.compile(r"```math\n(?P<block>.*?)```|(?<![\\$])\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
FENCE = re.compile(r"^```(?P<language>\w*).*?^```", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r'<img src="(?P<file>[^"]*)" width="\d+" alt="(?P<alt>[^"]*)">')
ANCHOR = re.compile(r'<a id="(?P<id>[^"]*)"></a>')
# A tag that somebody typed stays text: without raw_html pandoc shows it.
DIALECT = "markdown-raw_html-implicit_figures-citations-example_lists+lists_without_preceding_blankline"


@dataclass(frozen=True)
class Span:
    """A piece of the text that prints a claim or says a statement."""

    kind: str  # "claim" or "statement"
    id: str
    start: int
    end: int


def to_html(markdown: Sourced, pictures: Mapping[str, str]) -> str:
    """The body of the page; `pictures` maps the files that the Markdown shows to their HTML."""
    text = PICTURE.sub(lambda found: f"\n```{{=html}}\n{pictures[found['file']]}\n```\n", _spanned(markdown))
    return html_of(FORMULA.sub(lambda f: f"$${f['block'].strip()}$$" if f["block"] else f[0], text))


def html_of(markdown: str, *options: str) -> str:
    """Markdown by pandoc; its formulas become MathML."""
    import pypandoc  # 35 MB of pandoc; only a build needs it

    arguments = ["--mathml", "--wrap=none", "--syntax-highlighting=pygments", *options]
    html: str = pypandoc.convert_text(
        ANCHOR.sub(r"[]{#\g<id>}", markdown), "html5", format=DIALECT, extra_args=arguments
    )
    return html


def formulas(markdown: Sourced) -> set[str]:
    """The facts that are printed inside formulas."""
    found = [formula.span() for formula in FORMULA.finditer(markdown.text)]
    return {span.id for span in _spans(markdown) if any(a < span.start < b for a, b in found)}


def marked(markdown: Sourced) -> Iterator[tuple[str, str, str]]:
    """Kind ("claim" or "statement"), id and text of everything that is marked."""
    return ((span.kind, span.id, markdown.text[span.start : span.end]) for span in _spans(markdown))


def alternatives(markdown: Sourced) -> list[tuple[str, str]]:
    """The file of each picture, in order, and the words that stand for it."""
    return [(found["file"], found["alt"]) for found in PICTURE.finditer(markdown.text)]


def _spans(markdown: Sourced) -> Iterator[Span]:
    for source, start, end in markdown.spans:
        kind, _, id = source.partition(":")
        if kind in ("claim", "statement") and end > start:
            yield Span(kind, id, start, end)


def _spanned(markdown: Sourced) -> str:
    """The text with pandoc's brackets around everything that is marked; the innermost first at one place."""
    opened: dict[int, list[tuple[int, str]]] = {}
    closed: dict[int, list[tuple[int, str]]] = {}
    formulas = [found.span() for found in FORMULA.finditer(markdown.text)]
    fences = [found for found in FENCE.finditer(markdown.text) if found["language"] != "math"]
    pictures = [found.span() for found in PICTURE.finditer(markdown.text)]
    listings = [found.span() for found in fences]
    within: dict[tuple[int, int], dict[str, int]] = {}  # facts of a formula or of program text, and their places

    def wrap(start: int, end: int, attribute: str, tail: str = "") -> None:
        opened.setdefault(start, []).append((-(end - start), "["))
        closed.setdefault(end, []).append((end - start, f"]{{{attribute}}}{tail}"))

    for span in _spans(markdown):
        if any(a <= span.start < b for a, b in pictures):
            continue
        around = next(((a, b) for a, b in formulas + listings if a <= span.start and span.end <= b), None)
        if around and span.kind == "claim":
            within.setdefault(around, {}).setdefault(span.id, span.start)
        else:
            text = markdown.text[span.start : span.end]
            ends = span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip())
            start = next((a for a, b in formulas if a < ends[0] < b), ends[0])
            wrap(start, next((b for a, b in formulas if a < ends[1] < b), ends[1]), f'data-{span.kind}="{span.id}"')
    for (start, end), ids in within.items():
        if (start, end) in listings:
            lines = [(id, markdown.text.count("\n", start, place)) for id, place in ids.items()]
            named = " ".join(f'[line {line}]{{data-claim="{id}"}}' for id, line in lines)
            closed.setdefault(end, []).append((0, f"\n\n::: listing-facts\n{named}\n:::\n"))
        else:
            first, *more = ids
            wrap(start, end, f'data-claim="{first}"', "".join(f'[·]{{data-claim="{id}"}}' for id in more))
    pieces, last = [], 0
    for place in sorted({*opened, *closed}):
        pieces.append(markdown.text[last:place])
        pieces += [text for _, text in sorted(closed.get(place, []))]
        pieces += [text for _, text in sorted(opened.get(place, []))]
        last = place
    return "".join([*pieces, markdown.text[last:]])
