"""The notebook read back: its words, its outputs, its code, and its PDF against it."""

import hashlib
import json

import pytest

from writeup.readback import compare
from writeup.readback.notebook import cells_of, changed_cells, code_numbers, pieces_of_notebook, read_cells
from writeup.trust.ledger import Ledger, PassageRow, ReadBackRow

CODE = "x = 2\nprint(f'{x:.2f} of 1,024')"


def id_of(kind, source):
    digest = hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()
    return f"{kind}-{digest[:12]}"


CODE_ID, WORDS_ID = id_of("code", CODE), id_of("markdown", "Of 12 words.")
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"id": WORDS_ID, "cell_type": "markdown", "source": "Of 12 words."},
            {
                "id": CODE_ID,
                "cell_type": "code",
                "execution_count": 1,
                "source": CODE.splitlines(keepends=True),
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": ["2.00 of ", "1,024\n"]},
                    {"output_type": "display_data", "data": {"image/png": "...", "text/plain": "<7 axes>"}},
                ],
            },
        ]
    }
)


def findings(notebook):
    due = [
        PassageRow(name=WORDS_ID, file="x_code.ipynb", numbers="12", sources="setting"),
        PassageRow(name=CODE_ID, file="x_code.ipynb", numbers="2.00 1024", sources="setting question"),
    ]
    ledger = Ledger(claims=[], records=[], environment={}, readback=ReadBackRow(cells=due))
    ledger.readback.passages = [PassageRow(name="front", numbers="", sources="")]
    content = {"x.md": b"", "x.tex": b"", "x_code.ipynb": notebook.encode()}
    return [str(finding) for finding in compare(content, ledger).findings]


def test_words_and_outputs_are_read_and_pictures_words_are_not():
    assert read_cells(cells_of(NOTEBOOK.encode())) == {WORDS_ID: ["12"], CODE_ID: ["2.00", "1024"]}


def test_a_notebook_that_is_as_it_was_built_has_no_finding():
    assert findings(NOTEBOOK) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2.00 of ", "2.01 of ", f"{CODE_ID}: after '' it prints 2.01; 2.00 (setting) is due"),
        ("Of 12", "Of 13", f"{WORDS_ID}: after '' it prints 13; 12 (setting) is due"),
        ("x = 2", "x = 3", f"{CODE_ID}: its code is not what this cell held when it was assembled"),
    ],
)
def test_what_was_changed_in_a_cell_is_found(old, new, message):
    assert findings(NOTEBOOK.replace(old, new)) == [f"x_code.ipynb, {message}"]


def test_the_numbers_of_program_text_are_counted_apart():
    cells = cells_of(NOTEBOOK.encode())
    assert list(changed_cells(cells)) == []
    assert code_numbers(cells) == len(["1", "2", "2", "1,024"])


def test_the_pdf_is_due_the_cells_in_order():
    main, pictures = pieces_of_notebook(cells_of(NOTEBOOK.encode()))
    assert main.numbers == ["12", "1", "2", "2", "1024", "2.00", "1024"]
    assert pictures == []
