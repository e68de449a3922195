"""Our notebook's cells: source text of the project, the template cut into cells, ids that stay."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from answers.part_two import claims
from experiments.language_model.train import Settings
from writeup.claims import Answer, Control, Evidence, claim
from writeup.errors import WriteupError
from writeup.notebook import own
from writeup.notebook.cells import notebook_of
from writeup.text.marks import read

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("A, B = 1, 2\n\n\n@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass\n")
    return path


def test_source_is_the_file_s_own_text_with_decorators(module):
    assert own.source(module, "f", "C") == "@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass"


def test_two_names_of_one_line_show_it_once(module):
    assert own.source(module, "A", "B") == "A, B = 1, 2"


def test_a_name_that_is_not_there_is_told(module):
    with pytest.raises(WriteupError, match=r"'g'.*defines A, B, f, C"):
        own.source(module, "g")


@pytest.fixture(scope="module")
def shipped():
    """The template with made-up claims and data, so that no solver runs."""
    start, goal = (64, 111, 111), (4, 234, 234)
    chain = ["nn.ConvTranspose2d(64, 4, kernel_size=14, stride=2)"]
    context = {
        **claims._names(),
        "chains": [{"case": "1", "start": start, "goal": goal, "chains": [chain]}],
        "study": [{"name": "run", "row": ["LSTM", 20.0, 1111, 99.5, [5.0, 4.6]]}],
        "base": Settings(train_tokens=1000),
    }

    class Everything(dict):
        """Whatever claim a template asks for."""

        def __missing__(self, id):
            return claim(id, 1.5, "made up", lambda _value: Evidence("made up"), [Control(2.5)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "_claims_of", lambda _answer: Everything())
        return own.assemble(ROOT, "Ada Lovelace (al123)", Answer("3", [], context=context))


def test_notebook_is_valid(shipped):
    nbformat.validate(shipped.part.notebook)


def test_every_code_cell_is_python_and_imports_nothing_of_the_project(shipped):
    code = [cell.source for cell in shipped.part.notebook.cells if cell.cell_type == "code"]
    assert len(code) > 15
    for source in code:
        compile("\n".join(line for line in source.splitlines() if not line.startswith("%")), "cell", "exec")
        assert "import answers" not in source
        assert "from answers" not in source
        assert "writeup" not in source


def test_every_cell_that_prints_has_an_output_block(shipped):
    printing = {c.id for c in shipped.part.notebook.cells if c.cell_type == "code" and "\nprint(" in f"\n{c.source}"}
    assert printing - shipped.outputs.keys() == set()


def test_no_code_is_shown_twice(shipped):
    """A function or class is defined in one cell."""
    code = "\n".join(cell.source for cell in shipped.part.notebook.cells if cell.cell_type == "code")
    defined = [line for line in code.splitlines() if line.startswith(("def ", "class "))]
    assert len(defined) > 20
    assert len(set(defined)) == len(defined)


def test_output_blocks_are_no_part_of_the_notebook(shipped):
    assert not any("```output" in cell.source for cell in shipped.part.notebook.cells)


def test_claims_in_words_are_marked(shipped):
    sources = {source for text in shipped.words.values() for source in read(text).sources}
    assert "claim:3.echo.lowest" in sources


def test_no_mark_stays_in_a_cell(shipped):
    assert not any("\ue000" <= c <= "\uf8ff" for cell in shipped.part.notebook.cells for c in cell.source)


def test_cell_ids_stay_when_a_cell_is_put_before_them():
    cells = [new_code_cell("1"), new_code_cell("2"), new_code_cell("2")]
    before = [cell.id for cell in notebook_of(cells).cells]
    after = [cell.id for cell in notebook_of([new_markdown_cell("new"), *cells]).cells]
    assert after[1:] == before
    assert len(set(before)) == 3
