"""Finished pictures: what TeX's page says and how wide it is, and that both are the same wherever they are made."""

import os
import pickle
import re
import subprocess
import sys

import numpy as np
import pypdfium2
import pytest

from writeup.errors import WriteupError
from writeup.figures import TIKZ_LIBRARIES, Drawing, Panels, Plot, Reference, Series, cut, slab, stack
from writeup.pages.pdf import compile, find_engine, text_of

X, Y = [1, 3, 10, 100], [5.0, 2.0, -1.0, 4.0]
LOG = Plot([Series("measured", X, Y)], "batch size $B$", "value", x_scale="log", references=[Reference(0, "zero")])
MARKS = Plot(
    [Series("LSTM", [0, 1], [90, 80], [88, 79], [93, 82], style="marks"), Series("GRU", [0, 1], [99, 85])],
    "units",
    "perplexity",
    x_categories=("200\n(small)", "650"),
    legend="below",
    title="Test",
)
PANELS = Panels([LOG, MARKS])


def drawing():
    made = Drawing("window")
    for name, x in (("a", 0), ("b", 4)):
        made.node(name, (x, 0), f"`cell_{name}`", r"$200 \to 800$ & 5 %", form="round", fill="lstm!15")
    made.arrow("a.east", "b.west", "values", colour="lstm")
    made.arrow("b.south", "a.south", "next", via=[(None, -1), (0, None)], dashed=True, side="below")
    cut(made, (2, 0))
    slab(made, (6, -0.5), 1, 1, 0.5)
    stack(made, (0, -2.4), 7, [(3, "lstm", "forward"), (1, "gru", "rest")])
    made.frame("window $k$", "a", "b", (0, -1.4))
    return made


FIGURES = {"drawing": drawing(), "log": LOG, "marks": MARKS, "panels": PANELS}
PREAMBLE = r"""\pdfsuppressptexinfo=-1 \pdftrailerid{} \pdfinfoomitdate=1
\documentclass[11pt,a4paper]{article}\usepackage[T1]{fontenc}\usepackage{lmodern,charter,sourcesanspro}
\usepackage[margin=1cm]{geometry}\usepackage{amsmath,tikz}\pagestyle{empty}\parindent0pt"""


@pytest.fixture(scope="module")
def pdf():
    """All figures, a page each; compiling fails on any problem in TeX's log."""
    pages = "\\newpage\n".join(figure.tikz() for figure in FIGURES.values())
    libraries = rf"\usetikzlibrary{{{','.join(TIKZ_LIBRARIES)}}}"
    return compile(f"{PREAMBLE}{libraries}\\begin{{document}}\n{pages}\\end{{document}}", engine=find_engine())


@pytest.fixture(scope="module")
def words(pdf):
    return dict(zip(FIGURES, (squeezed(page) for page in text_of(pdf)), strict=True))


def squeezed(text):
    """Without white space, which a PDF's text layer keeps only by the look, and with one kind of minus."""
    return re.sub(r"\s", "", text).replace("-", "−")


@pytest.mark.parametrize("text", ["cell_a", "200→800&5%", "values", "next", "forward", "rest", "windowk"])
def test_a_drawing_prints_every_word(words, text):
    assert text in words["drawing"]


@pytest.mark.parametrize("name", ["log", "marks"])
def test_a_plot_prints_its_labels(words, name):
    plot = FIGURES[name]
    ticks = [label for ticks in plot.ticks().values() for _, label in ticks]
    labels = [plot.title, plot.x_label.replace("$", ""), plot.y_label, *(series.label for series in plot.series)]
    assert [text for text in [*ticks, *labels] if squeezed(text) not in words[name]] == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_as_wide_as_it_says(pdf, name):
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[list(FIGURES).index(name)].render(scale=4, grayscale=True).to_numpy().squeeze()
    inked = np.flatnonzero((picture < 250).any(axis=0))
    left, _, right, _ = FIGURES[name].extent() if name == "drawing" else (0, 0, 11.8, 0)
    assert inked[0] / 4 / 72 * 2.54 >= 1 - 0.02
    assert (inked[-1] - inked[0]) / 4 / 72 * 2.54 <= right - left + 0.02


def test_the_svg_has_a_white_ground():
    assert re.search(r'<g id="patch_1">\s*<path[^>]*style="fill: #ffffff"', PANELS.svg())


def test_labels_that_crowd_an_axis_are_refused():
    ticks = [100, 101, 102]
    with pytest.raises(WriteupError, match=r"'101' at .* overlap"):
        Plot([Series("", ticks, ticks)], "x", "y", x_ticks=ticks, x_limits=(0, 200)).svg()


def test_a_title_wider_than_the_text_is_refused():
    with pytest.raises(WriteupError, match=r"sticks out of the 3 cm"):
        Plot([Series("", X, Y)], "x", "y", title="far too long a title for three", width=3).tikz()


def test_every_picture_is_the_same_in_another_process():
    """With another hash seed and another of matplotlib's backends."""
    here = [[figure.tikz(), figure.svg()] for figure in FIGURES.values()]
    code = (
        "import pickle, sys; figures = pickle.load(sys.stdin.buffer); sys.stdout.buffer.write(pickle.dumps("
        "[[figure.tikz(), figure.svg()] for figure in figures]))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(list(FIGURES.values())),
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "pdf"},
        check=True,
    )
    assert pickle.loads(there.stdout) == here
