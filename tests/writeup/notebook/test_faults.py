"""Notebooks as the world makes them: each of `faults/` stands for a kind that once was shown wrongly or refused."""

import base64
import functools
import io
import re
from pathlib import Path

import nbformat
import pypdfium2
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from PIL import Image

from tests.cells import built_of, ran, words
from writeup.errors import WriteupError
from writeup.notebook import read_notebook, typeset
from writeup.notebook.cells import Part, notebook_of
from writeup.notebook.kernel import Limits, execute, kernel_for
from writeup.notebook.latex import export_latex
from writeup.notebook.store import Store
from writeup.pages import pdf

FAULTS = Path(__file__).with_name("faults")


@functools.cache
def built(name, folder):
    """The notebook's PDF, read as words, and the notes about it."""
    result = built_of(FAULTS / f"{name}.ipynb", cache=folder)
    made = typeset(result.notebook, "A B (ab1)", pdf.find_engine())
    return result, made, words(made.pdf)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


def set_as(*cells):
    """These cells, as if executed, as a PDF: its words and the notes."""
    made = typeset(new_notebook(cells=list(cells)), "A B (ab1)", pdf.find_engine())
    return words(made.pdf), [note for _, note in made.notes]


def pictures(made):
    """Of each picture in the PDF its size on the page and the colour in its middle."""
    with pypdfium2.PdfDocument(made.pdf) as document:
        found = [o for page in document for o in page.get_objects() if o.type == 3]
        colours = [o.get_bitmap().to_pil().convert("RGB") for o in found]
        return [
            (o.get_bounds(), c.getpixel((c.width // 2, c.height // 2))) for o, c in zip(found, colours, strict=True)
        ]


def test_two_attachments_of_one_name_are_two_pictures(cache):
    _, made, _ = built("same_attachment_name", cache)
    (_, red), (_, blue) = pictures(made)
    assert (red[0] > 200 > red[2], blue[2] > 200 > blue[0]) == (True, True)


def test_any_name_of_an_attachment_is_shown(cache):
    assert len(pictures(built("attachment_names", cache)[1])) == 3


def test_a_picture_has_its_own_size_in_a_sentence_and_alone(cache):
    widths = [right - left for (left, _, right, _), _ in pictures(built("picture_in_sentence", cache)[1])]
    assert widths == pytest.approx([40 * 72 / 100] * 2, rel=0.4)


def test_each_cell_has_its_own_footnote(cache):
    text = built("footnotes_in_two_cells", cache)[2]
    assert ("first note" in text, "second note" in text) == (True, True)


def test_each_cell_has_its_own_link_references():
    tex = export_latex(read_notebook(FAULTS / "link_references.ipynb").notebook, "A B").tex
    assert tex.index("https://one.example") < tex.index("https://two.example")


@pytest.mark.parametrize("name", ["kernel_of_another_machine", "kernel_without_name"])
def test_a_kernel_is_found_by_language_and_a_note_says_so(name, cache):
    result, _, text = built(name, cache)
    assert "2" in text
    assert any("it was run with python3" in note for note in result.notes)


def test_a_language_that_is_not_here_is_refused_by_name():
    with pytest.raises(WriteupError, match=r"x\.ipynb is written in r, and no kernel for it is installed here"):
        kernel_for("x.ipynb", nbformat.from_dict({"kernelspec": {"name": "ir", "language": "R"}}))


def test_raw_cells_are_shown_by_their_format(cache):
    assert r"50% of x_1 & \undefined a raw heading" in built("raw_cells", cache)[2]


def test_macros_are_known_to_the_end_of_the_notebook(cache):
    _, made, text = built("macros_across_cells", cache)
    assert made.notes == []
    assert "$" not in text


def test_what_is_wide_or_deep_is_made_to_fit(cache):
    _, made, text = built("wide_and_deep", cache)
    for part in ("column 13", "13.123456", "level 7"):
        assert part in text
    assert "|" not in text
    assert text.replace(" ", "").count("abcdefghij") == 40
    assert [note for _, note in made.notes] == ["a table of 14 columns in smaller type"]


def test_one_cell_s_markdown_never_reaches_into_another(cache):
    assert 'Before x = 1 1 print("between") between after' in built("unclosed_fence", cache)[2]


def test_a_cell_that_exits_is_reported_by_number(cache):
    with pytest.raises(WriteupError, match=r"exit_in_a_cell\.ipynb, cell 1 failed with SystemExit: 3"):
        built("exit_in_a_cell", cache)


def test_tables_of_html_are_tables(cache):
    assert built("html_frame", cache)[2].count("a b 1 2.5") == 2


def test_an_error_that_is_expected_is_shown_and_the_run_goes_on(cache):
    text = built("expected_error", cache)[2]
    assert "ZeroDivisionError: division by zero" in text
    assert re.search(r"after\s+(1 of )?1\s*$", text)  # what the cell behind it prints, and the page


def test_long_output_is_cut_with_a_note_of_how_much(cache):
    _, made, text = built("long_output", cache)
    assert len(pdf.text_of(made.pdf)) < 8
    assert "19,760 lines" in text
    assert "000 characters of a line are left out" in text


def test_half_a_surrogate_pair_is_refused_by_its_cell(cache):
    with pytest.raises(WriteupError, match=r"lone_surrogate\.ipynb, cell 1 prints half of a surrogate pair"):
        built("lone_surrogate", cache)


def test_a_cell_between_rules_does_not_vanish():
    assert "Answer: 0.42" in set_as(new_markdown_cell("---\nAnswer: 0.42\n---"))[0]


@pytest.mark.parametrize(
    ("printed", "shown"), [("12\b3\n", "13"), ("10%\r20%\r", "20%"), ("abc\rx\n", "xbc"), ("\x1b[1mred\x1b[0m", "red")]
)
def test_output_reads_as_a_terminal_shows_it(printed, shown):
    cell = ran("run()", 1, [new_output("stream", text=printed)])
    assert f"run() {shown} " in set_as(cell)[0] + " "


def test_a_formula_that_tex_could_misuse_is_shown_as_it_is_written():
    text, (note,) = set_as(new_markdown_cell(r"$x \pdfobj stream file {/etc/passwd}\pdfrefobj$"))
    assert r"\pdfobj stream file" in text
    assert r"the macro \pdfobj is unknown" in note
    assert "root:" not in text


@pytest.mark.parametrize(
    "formula", [r"$a^b^c$", r"$\frac{a$", r"$a & b$", r"$\left( x$", r"$\nosuch x$", "$x^^5cinput y$"]
)
def test_a_formula_that_cannot_be_set_takes_nothing_else_with_it(formula):
    text, notes = set_as(new_markdown_cell(f"before {formula} after"), new_markdown_cell("the next cell"))
    assert (text.split("before")[1].count("after"), "the next cell" in text, len(notes)) == (1, True, 1)


@pytest.mark.parametrize(
    "source",
    [
        r"$ \alpha $", r"\begin{aligned} a &= b \end{aligned}", r"\begin{cases} 1 & x \\ 2 & y \end{cases}",
        r"$$\begin{align} a &= b \\ c &= d \end{align}$$", r"\begin{alignat}{2} a &= b \end{alignat}", "~~old~~",
        "- [ ] to do", r"$\mathscr{L}$", r"$a \leqslant b$", r"$\checkmark$", r"$\operatorname*{argmax}_x$",
        r"$$" + "a + " * 80 + "b$$", "[x](#heading)", "> " * 30 + "deep", "`" + "code" * 60 + "`",
        "<details><summary>more</summary>\n\n**bold**\n\n</details>", '<iframe src="/etc/passwd"></iframe>words',
    ],
)  # fmt: skip
def test_what_jupyter_shows_is_shown_without_a_note(source):
    text, notes = set_as(new_markdown_cell(source))
    assert notes == []
    assert not any(sign in text for sign in ("$", "\\", "~~", "**", "root:"))


def test_a_damaged_picture_leaves_a_note_with_its_cell():
    cell = new_markdown_cell("![graph](attachment:a.png)", attachments={"a.png": {"image/png": "AAAA"}})
    text, notes = set_as(cell)
    assert "picture not shown: graph" in text
    assert notes == ["the picture graph: its data are damaged, or no picture"]


def test_a_picture_in_another_format_is_shown():
    content = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(content, "GIF")
    data = {"image/gif": base64.b64encode(content.getvalue()).decode()}
    shown = new_notebook(cells=[ran("p", 1, [new_output("display_data", data)])])
    made = typeset(shown, "A B", pdf.find_engine())
    assert len(pictures(made)) == 1


def test_a_figure_in_svg_is_drawn_at_its_own_size():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><rect width="99" height="99" fill="red"/>'
    output = new_output(
        "display_data", {"image/svg+xml": svg + "</svg>", "text/plain": "<Figure size 640x480 with 1 Axes>"}
    )
    made = typeset(new_notebook(cells=[ran("p", 1, [output])]), "A B", pdf.find_engine())
    (((left, bottom, right, top), colour),) = pictures(made)
    assert (right - left, top - bottom, colour) == (pytest.approx(72, abs=1), pytest.approx(36, abs=1), (255, 0, 0))
    assert made.notes == []


def test_raw_latex_reads_no_file():
    text, _ = set_as(new_raw_cell(r"\input{/etc/passwd} $x$", metadata={"format": "text/latex"}))
    assert "root:" not in text


def part_of(*sources, folder=None):
    return Part("n.ipynb", notebook_of([new_code_cell(source) for source in sources]), folder)


def test_a_cell_changes_nothing_in_its_folder_and_reads_what_lies_beside_it(tmp_path):
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "data.txt").write_text("inside")
    (tmp_path / "beside.txt").write_text("outside")
    source = "print(open('data.txt').read(), open('../beside.txt').read())\nopen('data.txt', 'w').write('changed');"
    executed, _ = execute(part_of(source, folder=folder), tmp_path / "kept", lambda *_: None)
    assert executed.cells[0].outputs[0].text == "inside outside\n"
    assert (folder / "data.txt").read_text() == "inside"


def test_a_cell_over_the_limit_is_named_with_the_option_that_sets_it(tmp_path):
    with pytest.raises(WriteupError, match=r"n\.ipynb, cell 2 did not end within the limit of 1 s for a cell"):
        execute(part_of("1", "import time; time.sleep(60)"), tmp_path, lambda *_: None, Limits(cell=1))


def test_a_cell_that_takes_long_is_told_again_and_again(tmp_path):
    told = []
    execute(part_of("1", "import time; time.sleep(3.5)"), tmp_path, lambda *place: told.append(place))
    assert told.count(("n.ipynb", 2, 2)) > 1


@pytest.mark.parametrize("damage", [lambda _: "", lambda text: text[:50], lambda text: text.replace("42", "66")])
def test_a_kept_run_that_is_not_as_it_was_written_is_not_there(tmp_path, damage):
    store = Store(tmp_path)
    store.put("d", new_notebook(cells=[new_code_cell("42")]))
    (path,) = tmp_path.iterdir()
    path.write_text(damage(path.read_text()))
    assert store.get("d") == (None, "the outputs kept of an earlier run are damaged")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"nbformat": 4}', '{"nbformat": 4, "cells": 3}', "[" * 100_000, '{"nbformat": 4, "cells": [1]}'],
)
def test_what_is_no_notebook_is_one_message(tmp_path, content):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(WriteupError, match="not a Jupyter notebook"):
        read_notebook(path)


def test_cells_that_lack_what_they_must_have_are_tidied(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(
        b'\xef\xbb\xbf{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["1"]}, {"cell_type": "odd"}]}'
    )
    part = read_notebook(path)
    assert [cell.cell_type for cell in part.notebook.cells] == ["code", "raw"]
    assert part.notes[0] == "x.ipynb, cell 2 is of the unknown type 'odd': shown raw"
