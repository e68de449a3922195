"""Rendering prints the ledger's values, in both formats alike, and notes where."""

import pytest

from tests.writeup.rows import claim_row
from writeup.assignment import Assignment
from writeup.claims import Ref, Table
from writeup.errors import WriteupError
from writeup.naming import Naming
from writeup.pages.identity import Author, Identity
from writeup.pages.render import render, to_tex
from writeup.trust.ledger import ControlRow, Ledger
from writeup.trust.question import Verified
from writeup.trust.verify import Verification

ENVIRONMENT = {"python": "3", "torch": "2", "system": "any", "processor": "any", "cores": "2"}


def row(name, value, shown=None, **more):
    control = ControlRow(value=0, printed="0", why="nothing counted", rejected=True)
    return claim_row(f"Q1.{name}", value, shown, text=f"the {name}", controls=[control], **more)


class Drawing:
    def tikz(self):
        return r"\begin{tikzpicture}\draw (0,0) -- (1,1);\end{tikzpicture}"

    def svg(self):
        return "<svg/>"


@pytest.fixture
def documents(tmp_path):
    """A function that renders one template with the given ledger rows, tables and figures."""

    def make(template, rows=(), tables=None, figures=None, references="", first="Ada"):
        folder = tmp_path / "templates"
        (folder / "answers").mkdir(parents=True, exist_ok=True)
        (folder / "answers" / "Q1.md.j2").write_text(template, encoding="utf-8")
        (folder / "references.toml").write_text(references)
        assignment = Assignment.model_validate(
            {
                "title": "T & U",
                "subtitle": "S",
                "suffix": "X",
                "points": 1,
                "section": [{"id": "Q", "title": "Questions"}],
                "question": [{"id": "Q1", "module": "m", "title": "First", "points": 1, "ask": "Why?"}],
            }
        )
        ledger = Ledger(claims=list(rows), records=[], environment=ENVIRONMENT)
        answered = Verified("Q1", rows=list(rows), tables=tables or {}, figures=figures or {})
        verification = Verification(assignment, {"Q1": answered}, ledger, [])
        identity = Identity((Author(first, "Lovelace", "al123"), Author("Zoë", "Söhne", "zob7")), Naming("X"))
        return render(tmp_path, verification, identity, "Ada"), ledger

    return make


def test_a_claim_prints_by_its_form_in_both_formats(documents):
    made, _ = documents("It is << n >>.", [row("n", 5050, "5,050")])
    assert "It is 5,050." in made.files[".md"]
    assert "It is 5,050." in made.files[".tex"]


def test_the_ledger_notes_where_a_claim_is_printed(documents):
    _, ledger = documents("It is << n >>.", [row("n", 5050, "5,050")])
    assert [(printed.file, printed.text) for printed in ledger.claims[0].printed] == [("md", "5,050"), ("tex", "5,050")]


def test_a_claim_of_another_question_that_no_answer_makes_is_refused(documents):
    with pytest.raises(WriteupError, match=r"prints claim 'Q2\.n', which no answer makes"):
        documents('<< v("Q2.n") >>')


@pytest.mark.parametrize("text", ["<< kernl >>", '<< v("Q1.kernl") >>'])
def test_the_nearest_name_is_told(documents, text):
    with pytest.raises(WriteupError, match=r"answers/Q1.md.j2:1: .*did you mean (Q1\.)?kernel\?"):
        documents(text, [row("kernel", 5, "5")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<< kernel >>", "uses a name that is not there: 'kernel' is undefined"),
        ("<< n.cii >>", "uses a name that is not there: a fact has no .cii; it has .bare, .plain, .ci, .ends, .tex"),
        ("<< 1 / 0 >>", "ZeroDivisionError: division by zero"),
        ('<% call say("s") %>x<% endcall %>', "says Q1.s, which no answer states"),
        ('<% call figure("rase") %>x<% endcall %>', r"asks for figure 'rase', .*figures=...\); did you mean race\?"),
        ('<% call table("t") %>x<% endcall %>', r"asks for table 't', .*tables=...\); it has none"),
        ("[@nobody]", "cites 'nobody', which templates/references.toml lacks"),
    ],
)
def test_what_is_not_there_is_refused_with_file_and_line(documents, text, said):
    with pytest.raises(WriteupError, match=rf"templates/answers/Q1\.md\.j2:3: {said}"):
        documents(f"One line.\n\n{text}", [row("n", 7)], figures={"race": Drawing()})


def test_a_template_that_does_not_parse_names_its_line(documents):
    with pytest.raises(WriteupError, match=r"answers/Q1.md.j2:2: .*<< name >> prints a fact"):
        documents("One line.\n<% if %>")


def test_a_thousands_comma_is_braced_inside_mathematics_only(documents):
    made, _ = documents("$n = << n >>$ and << n >> and `f(1,000)`", [row("n", 5050, "5,050")])
    assert "$n = 5{,}050$ and 5,050 and `f(1,000)`" in made.files[".md"]


def test_a_percentage_inside_mathematics_is_refused(documents):
    with pytest.raises(WriteupError, match="percentage"):
        documents("$<< n >>$", [row("n", 0.5, "50%")])


def test_words_inside_mathematics_are_refused_where_markdown_s_escape_is_a_command_of_tex(documents):
    told = r"Q1.md.j2: prints Q1.f inside mathematics as the words '\\\\-3x'; as TeX it is << f.tex >>"
    with pytest.raises(WriteupError, match=told):
        documents("$\\frac{p}{n} << f >>$", [row("f", "-3x")])


def test_a_formula_inside_mathematics_stands_as_it_is(documents):
    made, _ = documents("$\\frac{p}{n} << f.tex >>$ and << f >>", [row("f", "-3x")])
    assert r"\(\frac{p}{n} -3x\) and -3x" in made.files[".tex"]


def test_a_value_with_a_sign_stands_apart_from_the_operand_before_it(documents):
    made, _ = documents("$x_2<< n >> + (<< n >>)$", [row("n", -3)])
    assert "$x_2 −3 + (−3)$" in made.files[".md"]


def test_program_text_prints_as_code_and_breaks_in_tex_behind_a_bracket_only(documents):
    made, _ = documents("<< c >>", [row("c", "nn.Conv2d(3, 4, kernel_size=3)", code=True)])
    assert "`nn.Conv2d(3, 4, kernel_size=3)`" in made.files[".md"]
    assert r"\texttt{nn.Conv2d(\allowbreak{}3,\ 4,\ kernel\_size=3)}" in made.files[".tex"]


def test_a_negative_number_gets_a_true_minus(documents):
    made, _ = documents("<< n >>", [row("n", -0.5, "-0.50")])
    assert "−0.50" in made.files[".md"]


def test_a_display_formula_survives_github(documents):
    made, _ = documents("<% call math() %>\na \\\\ b\n<% endcall %>")
    assert "```math\na \\\\ b\n```" in made.files[".md"]
    assert "\\[\na \\\\ b\n\\]" in made.files[".tex"]


def test_a_table_prints_claims_under_its_caption(documents):
    table = Table(["Name", "Value"], [["first", Ref("n")], "a heading"], "lr")
    made, _ = documents(
        '<% call table("t") %>What it shows.<% endcall %>', [row("n", 7, unit="steps")], tables={"t": table}
    )
    assert "| first | 7 steps |\n| **a heading** |  |\n\n**Table\u00a01. What it shows.**\n" in made.files[".md"]
    assert "first & 7 steps" in made.files[".tex"]


def test_a_cell_prints_an_intervals_ends_where_it_asks_for_them(documents):
    gain = row("gain", 2.0, "2.0", unit="points", shown_ends=["-1.0", "3.0"])
    table = Table(["Name", "Gain"], [["first", Ref("gain", ends=True)]], "lr")
    made, _ = documents('<% call table("t") %>What it shows.<% endcall %>', [gain], tables={"t": table})
    assert "| first | 2.0 points (−1.0 to 3.0) |" in made.files[".md"]


def test_a_figure_is_tikz_in_tex_and_a_file_beside_the_markdown(documents):
    made, _ = documents('<% call figure("f") %>What it shows.<% endcall %>', figures={"f": Drawing()})
    assert made.files["_figures/Q1-f.svg"] == "<svg/>"
    assert '<img src="Ada_figures/Q1-f.svg" width="720" alt="What it shows.">' in made.files[".md"]
    assert r"\draw (0,0) -- (1,1);" in made.files[".tex"]


def test_a_citation_links_to_its_reference(documents):
    references = '[gauss1801]\nshort = "Gauss, 1801"\ntext = "C. F. Gauss. Disquisitiones."\nurl = ""\n'
    made, _ = documents("As known [@gauss1801].", references=references)
    assert "([Gauss, 1801](#ref-gauss1801))" in made.files[".md"]
    assert "C. F. Gauss. Disquisitiones." in made.files[".tex"]


def test_special_characters_of_the_title_reach_tex_escaped(documents):
    made, _ = documents("Text.")
    assert r"T \& U" in made.files[".tex"]


def test_blocks_are_numbered_in_the_order_in_which_they_appear(documents):
    """Not in that in which the answer makes them, and a reference may come first."""
    template = (
        'See << ref("figure", "early") >>.\n\n'
        '<% call figure("late") %>One. Two.<% endcall %>\n\n<% call figure("early") %>Three.<% endcall %>'
    )
    made, _ = documents(template, figures={"early": Drawing(), "late": Drawing()})
    assert "See Figure\u00a02." in made.files[".md"]
    assert "**Figure\u00a01. One.** Two.\n" in made.files[".md"]
    assert "See Figure~2." in made.files[".tex"]


def test_a_reference_to_a_figure_that_is_not_shown_is_refused(documents):
    with pytest.raises(WriteupError, match="Q1: refers to figure Q1-f, which no template shows"):
        documents('<< ref("figure", "f") >>', figures={"f": Drawing()})


def test_a_figure_that_is_shown_twice_is_refused(documents):
    with pytest.raises(WriteupError, match="shows figure 'f' a second time"):
        documents(
            '<% call figure("f") %>a<% endcall %>\n\n<% call figure("f") %>b<% endcall %>', figures={"f": Drawing()}
        )


def test_references_are_sorted_by_the_last_name_of_their_first_author(documents):
    references = "".join(
        f'[{key}]\nshort = "{key}"\ntext = "{text}"\nurl = ""\n'
        for key, text in [("b", "A. Zermelo. Sets."), ("a", "Z. Abel, A. Zorn. Groups."), ("c", "PyTorch. Docs.")]
    )
    made, _ = documents("[@b; @c; @a]", references=references)
    text = made.files[".md"].partition("## References")[2]
    assert text.index("Abel") < text.index("PyTorch") < text.index("Zermelo")


def test_the_document_names_the_evidence_and_counts_once_at_its_end(documents):
    made, _ = documents("Text.", [row("n", 7)])
    markdown = made.files[".md"]
    assert "`Ada_evidence.html`" in markdown.partition("## Q Questions")[0]
    assert "[evidence Q1](Ada_evidence.html#answer-Q1)" in markdown
    assert markdown.index("1 fact, 1 wrong value refused") > markdown.index("## Appendix")


def test_the_names_that_a_font_lacks_are_told(documents):
    made, _ = documents("Text.", first="Ελένη")
    told = "Printed in transliteration, since the fonts of this document lack the script: Eleni Lovelace."
    assert told in " ".join(made.files[".tex"].split())
    assert "transliteration" not in made.files[".md"]


def test_lists_need_no_blank_line_before_them():
    assert r"\begin{itemize}" in to_tex("Text:\n- one\n- two\n")
