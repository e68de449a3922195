"""The notebook: source text, cells, the two doors, the cache, and LaTeX that the embedded TeX compiles."""

import json
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from writeup import notebook as made
from writeup import notebook_latex, pdf
from writeup.claims import WriteupError

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"


def quiet(name, cell, cells):
    """A build that shows no progress."""


def saved(folder, name, cells):
    path = folder / name
    nbformat.write(new_notebook(cells=cells), path)
    return path


def tex_of(*cells, title="# Title"):
    return notebook_latex.export_latex(
        new_notebook(cells=[new_markdown_cell(title), *cells]), "Zoë Ångström (za1)", TEMPLATES
    )


def text_of(exported):
    """The words of the PDF; `pdf.compile` raises for a missing character, an overfull box or an undefined reference."""
    compiled = pdf.compile(exported.tex, engine=pdf.find_engine(), files=exported.attachments)
    return " ".join(" ".join(pdf.text_of(compiled)).split())


# -- source text ------------------------------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("A, B = 1, 2\n\n\n@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass\n")
    return path


def test_source_is_the_file_s_own_text_with_decorators(module):
    assert made.source(module, "f", "C") == "@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass"


def test_two_names_of_one_line_show_it_once(module):
    assert made.source(module, "A", "B") == "A, B = 1, 2"


def test_a_name_that_is_not_there_is_told(module):
    with pytest.raises(WriteupError, match=r"'g'.*defines A, B, f, C"):
        made.source(module, "g")


# -- the shipped notebook's cells -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    """The template with made-up inputs, so that no solver runs."""

    class Inputs:
        @staticmethod
        def notebook_inputs(_records):
            start, goal = (64, 111, 111), (4, 234, 234)
            chain = ["nn.ConvTranspose2d(64, 4, kernel_size=14, stride=2)"]
            run = ["LSTM", 2, 200, False, 35, 20.0, 1111, 1000, 99.5, [5.0, 4.6]]
            return {"chains": [{"start": start, "goal": goal, "chains": [chain]}], "study": [run]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "_assignment_module", lambda _root: Inputs)
        return made.assemble(ROOT, "Ada Lovelace (al123)", None)


def test_notebook_is_valid(shipped):
    nbformat.validate(shipped.notebook)


def test_every_code_cell_is_python_and_imports_nothing_of_the_project(shipped):
    code = [cell.source for cell in shipped.notebook.cells if cell.cell_type == "code"]
    assert len(code) > 15
    for source in code:
        compile("\n".join(line for line in source.splitlines() if not line.startswith("%")), "cell", "exec")
        assert "import answers" not in source
        assert "from answers" not in source
        assert "writeup" not in source


def test_cell_ids_stay_when_a_cell_is_put_before_them():
    cells = [new_code_cell("1"), new_code_cell("2"), new_code_cell("2")]
    before = [cell.id for cell in made._notebook(cells).cells]
    after = [cell.id for cell in made._notebook([new_markdown_cell("new"), *cells]).cells]
    assert after[1:] == before
    assert len(set(before)) == 3


def test_words_and_names_are_no_part_of_the_digest(shipped):
    other = made.Part(shipped.name, nbformat.from_dict(shipped.notebook))
    other.notebook.cells[0].source = "other words"
    assert made._digest(other) == made._digest(shipped)
    next(cell for cell in other.notebook.cells if cell.cell_type == "code").source += "\n1"
    assert made._digest(other) != made._digest(shipped)


# -- the course's own notebooks ---------------------------------------------------------------------------------------


def test_two_notebooks_are_run_in_kernels_of_their_own_and_merged(tmp_path):
    first = saved(tmp_path, "one.ipynb", [new_code_cell("x = 20 + 3\nprint(x)")])
    second = saved(tmp_path, "two.ipynb", [new_code_cell("print('x' in globals())")])
    asked = {"identity_title": "A B (ab1)", "notebooks": [first, second], "cache": tmp_path / "cache"}
    built = made.build_notebook(ROOT, **asked, progress=quiet)
    cells = nbformat.reads(built.ipynb, as_version=4).cells
    assert [c.source for c in cells if c.cell_type == "markdown"] == [
        "# Part 2: PyTorch\n\nA B (ab1)",
        "# one",
        "# two",
    ]
    assert [c.outputs[0].text for c in cells if c.cell_type == "code"] == ["23\n", "False\n"]

    def never(*_):
        raise AssertionError("executed again although nothing changed")

    again = made.build_notebook(ROOT, **{**asked, "identity_title": "C D (cd2)"}, progress=never)
    assert built.ipynb.replace("A B (ab1)", "") != again.ipynb
    assert [c.get("outputs") for c in nbformat.reads(again.ipynb, as_version=4).cells] == [
        c.get("outputs") for c in cells
    ]


def test_a_failing_cell_is_shown_with_notebook_number_code_and_traceback(tmp_path):
    path = saved(tmp_path, "bad.ipynb", [new_markdown_cell("words"), new_code_cell("1 / (2 - 2)")])
    with pytest.raises(WriteupError) as caught:
        made.build_notebook(ROOT, identity_title="", notebooks=[path], cache=tmp_path / "cache", progress=quiet)
    for part in ("bad.ipynb, cell 2", "1 / (2 - 2)", "ZeroDivisionError: division by zero", "--- traceback"):
        assert part in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [("no json", "not a Jupyter notebook"), (nbformat.writes(new_notebook()), "has no code cell")],
)
def test_what_is_no_notebook_is_refused(tmp_path, content, message):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(WriteupError, match=message):
        made.read_notebook(path)


@pytest.mark.parametrize("text", ["# TODO", "# TODO: write this\npass", "TODO", "# TODO\n...", "**TODO** your answer"])
def test_left_to_do(text):
    assert made.left_to_do(text)


@pytest.mark.parametrize("text", ["", "# a comment", "x = 1  # TODO: tidy", "# TODO tidy\nx = 1", "pass"])
def test_not_left_to_do(text):
    assert not made.left_to_do(text)


def ran(source, count, outputs=()):
    return new_code_cell(source, execution_count=count, outputs=list(outputs))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([ran("a", 2), ran("b", 1)], "execution count 1 after 2"),
        ([ran("a", None)], "execution count None"),
        ([ran("a", 1, [new_output("error", ename="E", evalue="v", traceback=[])])], "cell 1 ends in E: v"),
        ([ran("# TODO", 1)], "still to do"),
    ],
)
def test_check_refuses(cells, message):
    with pytest.raises(WriteupError, match=message):
        made.check("n", new_notebook(cells=cells))


def test_check_accepts_cells_that_ran_in_order():
    made.check("n", new_notebook(cells=[ran("a", 1), ran("", None), ran("b", 2)]))


# -- LaTeX ------------------------------------------------------------------------------------------------------------


def test_long_lines_are_cut_and_nothing_of_them_is_lost():
    characters = notebook_latex.Characters()
    text = "word_" * 70
    tex = notebook_latex.output_lines(text, characters)
    assert tex.count(r"\codeline") == 3
    assert tex.count("word") >= 68
    assert text_of(tex_of(ran("x = '" + "y" * 400 + "'", 1))).count("y") >= 400


def test_program_text_comes_out_as_it_went_in():
    source = 'def f(a, b="--"):\n    return {"x": a % b, \'y\': [a ** 2, ~b, a & b], "$": "#_^\\\\"}  # `note`'
    assert "".join(source.split()) in text_of(tex_of(ran(source, 1))).replace(" ", "")


def test_characters_that_fonts_lack_are_replaced_and_said():
    text = text_of(tex_of(ran("print('Привет')  # α ≤ é 你", 1), new_markdown_cell("Grüße, 2 ≤ 3, Привет, 🙂")))
    assert "Privet" in text
    assert "Grüße" in text
    assert "cyrillic capital letter pe" in text


def test_hostile_words_reach_tex_as_words():
    cells = [
        new_markdown_cell(r"\input{/etc/passwd} and <script>x</script> and ![gone](http://example.org/a.png)"),
        new_markdown_cell(
            r"| a | b |" + "\n|---|--:|\n| 1 | 2 |" + "\n\n$$\\mathbb{R}^2$$\n\n```\n\\end{document}\n```"
        ),
        ran(
            "1",
            1,
            [new_output("display_data", {"text/html": "<b>x</b>"}), new_output("stream", text="\x1b[31mred\x1b[0m")],
        ),
    ]
    text = text_of(tex_of(*cells))
    for part in (r"\input{/etc/passwd}", "picture not shown: gone", r"\end{document}", "text/html: not shown", "red"):
        assert part in text


def test_unclosed_markup_of_one_cell_leaves_the_next_alone():
    text = text_of(
        tex_of(new_markdown_cell("```\nnever closed"), new_markdown_cell("## Next\n\nwords of the next cell"))
    )
    assert "words of the next cell" in text


def test_title_name_and_contents_stand_in_the_pdf():
    text = text_of(tex_of(new_markdown_cell("## Part one\n\nwords"), title="# A title"))
    assert text.count("A title") >= 2
    assert text.count("Zoë Ångström (za1)") >= 2
    assert text.count("Part one") == 2


def test_carriage_returns_overwrite():
    assert notebook_latex.without_ansi("10%\r100%\ndone\r\n") == "100%\ndone\r\n"


def test_measured_numbers_are_the_last_cell_s_json():
    cells = [ran("a", 1), ran("print()", 2, [new_output("stream", text=json.dumps({"x": 1.5}))])]
    assert made.measured_in(new_notebook(cells=cells)) == {"x": 1.5}
    with pytest.raises(WriteupError, match="last cell must print"):
        made.measured_in(new_notebook(cells=cells[:1]))


def test_pictures_beside_a_notebook_travel_with_it(tmp_path):
    (tmp_path / "p.png").write_bytes(b"png")
    cell = made._with_pictures(new_markdown_cell(textwrap.dedent("![alt](p.png) ![no](../x.png)")), tmp_path)
    assert cell.source == "![alt](attachment:p.png) ![no](../x.png)"
    assert cell.attachments == {"p.png": {"image/png": "cG5n"}}
