"""Pictures read back: what is drawn lies where the data say, and whatever was moved by hand is found."""

import re

import pytest

from writeup.figures import Diagram, Edge, Group, Node, Panels, Plot, Reference, Series
from writeup.figures.picture import row_of
from writeup.readback import SVG_ROUNDING, TIKZ_ROUNDING
from writeup.readback.figures import panels_problems, tikz_labels, tikz_panels, word_problems
from writeup.readback.svg import svg_panels, svg_words
from writeup.readback.text import mermaid_words

CURVES = Plot(
    [
        Series("both", [1, 2, 3], [10, 200, 900], [8, 150, 800], [12, 250, 1000], "both"),
        Series("band", [1, 2, 3], [20, 30, 40], [15, 25, 35], [25, 36, 47], "band"),
        Series("marks", [1.5, 2.5], [50, 60], style="marks"),
    ],
    "epoch 5",
    "loss $10^{-3}$",
    y_scale="log",
    references=(Reference(70, "chance"), Reference(2.2, axis="x")),
)
BARS = Plot(
    [Series("a", [1, 2], [10, 40], style="bar"), Series("b", [1, 2], [20, 30], [18, 27], [22, 33], "bar")], "x", "y"
)
FIGURE = Panels((CURVES, BARS))
ROW = row_of("2e-figure", "2e-figure.svg", FIGURE)


def tikz_problems(tikz):
    return [*word_problems(tikz_labels(tikz), ROW), *panels_problems(tikz_panels(tikz), ROW, TIKZ_ROUNDING)]


def svg_problems(svg):
    return [*word_problems(svg_words(svg), ROW), *panels_problems(svg_panels(svg), ROW, SVG_ROUNDING)]


@pytest.fixture(scope="module")
def tikz():
    return FIGURE.tikz()


@pytest.fixture(scope="module")
def svg():
    return FIGURE.svg()


def test_the_tikz_picture_is_read_as_it_was_drawn(tikz):
    assert tikz_problems(tikz) == []


def test_the_svg_picture_is_read_as_it_was_drawn(svg):
    assert svg_problems(svg) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("line width=1pt] plot coordinates {(0.298,0.521)", "line width=1pt] plot coordinates {(0.298,0.530)",
         "series 1: its line goes through (1.0001, 10.09"),
        ("mark size=1.7pt] plot coordinates {(2.778,2.155)", "mark size=1.7pt] plot coordinates {(2.878,2.155)",
         "series 3: its marks goes through (1.52"),
        ("plot coordinates {(0.298,0.932)", "plot coordinates {(0.298,0.832)",
         "series 2: its band goes through (1.0001, 13.5"),
        ("(5.259,3.270) -- (5.259,3.789)", "(5.259,3.270) -- (5.259,3.689)",
         "series 1: its span goes through (2, 22"),
        ("rectangle (8.188,5.179)", "rectangle (8.188,5.279)",
         "series 1: its bar goes through (1.988, 40.77"),
        ("(0,2.496) -- (10.518,2.496)", "(0,2.596) -- (10.518,2.596)",
         "a reference line lies at y = 7"),
        ("(5.259,0) -- +(0,-0.06)", "(5.359,0) -- +(0,-0.06)", "the tick '2.0' lies at 2.02"),
        ("{2.5}", "{2.7}", "ticks are labelled ['1.0', '1.5', '2.0', '2.7', '3.0']"),
        ("(10.220,5.089)};\n\\fill", "(10.220,5.089) (10.3,5.1)};\n\\fill",
         "series 1: its marks goes through (3.0161, 909.87"),
        ("\\fill[lookE69F00] (8.324,0.000) rectangle (10.459,3.884);\n", "",
         "drawn are bar, bar, bar, span, span; due are bar, bar, bar, bar, span, span"),
        ("{chance}", "{chance 7}", "1 of its labels hold 7; 0 are due"),
    ],
    ids=["line", "mark", "band", "error bar", "bar", "reference", "tick", "label", "more", "less", "words"],
)  # fmt: skip
def test_what_is_changed_by_hand_in_the_tikz_is_found(tikz, old, new, message):
    assert old in tikz
    problems = tikz_problems(tikz.replace(old, new, 1))
    assert problems[-1].startswith(message)


@pytest.mark.parametrize("part", ["series-0-line", "series-1-band", "series-0-span", "series-1-bar-1", "reference-y-0"])
def test_a_part_moved_in_the_svg_is_found(svg, part):
    """The last number of the part's path counts downwards: a little more is a little lower."""
    start = svg.index(f'<g id="{part}">')
    path = re.compile(r' d="M [\d.]+ ([-\d.]+)').search(svg, start)
    changed = svg[: path.start(1)] + f"{float(path[1]) + 0.1:.6f}" + svg[path.end(1) :]
    assert len(svg_problems(changed)) == 1


def test_a_mark_moved_in_the_svg_is_found(svg):
    start = svg.index("<use xlink:href", svg.index('<g id="series-2-line">'))
    changed = svg[:start] + re.sub(r' x="([\d.]+)"', ' x="99.0"', svg[start:], count=1)
    assert [problem.partition(" goes")[0] for problem in svg_problems(changed)] == ["series 3: its marks"]


def test_another_digit_on_the_svgs_axis_is_found(svg):
    """2.5 becomes 2.2: the outline of another digit is used, whatever the comment beside it says."""
    start = svg.index("<!-- 2.5 -->")
    two, _, five = re.findall(r'<use xlink:href="(#DejaVuSans-[0-9a-f]+)"', svg[start:])[:3]
    changed = svg[:start] + svg[start:].replace(f'<use xlink:href="{five}"', f'<use xlink:href="{two}"', 1)
    assert "'2.0', '2.2', '3.0'" in svg_problems(changed)[-1]


DIAGRAM = Diagram(
    [Node("a", "Corpus", "12 words"), Node("b", "Model", "3 layers", column=1)],
    [Edge("a", "b", "20 batches")],
    [Group("part 1", ["a"])],
)


@pytest.mark.parametrize(("old", "new"), [("", ""), ("12 words", "13 words"), ("20 batches", "2 batches")])
def test_a_diagrams_labels_are_read_in_both_pictures(old, new):
    row = row_of("2a-diagram", "", DIAGRAM)
    (mermaid,) = mermaid_words(f"```mermaid\n{DIAGRAM.mermaid().strip()}\n```".replace(old, new))
    drawn = tikz_labels(DIAGRAM.tikz().replace(old, new))
    found = [list(word_problems(words, row)) for words in (mermaid, drawn)]
    assert found[0] == found[1]
    assert bool(found[0]) == (old != new)
