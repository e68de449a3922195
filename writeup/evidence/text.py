"""The document's Markdown as HTML, in which facts and statements are elements that name what they print.

Marks have told where each value came from (`text/marks.py`). Outside of mathematics each becomes a span of its own;
inside, the whole formula is one, and further facts of the same formula follow it as dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from writeup.text.marks import Sourced

FORMULA = re.compile(r"```math\n(?P<block>.*?)```|(?<![\\$])\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
FENCE = re.compile(r"^```(?P<language>\w*).*?^```", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r'<img src="(?P<file>[^"]*)" width="\d+" alt="(?P<alt>[^"]*)">')
DIALECT = "markdown-implicit_figures-citations-example_lists+lists_without_preceding_blankline"


@dataclass(frozen=True)
class Span:
    """A piece of the text that prints a claim or says a statement."""

    kind: str  # "claim" or "statement"
    id: str
    start: int
    end: int


def to_html(markdown: Sourced, pictures: Mapping[str, str]) -> str:
    """The body of the page; `pictures` maps the files that the Markdown shows to their SVG."""
    import pypandoc  # 35 MB of pandoc; only a build needs it

    text = _spanned(markdown)
    text = PICTURE.sub(lambda found: _inline(pictures[found["file"]], found["alt"]), text)
    text = FORMULA.sub(lambda f: f"$${f['block'].strip()}$$" if f["block"] else f[0], text)
    html: str = pypandoc.convert_text(
        text, "html5", format=DIALECT, extra_args=["--mathml", "--wrap=none", "--syntax-highlighting=pygments"]
    )
    return html


def with_buttons(html: str) -> BeautifulSoup:
    """Each fact a button that opens its card, each statement a span with one at its end; numbered occurrences."""
    soup = BeautifulSoup(html, "html.parser")
    for source in soup.select("annotation"):  # the TeX of a formula, which would be read twice
        source.decompose()
    _join_thousands(soup)
    seen: dict[str, int] = {}
    for element in soup.select("[data-claim], [data-statement]"):
        kind = "claim" if element.has_attr("data-claim") else "statement"
        id = str(element[f"data-{kind}"])
        seen[id] = seen.get(id, 0) + 1
        element["id"] = f"at-{id}-{seen[id]}"
        if kind == "claim":
            element.name = "button"
            _open_by(element, id, "")
        else:
            button = soup.new_tag("button")
            button.string = "§"
            _open_by(button, id, f"Evidence for the statement {id}")
            button["class"] = "statement-mark"
            element.append(button)
    return soup


def _join_thousands(soup: BeautifulSoup) -> None:
    """A number that pandoc split at its commas becomes one number again."""
    for first in soup.select("mn"):
        while (comma := first.find_next_sibling()) is not None and comma.get_text() == ",":
            rest = comma.find_next_sibling()
            if rest is None or rest.name != "mn" or len(rest.get_text()) != 3:
                break
            first.string = f"{first.get_text()},{rest.get_text()}"
            comma.decompose()
            rest.decompose()


def _open_by(button: Tag, id: str, label: str) -> None:
    button["type"] = "button"
    button["popovertarget"] = f"evidence-{id}"
    button["class"] = "fact"
    if label:
        button["aria-label"] = label


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
    unmarked = [found.span() for found in (*fences, *PICTURE.finditer(markdown.text))]
    in_formula: dict[tuple[int, int], list[str]] = {}

    def wrap(start: int, end: int, attribute: str, tail: str = "") -> None:
        opened.setdefault(start, []).append((-(end - start), "["))
        closed.setdefault(end, []).append((end - start, f"]{{{attribute}}}{tail}"))

    for span in _spans(markdown):
        if any(a <= span.start < b for a, b in unmarked):
            continue
        around = next(((a, b) for a, b in formulas if a <= span.start and span.end <= b), None)
        if around and span.kind == "claim":
            in_formula.setdefault(around, []).append(span.id)
        else:
            text = markdown.text[span.start : span.end]
            start = span.start + len(text) - len(text.lstrip())
            wrap(start, span.start + len(text.rstrip()), f'data-{span.kind}="{span.id}"')
    for (start, end), ids in in_formula.items():
        first, *more = dict.fromkeys(ids)
        dots = "".join(f'[·]{{data-claim="{id}"}}' for id in more)
        wrap(start, end, f'data-claim="{first}"', dots)
    pieces, last = [], 0
    for place in sorted({*opened, *closed}):
        pieces.append(markdown.text[last:place])
        pieces += [text for _, text in sorted(closed.get(place, []))]
        pieces += [text for _, text in sorted(opened.get(place, []))]
        last = place
    return "".join([*pieces, markdown.text[last:]])


def _inline(svg: str, alternative: str) -> str:
    """An SVG as a part of the page; it keeps its words for those who cannot see it."""
    body = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", svg, flags=re.DOTALL).strip()
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    return f'\n```{{=html}}\n<div class="picture" role="img" aria-label="{alternative}">{body}</div>\n```\n'
