"""The course's own notebooks: read, run in kernels of their own, refused with a reason, merged."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.cells import built_of, ran
from writeup.errors import WriteupError
from writeup.notebook import cells, course


def saved(folder, name, cells):
    path = folder / name
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_two_notebooks_are_run_in_kernels_of_their_own_and_merged(tmp_path):
    first = saved(tmp_path, "one.ipynb", [new_code_cell("x = 20 + 3\nprint(x)")])
    second = saved(tmp_path, "two.ipynb", [new_code_cell("print('x' in globals())")])
    built = built_of(first, second, cache=tmp_path / ".cache", title="In code")
    cells = nbformat.reads(built.ipynb, as_version=4).cells
    headings = ["# In code\n\nA B (ab1)", "# one", "# two"]
    assert [c.source for c in cells if c.cell_type == "markdown"] == headings
    assert [c.outputs[0].text for c in cells if c.cell_type == "code"] == ["23\n", "False\n"]

    def never(*_):
        raise AssertionError("executed again although nothing changed")

    again = built_of(first, second, cache=tmp_path / ".cache", identity_title="C D (cd2)", progress=never)
    assert [c.get("outputs") for c in nbformat.reads(again.ipynb, as_version=4).cells] == [
        c.get("outputs") for c in cells
    ]


def test_a_failing_cell_is_shown_with_notebook_number_code_and_traceback(tmp_path):
    path = saved(tmp_path, "bad.ipynb", [new_markdown_cell("words"), new_code_cell("1 / (2 - 2)")])
    with pytest.raises(WriteupError) as caught:
        built_of(path, cache=tmp_path / "cache")
    for part in ("bad.ipynb, cell 2", "1 / (2 - 2)", "ZeroDivisionError: division by zero", "--- traceback"):
        assert part in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_notebook_without_cells_is_refused(tmp_path):
    with pytest.raises(WriteupError, match="has no cell"):
        course.read_notebook(saved(tmp_path, "x.ipynb", []))


@pytest.mark.parametrize("text", ["# TODO", "# TODO: write this\npass", "TODO", "# TODO\n...", "**TODO** your answer"])
def test_left_to_do(text):
    assert cells.left_to_do(text)


@pytest.mark.parametrize("text", ["", "# a comment", "x = 1  # TODO: tidy", "# TODO tidy\nx = 1", "pass"])
def test_not_left_to_do(text):
    assert not cells.left_to_do(text)


@pytest.mark.parametrize(
    ("some", "message"),
    [
        ([ran("a", 2), ran("b", 1)], "execution count 1 after 2"),
        ([ran("a", None)], "execution count None"),
        ([ran("a", 1, [new_output("error", ename="E", evalue="v", traceback=[])])], "cell 1 ends in E: v"),
        ([ran("# TODO", 1)], "still to do"),
    ],
)
def test_check_refuses(some, message):
    with pytest.raises(WriteupError, match=message):
        cells.check("n", new_notebook(cells=some))


def test_check_accepts_cells_that_ran_in_order():
    cells.check("n", new_notebook(cells=[ran("a", 1), ran("", None), ran("b", 2)]))


def test_pictures_beside_a_notebook_travel_with_it_by_the_name_of_their_content(tmp_path):
    for folder, content in (("a", b"red"), ("b", b"blue")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my fig.png").write_bytes(content)
    source = '![x](a/my%20fig.png "title") <img src="b/my fig.png"> ![no](../x.png)'
    cell = course._with_pictures(new_markdown_cell(source), tmp_path)
    red, blue = cell.attachments
    assert cell.source == f'![x](attachment:{red}) <img src="attachment:{blue}"> ![no](../x.png)'
    assert [kinds["image/png"] for kinds in cell.attachments.values()] == ["cmVk", "Ymx1ZQ=="]
