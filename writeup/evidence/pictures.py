"""Figures inside the page: each SVG once, with a button on every plotted point that is a fact.

A point is a fact of its question when one of its coordinates is the fact's value to every digit that the ledger keeps
of a figure, or when an interval is drawn from one end of the fact's to the other. A round value proves nothing: a point
at 20 can be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from writeup.figures.canvas import Point
from writeup.figures.picture import is_round, key
from writeup.readback.svg import svg_panels
from writeup.trust.ledger import ClaimRow, FigureRow, SeriesRow

VIEW = re.compile(r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
REFERRED = re.compile(r'(?:href="#|url\(#)([^")]+)')
DEFINED = re.compile(r'<(?P<tag>path|clipPath) id="(?P<id>[^"]+)"(?:[^>]*/>|.*?</(?P=tag)>)', re.DOTALL)


def frame(svg: str, row: FigureRow | None, claims: Sequence[ClaimRow]) -> str:
    """The HTML in the place of a picture, which `filled` completes: buttons lie over the points that are facts."""
    buttons = []
    if row and (size := VIEW.search(svg)):
        own = [claim for claim in claims if row.name.startswith(f"{claim.question}-")]
        for claim, (x, y) in plotted(svg, row, own):
            place = f"left:{100 * x / float(size['width']):.2f}%;top:{100 * y / float(size['height']):.2f}%"
            buttons.append(f'<span data-claim="{claim}" style="{place}"></span>')
    return f'<div class="picture" tabindex="0"><div class="drawn"><!--picture-->{"".join(buttons)}</div></div>'


def filled(html: str, svgs: Sequence[tuple[str, str]]) -> str:
    """The page with its pictures, given in order as SVG and the words that stand for it."""
    known: set[str] = set()
    for svg, words in svgs:
        html = html.replace("<!--picture-->", _inline(svg, words, known), 1)
    return html


def _inline(svg: str, words: str, known: set[str]) -> str:
    """An SVG as a part of the page; what a picture before it defines (letters, marks) is not defined again."""

    def define(found: re.Match[str]) -> str:
        if found["id"] in known:
            return ""
        known.add(found["id"])
        return found[0]

    body = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL).strip()
    referred = set(REFERRED.findall(body))
    body = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in referred else "", body)
    body = DEFINED.sub(define, body)
    return body.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)


def plotted(svg: str, row: FigureRow, claims: Sequence[ClaimRow]) -> Iterator[tuple[str, Point]]:
    """Facts that a plot shows, each with its point in the units of the SVG, once a place."""
    numbers = {told: claim.id for claim in claims for told in _keys(claim)}
    seen = set()
    for panel, drawn in zip(row.panels, svg_panels(svg), strict=False):
        for series, shape in zip(panel.series, drawn.shapes, strict=False):
            for keys, place in _points(series, shape.points):
                fact = next((numbers[told] for told in keys if told in numbers), None)
                if fact and (fact, place) not in seen:
                    seen.add((fact, place))
                    yield fact, place


def _points(series: SeriesRow, places: Sequence[Point]) -> Iterator[tuple[list[str], Point]]:
    """What each point of a shape may be looked up by, and where it lies; an interval is looked up by both ends."""
    if series.kind == "span":
        ends = [[point[axis] for point in series.points] for axis in (0, 1)]
        middle = (sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places))
        yield [key(*of_axis) for of_axis in ends], middle
    else:
        for point, place in zip(series.points, places, strict=False):
            yield [key(value) for value in reversed(point)], place


def _keys(claim: ClaimRow) -> Iterator[str]:
    if claim.shown_ends:
        yield key(*claim.evidence["computed"][1:])
    if isinstance(claim.value, float) and not is_round(claim.value):
        yield key(claim.value)
