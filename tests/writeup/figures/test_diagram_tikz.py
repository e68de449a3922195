"""A diagram in TeX: words and shapes read from the finished PDF."""

import ctypes
import re
from itertools import pairwise

import numpy as np
import pypdfium2
import pypdfium2.raw as raw
import pytest

from writeup.errors import WriteupError
from writeup.figures import TIKZ_LIBRARIES, Diagram, Edge, Group, Node
from writeup.figures.diagram import EDGE_COLOURS
from writeup.figures.diagram_tikz import SLANT
from writeup.pages.pdf import compile, find_engine, text_of

NODES = [
    Node("corpus", "Corpus", "wiki.train.tokens", shape="data"),
    Node("batch", "get_batch", r"$35 \times 20$", column=1),
    Node("model", "Decoder", "91 % of it", share=0.91, row=1, column=1),
    Node("more", "More batches?", shape="decision", row=2, column=1),
    Node("save", "Save & anneal", shape="round", row=2),
]
EDGES = [
    Edge("corpus", "batch", "ids"),
    Edge("batch", "model"),
    Edge("model", "more", "loss", "backward"),
    Edge("more", "batch", "yes", "loop"),
    Edge("more", "save", "no"),
    Edge("model", "model", "$h$", "loop"),
]
DIAGRAM = Diagram(NODES, EDGES, [Group("the model", ["model"])], max_width=9)
GRID = Diagram(  # every cell taken, so that arrows must turn: in a row, a column, one gutter, two gutters
    [Node(f"n{row}{column}", f"{row}{column}", row=row, column=column) for row in range(3) for column in range(3)],
    [Edge("n00", f"n{end}", style="loop") for end in ("02", "20", "11", "22")]
    + [Edge("n22", f"n{end}", style="backward") for end in ("20", "02", "11", "00")],
)
FIGURES = {"diagram": DIAGRAM, "grid": GRID}


def document(*pictures):
    return "\n".join(
        [
            r"\pdfsuppressptexinfo=-1 \pdftrailerid{} \pdfinfoomitdate=1",
            r"\documentclass[11pt,a4paper]{article}\usepackage[T1]{fontenc}\usepackage{lmodern}",
            r"\usepackage[margin=1cm]{geometry}\usepackage{amsmath,tikz}\pagestyle{empty}\parindent0pt",
            rf"\usetikzlibrary{{{','.join(TIKZ_LIBRARIES)}}}\begin{{document}}",
            "\\newpage\n".join(pictures),
            r"\end{document}",
        ]
    )


@pytest.fixture(scope="module")
def pdf():
    """All figures, a page each; compiling fails on any problem in TeX's log."""
    return compile(document(*(figure.tikz() for figure in FIGURES.values())), engine=find_engine())


@pytest.fixture(scope="module")
def words(pdf):
    return dict(zip(FIGURES, (" ".join(page.split()) for page in text_of(pdf)), strict=True))


@pytest.mark.parametrize("text", ["Corpus", "wiki.train.tokens", "get_batch", "35 × 20", "91 % of it", "Save & anneal"])
def test_the_diagram_prints_every_label(words, text):
    assert text in words["diagram"]


@pytest.mark.parametrize("label", ["ids", "loss", "no", "yes", "the model"])
def test_the_diagram_prints_every_edge_and_group_label(words, label):
    assert squeezed(label) in squeezed(words["diagram"])


def squeezed(text):
    """Without white space, which a PDF's text layer keeps only by the look, and with one kind of minus."""
    return re.sub(r"\s", "", text).replace("-", "−")


def shapes(pdf, page_number):
    """(is filled, stroke colour, corners in points) of every path on a page, read from the finished PDF."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[page_number]
        for shape in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
            fill, stroke = ctypes.c_int(), ctypes.c_int()
            raw.FPDFPath_GetDrawMode(shape.raw, fill, stroke)
            a, b, c, d, e, f = shape.get_matrix().get()
            corners = []
            for index in range(raw.FPDFPath_CountSegments(shape.raw)):
                x, y = ctypes.c_float(), ctypes.c_float()
                raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(shape.raw, index), x, y)
                corners.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
            red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
            raw.FPDFPageObj_GetStrokeColor(shape.raw, red, green, blue, alpha)
            colour = f"{red.value:02X}{green.value:02X}{blue.value:02X}" if stroke.value else None
            found.append((bool(fill.value), colour, np.array(corners)))
    return found


def boxes(found):
    """(left, bottom, right, top) of a diagram's boxes; arrow heads are filled and stroked too, but small."""
    filled = [
        (*corners.min(axis=0), *corners.max(axis=0)) for is_filled, colour, corners in found if is_filled and colour
    ]
    return [box for box in filled if box[2] - box[0] > 20]


@pytest.mark.parametrize("name", ["diagram", "grid"])
def test_no_box_of_a_diagram_overlaps_another(pdf, name):
    drawn = boxes(shapes(pdf, list(FIGURES).index(name)))
    assert len(drawn) == len(FIGURES[name].nodes)
    for index, (left, bottom, right, top) in enumerate(drawn):
        for other_left, other_bottom, other_right, other_top in drawn[:index]:
            assert right < other_left or other_right < left or top < other_bottom or other_top < bottom


@pytest.mark.parametrize("name", ["diagram", "grid"])
def test_no_arrow_of_a_diagram_runs_through_a_box(pdf, name):
    found, colours = shapes(pdf, list(FIGURES).index(name)), set(EDGE_COLOURS.values())
    arrows = [corners for is_filled, colour, corners in found if colour in colours and not is_filled]
    assert len(arrows) == len(FIGURES[name].edges)
    drawn = boxes(found)
    for corners in arrows:
        for start, end in pairwise(corners):
            x, y = np.linspace(start, end, 50).T
            for left, bottom, right, top in drawn:
                # Arrows touch a hexagon on its slanted side, so up to SLANT inside its frame.
                inside = (left + SLANT < x) & (x < right - SLANT) & (bottom + 1 < y) & (y < top - 1)
                assert not inside.any()


@pytest.mark.parametrize("name", ["diagram", "grid"])
def test_every_arrow_points_from_a_box_into_a_box(pdf, name):
    """Prolonged by 14 pt at either end (the head takes some), it is well inside."""
    found, colours = shapes(pdf, list(FIGURES).index(name)), set(EDGE_COLOURS.values())
    drawn = np.array(boxes(found))
    for corners in [corners for is_filled, colour, corners in found if colour in colours and not is_filled]:
        for end, before in ((corners[0], corners[1]), (corners[-1], corners[-2])):
            x, y = end + 14 * (end - before) / np.linalg.norm(end - before)
            assert ((drawn[:, 0] + 2 < x) & (x < drawn[:, 2] - 2) & (drawn[:, 1] < y) & (y < drawn[:, 3])).any()


def test_a_box_is_as_wide_as_its_longest_word_needs():
    """Compiling fails on overfull boxes; the arrow labels leave these boxes no width to spare."""
    names = ["A", "ConvTranspose2d", "PixelShuffle", "B"]
    nodes = [Node(f"n{i}", name, "kernel=14, stride=2", column=i) for i, name in enumerate(names)]
    edges = [Edge(f"n{i}", f"n{i + 1}", "(64, 111)") for i in range(3)]
    (text,) = text_of(compile(document(Diagram(nodes, edges, max_width=16).tikz()), engine=find_engine()))
    assert all(name in text for name in names)


def test_a_diagram_too_wide_for_the_page_is_refused():
    with pytest.raises(WriteupError, match=r"9 columns need \d+\.\d cm; 5 cm are allowed"):
        Diagram([Node(f"n{i}", "word", column=i) for i in range(9)], max_width=5).tikz()
