"""Plotted points that are facts: found by their value to the last kept digit, and placed where the picture has them."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.writeup.rows import claim_row
from writeup.evidence.pictures import filled, frame, plotted
from writeup.figures import Plot, Series
from writeup.figures.picture import row_of
from writeup.readback.svg import svg_panels

EXACT = 1.2345678


def claim(id, value, ends=()):
    evidence = {"computed": [value, *ends], "records": []}
    return claim_row(id, value, "1", evidence=evidence, shown_ends=[str(end) for end in ends])


@pytest.fixture
def plot():
    seeds = Series("a", [1, 2, 3], [EXACT, 20.0, 2.5], [0.1234567, 1, 1], [2.3456789, 30, 3], style="both")
    return Plot([seeds], "x", "y")


def test_a_point_with_the_value_of_a_fact_is_that_fact_where_it_is_drawn(plot):
    svg = plot.svg()
    (marks,) = (shape for shape in svg_panels(svg)[0].shapes if shape.kind == "marks")
    assert list(plotted(svg, row_of("Q-p", "p.svg", plot), [claim("Q.a", EXACT)])) == [("Q.a", marks.points[0])]


def test_a_round_value_is_no_proof(plot):
    row = row_of("Q-p", "p.svg", plot)
    assert list(plotted(plot.svg(), row, [claim("Q.a", 20), claim("Q.b", 2.5)])) == []


def test_an_interval_is_the_fact_with_its_ends(plot):
    row = row_of("Q-p", "p.svg", plot)
    found = plotted(plot.svg(), row, [claim("Q.a", 2.5, (0.1234567, 2.3456789)), claim("Q.b", 2.5, (1.0, 3.5))])
    assert [id for id, _ in found] == ["Q.a"]


def test_a_point_is_no_fact_of_another_question(plot):
    html = frame(plot.svg(), row_of("Q-p", "p.svg", plot), [claim("P.a", EXACT), claim("Q.a", EXACT)])
    assert [point["data-claim"] for point in BeautifulSoup(html, "html.parser").select("[data-claim]")] == ["Q.a"]


def test_what_two_pictures_share_is_defined_once(plot):
    svg = plot.svg()
    html = filled(frame(svg, None, []) * 2, [(svg, "first"), (svg, "second")])
    named = re.findall(r' id="([^"]*)"', html)
    assert len(named) == len(set(named)) > 0
    assert html.count("<svg") == 2
    assert set(re.findall(r'href="#([^"]*)"', html)) <= set(named)
