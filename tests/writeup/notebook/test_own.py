"""Our notebook's cells: source text of the project, the template cut into cells, ids that stay."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from experiments.part_two.echo_trials import FIXED, LONGEST_LAG, VARIABLE
from tests.places import ROOT
from tests.writeup.rows import claim_row, statement_row
from writeup.assignment import load_assignment
from writeup.errors import WriteupError
from writeup.notebook import own
from writeup.notebook.cells import notebook_of
from writeup.text.marks import read
from writeup.trust.ledger import Ledger
from writeup.trust.question import Verified
from writeup.trust.verify import Verification


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("A, B = 1, 2\n\n\n@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass\n")
    return path


def test_source_is_the_file_s_own_text_with_decorators(module):
    assert own.source(module, "f", "C") == "@decorated\ndef f():\n    return A\n\n\nclass C:\n    pass"


def test_what_is_meant_for_the_lint_alone_is_left_out(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f(x):  # noqa: ARG001  # a reason\n    return 1\n")
    assert own.source(path, "f") == "def f(x):\n    return 1"


def test_two_names_of_one_line_show_it_once(module):
    assert own.source(module, "A", "B") == "A, B = 1, 2"


def test_a_name_that_is_not_there_is_told(module):
    with pytest.raises(WriteupError, match=r"'g'.*defines A, B, f, C"):
        own.source(module, "g")


def test_a_module_that_is_not_there_is_told(tmp_path):
    with pytest.raises(WriteupError, match=r"asks for code of .*nowhere\.py, which does not exist"):
        own.source(tmp_path / "nowhere.py", "g")


@pytest.fixture(scope="module")
def shipped():
    """The shipped template with made-up facts and chains, so that nothing is searched, trained or read."""
    template = (ROOT / "templates/answers/3.md.j2").read_text()
    names = set(re.findall(r"<< (\w+)(?:\.\w+)? >>", template)) - {"identity", "module"}
    said = [statement_row(f"3.{name}") for name in re.findall(r'say\("(\w+)"\)', template)]
    chain = {"start": (3, 8, 8), "goal": (4, 6, 6), "modules": ["nn.Conv2d(3, 4, 3)"]}
    lengths = {"longest_lag": LONGEST_LAG, "lag": 6, "bound": "1e-12", "pytorch": "2.13.0"}
    context = {"chains": [chain], "fixed": FIXED, "variable": VARIABLE, **lengths}
    rows = [claim_row(f"3.{name}", 1.5, shown_ends=["1.0", "2.0"]) for name in names - context.keys()]
    assignment = load_assignment(ROOT)
    ledger = Ledger(claims=rows, statements=said, records=[], environment={})
    answers = {"3": Verified("3", rows, said, context=context)}
    return own.assemble(
        ROOT, "Ada Lovelace (al123)", Verification(assignment, answers, ledger, []), *assignment.notebook
    )


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
        assert "lab" not in re.findall(r"\b(?:from|import) (\w+)", source)


def test_a_cell_is_called_with_the_line_where_the_template_opens_it(shipped):
    template = (ROOT / "templates/answers/3.md.j2").read_text().splitlines()
    for number, cell in enumerate(shipped.part.notebook.cells, start=1):
        if cell.cell_type == "code":
            name, line = re.fullmatch(r"(.*) \(templates/answers/3\.md\.j2:(\d+)\)", shipped.part.cell(number)).groups()
            assert (name, template[int(line) - 1]) == (f"the notebook, cell {number}", "```python")
            assert "<<" in template[int(line)] or template[int(line)] == cell.source.splitlines()[0]


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
    assert {"claim:3.modules", "statement:3.slips_are_seen", "interval-level", "author"} <= sources
    assert "expression" not in sources


def test_no_mark_stays_in_a_cell(shipped):
    assert not any("\ue000" <= c <= "\uf8ff" for cell in shipped.part.notebook.cells for c in cell.source)


def test_cell_ids_stay_when_a_cell_is_put_before_them():
    cells = [new_code_cell("1"), new_code_cell("2"), new_code_cell("2")]
    before = [cell.id for cell in notebook_of(cells).cells]
    after = [cell.id for cell in notebook_of([new_markdown_cell("new"), *cells]).cells]
    assert after[1:] == before
    assert len(set(before)) == 3
