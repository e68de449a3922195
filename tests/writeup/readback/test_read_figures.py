"""Pictures read back: what is drawn lies where the data say, and whatever was moved by hand is found."""

import math
import re

import pytest

from writeup.figures import Drawing, Panels, Plot, Reference, Series
from writeup.figures.picture import row_of
from writeup.readback import SVG_ROUNDING, TIKZ_ROUNDING
from writeup.readback.figures import panels_problems, tikz_labels, tikz_panels, word_problems
from writeup.readback.svg import svg_panels, svg_words
from writeup.trust.ledger import FigureRow

CURVES = Plot(
    [
        Series("both", [1, 2, 3, 3.1], [10, 200, 900, math.inf], [8, 150, 800, 900], [12, 250, 1000, 999], "both"),
        Series("marks", [1.5, 2.5], [50, 60], style="marks"),
    ],
    "epoch 5",
    "loss $10^{-3}$",
    y_scale="log",
    y_limits=(5, 1000),
    references=(Reference(70, "chance"), Reference(2.2, axis="x")),
)
LINES = Plot([Series("a", [1, 2], [10, 40]), Series("b", [1, 2], [20, 30], [18, 27], [22, 33])], "x", "y")
ROWS = Plot(
    [Series("", [-20, 3], [0, 1], [-50, 0.5], [-20, 3], "dumbbell")],
    "change",
    "",
    y_categories=("LSTM 200", "GRU"),
)
FIGURE = Panels((CURVES, LINES, ROWS), columns=2)
ROW = FigureRow.model_validate_json(row_of("2e-figure", "2e-figure.svg", FIGURE).model_dump_json())


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


PARTS = {
    "panel-0-series-0-line-0": "series 1: its line goes",
    "panel-0-series-0-span-1": "series 1: its span goes",
    "panel-0-series-0-marks-5": "series 1: its marks goes",
    "panel-0-series-0-rim-6": "series 1: its rim goes",
    "panel-1-series-0-line-0": "series 1: its line goes",
    "panel-2-series-0-join-0": "series 1: its join goes",
    "panel-2-series-0-open-2": "series 1: its open goes",
    "panel-0-reference-y-0": "a reference line lies",
    "panel-0-tick-x-1": "the tick",
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_moved_in_the_tikz_is_found(tikz, part):
    """Its first point, by 0.1 cm either way."""
    (line,) = (line for line in tikz.splitlines() if line.endswith(f" % {part}"))
    start = line.rindex(r"\path")
    moved = re.sub(
        r"\(([\d.]+),(-?[\d.]+)\)",
        lambda p: f"({float(p[1]) + 0.1:.3f},{float(p[2]) + 0.1:.3f})",
        line[start:],
        count=1,
    )
    (problem,) = tikz_problems(tikz.replace(line, line[:start] + moved))
    assert problem.startswith(PARTS[part])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_moved_in_the_svg_is_found(svg, part):
    """Its first point, by a tenth of a point either way."""
    start = svg.index(f'<g id="{part}">')
    first = re.compile(r'<use [^>]*?x="([\d.]+)" y="([\d.]+)"' if re.search("marks|rim|open", part) else
                       r' d="M ([\d.]+) ([\d.]+)').search(svg, start)  # fmt: skip
    x, y = (f"{float(first[k]) + 0.1:.6f}" for k in (1, 2))
    changed = svg[: first.start(1)] + x + svg[first.end(1) : first.start(2)] + y + svg[first.end(2) :]
    (problem,) = svg_problems(changed)
    assert problem.startswith(PARTS[part])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{2.5}", "{2.7}", "ticks are labelled ['1.0', '1.5', '2.0', '2.7', '3.0']"),
        ("{chance}", "{chance 7}", "1 of its labels hold 7; 0 are due"),
        ("{LSTM 200}", "{LSTM 300}", "ticks are labelled"),
        ("% panel-1-series-0-line-0", "", "drawn are line 2"),
    ],
)
def test_what_is_rewritten_in_the_tikz_is_found(tikz, old, new, message):
    assert old in tikz
    assert any(problem.startswith(message) for problem in tikz_problems(tikz.replace(old, new, 1)))


def test_another_digit_on_the_svgs_axis_is_found(svg):
    """2.5 becomes 2.2: the outline of another digit is used, whatever the comment beside it says."""
    start = svg.index("<!-- 2.5 -->")
    two, _, five = re.findall(r'<use xlink:href="(#DejaVuSans-[0-9a-f]+)"', svg[start:])[:3]
    changed = svg[:start] + svg[start:].replace(f'<use xlink:href="{five}"', f'<use xlink:href="{two}"', 1)
    assert "'2.0', '2.2', '3.0'" in svg_problems(changed)[-1]


def test_an_axis_shared_with_the_panel_before_needs_no_labels():
    panels = Panels([CURVES, CURVES], share_y=True)
    row = row_of("2e-figure", "", panels)
    found = tikz_panels(panels.tikz())
    assert list(panels_problems(found, row, TIKZ_ROUNDING)) == []
    assert [label for _, label in found[1].ticks["y"]] == [""] * len(found[0].ticks["y"])


def drawing(words="12 words", label="20 batches"):
    made = Drawing("parts")
    made.node("a", (0, 0), "Corpus", words)
    made.node("b", (5, 0), "Model", r"**3** layers of $10^{-3}$ `x_5`")
    made.arrow("a", "b", label)
    made.frame("part 1", "a")
    return made


@pytest.mark.parametrize(
    ("words", "label"), [("12 words", "20 batches"), ("13 words", "20 batches"), ("12 words", "2")]
)
def test_a_drawings_words_are_read_in_both_pictures(words, label):
    row, made = row_of("2a-step", "2a-step.svg", drawing()), drawing(words, label)
    found = [list(word_problems(got, row)) for got in (tikz_labels(made.tikz()), svg_words(made.svg()))]
    assert found[0] == found[1]
    assert bool(found[0]) == ((words, label) != ("12 words", "20 batches"))
