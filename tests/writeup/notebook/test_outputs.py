"""Executed outputs against claims: what is refused, what is marked."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.writeup.rows import claim_row
from writeup.errors import WriteupError
from writeup.facts import Facts, by
from writeup.notebook.outputs import CLAIM, given, hold_against_claims, note_printed, passages
from writeup.text.marks import Marked, mark, read, unmarked
from writeup.trust.ledger import Ledger

a = Facts("3")
a("share", 0.98, by("another seed", lambda: 0.975, within=0.01), form="{:.1%}")
a("words", 34588, by("counted anew", lambda: 34588))
a("shapes", "3x8x8 -> 4x6x6", by("run", lambda: "3x8x8 -> 4x6x6"), {"3x8x8 -> 4x7x7": "a kernel of two"})
SHARE, WORDS, SHAPES = a.claims
DELAY = given(6, "setting")


def claimed(claim):
    return mark(claim.printed(), CLAIM + claim.id)


EXPECTED = Marked(
    f"delay {DELAY}: {claimed(SHARE)}\n{claimed(WORDS)} words\n{claimed(SHAPES)}\nsaid{given('...', 'sample')}"
)


def cell(text, name="stdout"):
    return new_code_cell("run()", id="c", outputs=[new_output("stream", name=name, text=text)])


def held(text, expected=EXPECTED):
    return hold_against_claims(new_notebook(cells=[cell(text)]), {"c": expected}, [SHARE, WORDS, SHAPES])["c"]


GOOD = "delay 6:    97.1%\n  34,588 words\n3x8x8 -> 4x6x6\nsaid 7 things\nand 8\n"


def test_output_is_kept_with_the_source_of_every_number():
    marked = held(GOOD)
    assert unmarked(marked) == GOOD
    assert read(marked).numbers(0, GOOD)[:3] == [
        ("6", "setting"),
        ("97.1%", "claim:3.share"),
        ("34588", "claim:3.words"),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("97.1%", "96.1%", "fact 3.share .*expected 0.975"),  # outside of the tolerance in which it was trained
        ("97.1%", "nan%", "fact 3.share"),
        ("97.1%", "much", "expected '98.0%', got 'much'"),
        ("34,588", "34,589", "fact 3.words .*expected 34588, got 34589"),
        ("4x6x6", "4x7x7", "fact 3.shapes"),
        ("delay 6", "delay 7", "its template expects"),
        ("words", "letters", "its template expects"),
        ("delay 6", "5 delay 6", "its template expects"),
    ],
)
def test_what_is_not_so_is_refused_with_its_cell(right, wrong, message):
    assert right in GOOD
    with pytest.raises(WriteupError, match=f"(?s)the notebook, cell 1 prints.*{message}"):
        held(GOOD.replace(right, wrong))


def test_a_cell_that_prints_without_an_output_block_is_refused():
    with pytest.raises(WriteupError, match="cell 1 prints '7'; its template has no output block"):
        hold_against_claims(new_notebook(cells=[cell("7\n")]), {}, [])


def test_a_warning_is_refused():
    with pytest.raises(WriteupError, match="cell c warns: deprecated"):
        hold_against_claims(new_notebook(cells=[cell("deprecated", "stderr")]), {}, [])


def test_an_output_block_types_no_number():
    with pytest.raises(WriteupError, match="its output block types 6"):
        held("delay 6", Marked("delay 6"))


def test_a_value_is_given_for_a_known_reason_only():
    with pytest.raises(WriteupError, match="gives 6 as 'because'; legal are question"):
        given(6, "because")


def picture(**metadata):
    shown = new_output("display_data", {"image/png": "", "text/plain": "<Figure with 3 Axes>"}, metadata=metadata)
    return new_notebook(cells=[new_code_cell("plot()", id="c", outputs=[shown])])


def test_a_picture_s_representation_is_not_read():
    assert hold_against_claims(picture(**{"image/png": {"alt": "a line that falls"}}), {}, []) == {}


def test_a_picture_without_words_is_refused():
    with pytest.raises(WriteupError, match="cell 1 shows a picture without alternative text"):
        hold_against_claims(picture(), {}, [])


@pytest.mark.parametrize("printed", ["0e+00", "3.6e-15", "1e-12"])
def test_rounding_may_leave_what_it_is_allowed(printed):
    assert held(f"off by {printed}\n", Marked(f"off by {given('1e-12', 'rounding')}")) == f"off by {printed}\n"


@pytest.mark.parametrize(("printed", "message"), [("2e-12", "at most 1e-12 may stand"), ("nan", "template expects")])
def test_more_than_rounding_is_refused(printed, message):
    with pytest.raises(WriteupError, match=f"(?s){message}"):
        held(f"off by {printed}\n", Marked(f"off by {given('1e-12', 'rounding')}"))


def test_passages_have_numbers_and_sources_in_order():
    (row,) = passages({"c": held(GOOD)}, "x_code.ipynb")
    assert (row.name, row.file) == ("c", "x_code.ipynb")
    assert row.numbers.split()[:3] == ["6", "97.1%", "34588"]
    assert row.sources.split()[-2:] == ["sample", "sample"]
    assert len(row.numbers.split()) == len(row.sources.split()) == 11


def test_ledger_says_where_and_how_a_claim_was_printed():
    row = claim_row("3.share", 0.98, "98.0%")
    note_printed(Ledger(claims=[row], records=[], environment={}), {"c": held(GOOD)}, ["_code.ipynb"])
    assert [(place.file, place.text) for place in row.printed] == [("_code.ipynb", "97.1%")]
