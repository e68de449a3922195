"""An executed notebook as LaTeX that the embedded TeX compiles: nothing is lost, nothing crashes."""

from nbformat.v4 import new_markdown_cell, new_notebook, new_output

from tests.cells import ran, words
from writeup.notebook.latex import export_latex
from writeup.pages import pdf
from writeup.text.characters import Characters, without_ansi
from writeup.text.listing import code_lines, output_lines


def tex_of(*cells, title="# Title"):
    return export_latex(new_notebook(cells=[new_markdown_cell(title), *cells]), "Zoë Ångström (za1)")


def text_of(exported):
    """The words of the PDF; `pdf.compile` raises for a missing character, an overfull box or an undefined reference."""
    return words(pdf.compile(exported.tex, engine=pdf.find_engine(), files=exported.pictures))


def test_long_lines_are_cut_and_nothing_of_them_is_lost():
    characters = Characters()
    text = "word_" * 70
    tex = output_lines(text, characters)
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
        new_markdown_cell("| a | b |\n|---|--:|\n| 1 | 2 |\n\n$$\\mathbb{R}^2$$\n\n```\n\\end{document}\n```"),
    ]
    outputs = [new_output("display_data", {"text/html": "<b>x</b>"}), new_output("stream", text="\x1b[31mred\x1b[0m")]
    text = text_of(tex_of(*cells, ran("1", 1, outputs)))
    for part in (r"\input{/etc/passwd}", "picture not shown: gone", r"\end{document}", "1 x", "red"):
        assert part in text


def test_a_link_to_a_heading_keeps_its_words():
    text = text_of(tex_of(new_markdown_cell("## A heading\n\nSee [the heading above](#A-heading) for more.")))
    assert "See the heading above for more." in text


def test_title_and_name_stand_once_on_the_first_page():
    text = text_of(tex_of(new_markdown_cell("## Part one\n\nwords"), title="# A title\n\nZoë Ångström (za1)\n\nmore"))
    assert text.startswith("A title Zoë Ångström (za1) more Part one words")


def breaks(source):
    """For each line of a listing, whether a page may end behind it."""
    return [r"\pagemayend" in line for line in code_lines(source, "python", Characters()).splitlines()]


def test_no_page_turn_cuts_a_function_that_fits_one():
    body = "\n".join(f"    x = {n}\n" for n in range(15))
    first, second = f"def f():\n{body}", f"def g():\n{body}"
    cut = breaks(f"{first}\n\n{second}")
    assert [n for n, may in enumerate(cut) if may] == [len(first.splitlines()) + 1]


def test_a_function_longer_than_a_page_may_be_cut():
    assert any(breaks("def f():\n" + "\n".join(f"    x = {n}" for n in range(90))))


def test_carriage_returns_overwrite():
    assert without_ansi("10%\r100%\ndone\r\n") == "100%\ndone\n"
