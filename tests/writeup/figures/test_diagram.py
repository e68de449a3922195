import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writeup.errors import WriteupError
from writeup.figures.diagram import DiagramDescription, Edge, Group, Node

PAIR = (Node("a", "Corpus"), Node("b", "Model", column=1))


def test_mermaid_shows_nodes_arrows_and_shading():
    diagram = DiagramDescription(
        [Node("a", "Corpus", shape="data"), Node("b", "Model", "91 % of a step", share=0.91, column=1)],
        [Edge("a", "b", "batches"), Edge("b", "a", style="loop")],
    )
    assert diagram.mermaid().splitlines() == [
        "flowchart TB",
        '    n_a[("Corpus")]',
        '    n_b["Model<br/>91 % of a step"]',
        '    n_a -->|"batches"| n_b',
        "    n_b ==> n_a",
        "    style n_a fill:#F7F7F7,stroke:#333333,color:#111111",
        f"    style n_b fill:#{diagram.nodes[1].fill},stroke:#333333,color:#111111",
        "    linkStyle 1 stroke:#0072B2",
    ]


def test_mermaid_puts_the_members_of_a_group_into_a_subgraph():
    lines = DiagramDescription(PAIR, groups=[Group("Training", ["b"])]).mermaid().splitlines()
    start = lines.index('    subgraph g0["Training"]')
    assert lines[start + 1 : start + 3] == ['        n_b["Model"]', "    end"]


@given(st.text(st.characters(exclude_characters="$\r", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20))
def test_no_label_breaks_out_of_its_mermaid_quotes(label):
    line = DiagramDescription([Node("a", label)]).mermaid().splitlines()[1]
    text = re.fullmatch(r'    n_a\["([^"<>`\\&$]*)"\]', line)
    assert text
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text[1]) == label


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_is_never_lighter(a, b):
    def brightness(share):
        fill = Node("a", "", share=share).fill
        return sum(int(fill[i : i + 2], 16) for i in (0, 2, 4))

    assert brightness(min(a, b)) >= brightness(max(a, b))


def test_the_darkest_shade_keeps_black_text_readable():
    """Contrast of black on the fill by WCAG 2.1's relative luminance; 7:1 is its strictest level."""
    fill = Node("a", "", share=1.0).fill
    channels = [int(fill[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert (luminance + 0.05) / 0.05 >= 7


def test_empty_rows_and_columns_are_closed_up():
    diagram = DiagramDescription([Node("a", "A", row=3, column=2), Node("b", "B", row=7, column=5)])
    assert diagram.cells() == {"a": (0, 0), "b": (1, 1)}


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ([], [], "no nodes"),
        ([Node("a b", "A")], [], "node id 'a b'"),
        ([Node("a", "A"), Node("a", "B", row=1)], [], "two nodes are called 'a'"),
        ([Node("a", "A"), Node("b", "B")], [], "two nodes stand in row 0, column 0"),
        (PAIR, [Edge("a", "c")], "no node 'c'; there are a, b"),
        ([Node("a", "A", share=1.2)], [], r"share 1.2; it lies in 0..1"),
    ],
)
def test_a_description_that_cannot_be_drawn_is_refused(nodes, edges, message):
    with pytest.raises(WriteupError, match=message):
        DiagramDescription(nodes, edges)
