"""Drawings: what overlaps by accident is refused by name, and both pictures hold the same places and words."""

import re

import pytest

from writeup.errors import WriteupError
from writeup.figures import Drawing, cells, meter, slab, stack
from writeup.figures.lettering import line_width, runs, tex_line
from writeup.figures.outline import Place, crosses
from writeup.figures.palette import hexadecimal


def two_boxes():
    drawing = Drawing("test")
    drawing.node("a", (0, 0), "left", width=2, height=1)
    drawing.node("b", (5, 0), "right", width=2, height=1)
    return drawing


def test_an_arrow_runs_from_border_to_border():
    drawing = two_boxes()
    assert drawing._points("a", "b", ()) == [(1, 0), (4, 0)]


def test_an_arrow_to_a_circle_ends_on_it():
    assert Place((0, 0), 2, 2, "ellipse").border((3, 4)) == pytest.approx((0.6, 0.8))


def test_a_missing_coordinate_is_that_of_the_point_before():
    points = two_boxes()._points("a.north", "b.north", [(None, 2), (5, None)])
    assert points == [(0, 0.5), (0, 2), (5, 2), (5, 0.5)]


def test_text_that_its_node_cannot_hold_is_refused():
    with pytest.raises(WriteupError, match=r"drawing 'test': node 'c' is 1.00 x 1.00 cm; its text 'much too long"):
        Drawing("test").node("c", (0, 0), "much too long for it", width=1, height=1)


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda d, **o: d.node("c", (1, 0), "c", **o), "nodes 'a' and 'c' overlap"),
        (lambda d, **o: d.text((1, 0.2), "words", **o), "'words' lies on node 'a'"),
        (lambda d, **o: d.arrow((-2, 0), "b", **o), "line from .* crosses node 'a'"),
        (lambda d, **o: [d.text((2.5, 0), "words", **o), d.arrow("a", "b")], "line from .* crosses 'words'"),
        (lambda d, **o: [d.text((2, 1 + y), "words", **o) for y in (0, 0.1)], "'words' at .* overlap"),
    ],
)
def test_what_overlaps_is_refused_unless_it_is_meant(add, message):
    drawing = two_boxes()
    add(drawing)
    with pytest.raises(WriteupError, match=message):
        drawing.check()
    drawing = two_boxes()
    add(drawing, over=True)
    drawing.check()


def test_a_drawing_wider_than_the_page_is_refused():
    drawing = two_boxes()
    drawing.max_width = 5
    with pytest.raises(WriteupError, match=r"7\.06 cm wide; 5 cm are allowed"):
        drawing.check()


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda d: d.node("a", (9, 9)), "two nodes are called 'a'"),
        (lambda d: d.at("c"), "no node 'c'; there are a, b"),
        (lambda d: d.at("a.top"), "'a.top'; sides are north"),
        (lambda d: d.text((0, 3), "half a $formula") or d.check(), "without its partner"),
        (lambda d: d.text((0, 3), "**a `name` in bold**") or d.check(), "code or mathematics in bold words"),
        (lambda d: d.text((0, 3), r"$\frobnicate$") or d.svg(), "frobnicate"),
        (lambda d: d.rectangle((0, 3), 1, 1, "mauve") or d.svg(), "colour 'mauve'; there are lstm"),
        (lambda _: Drawing("empty").svg(), "'empty': nothing is drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused(use, message):
    with pytest.raises(WriteupError, match=message):
        use(two_boxes())


def test_a_line_of_text_is_cut_where_its_font_changes():
    assert runs("a **b** `c` $d$") == [
        ("plain", "a "), ("bold", "b"), ("plain", " "), ("code", "c"), ("plain", " "), ("math", "d")
    ]  # fmt: skip


def test_a_minus_sign_in_tex_is_one_and_a_hyphen_stays():
    assert tex_line("-5 of one-hot") == "$-$5 of one-hot"


def test_spaces_at_the_end_of_a_run_count():
    assert line_width("a **b**") > line_width("a**b**") > 0


def test_a_tint_is_mixed_with_white():
    assert hexadecimal("black!0") == "FFFFFF"
    assert hexadecimal("lstm!50") == "80B8D8"


def test_parts_of_a_stacked_bar_are_to_scale():
    drawing = Drawing("bar")
    stack(drawing, (1, 0), 8, [(3, "lstm", "most"), (1, "gru", "")])
    corners = [[step[0][0] for step in path.steps[:2]] for path in drawing.shapes[:3] if hasattr(path, "steps")]
    assert corners == [[1, 7], [7, 9]]


def test_a_cost_bar_is_as_long_as_its_share_of_the_whole():
    drawing = two_boxes()
    meter(drawing, "a", 0.5)
    assert [step[0][0] for step in drawing.shapes[-1].steps[:2]] == [-1, 0]
    assert drawing.at("a.south") == pytest.approx((0, -0.63))


def test_an_empty_cell_is_left_out():
    drawing = Drawing("cells")
    cells(drawing, (0, 0), [["lstm", ""], ["", "gru"]], 1)
    assert [path.steps[0][0] for path in drawing.shapes] == [(1, 0), (0, 1)]


def test_a_block_recedes_to_the_upper_right():
    drawing = Drawing("block")
    slab(drawing, (0, 0), 2, 1, 1, name="s")
    assert drawing.at("s.north east") == pytest.approx((2.5, 1.4))
    assert drawing.at("s_front.east") == (2, 0.5)


@pytest.mark.parametrize(("end", "expected"), [((3, 0), True), ((0, 3), False), ((-3, -3), False)])
def test_a_piece_crosses_a_box(end, expected):
    assert crosses((-1, 0), end, (0, -1, 2, 1)) == expected


def test_both_pictures_draw_the_same_lines():
    """Of a 4 cm arrow between boxes; SVG counts points of 1/72 inch, downwards."""
    drawing = two_boxes()
    drawing.line("a.south", "b.south", colour="gru")
    (tikz,) = re.findall(r"draw=cD55E00[^]]*\] \((.*?),(.*?)\) -- \((.*?),(.*?)\);", drawing.tikz())
    (svg,) = re.findall(r'd="M ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \n"[^>]*stroke: #d55e00', drawing.svg())
    left, _, _, top = drawing.extent()
    scaled = [v * 2.54 / 72 for v in map(float, svg)]
    assert [left + scaled[0], top - scaled[1], left + scaled[2], top - scaled[3]] == pytest.approx(
        [float(v) for v in tikz], abs=1e-3
    )
