"""Notebooks with every oddity at once: nothing is lost, and what is shown otherwise is told."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from tests.cells import built_of, words
from tests.writeup.notebook.test_faults import FAULTS
from writeup.notebook import typeset
from writeup.pages import pdf

STOPS = {"exit_in_a_cell", "lone_surrogate"}  # what such a cell means is lost: these are refused
WORDS = {
    "no cell": "---\nAnswer: 0.42\n---",
    "formulas": r"$ \alpha $ $\mathscr{L}$ $\operatorname*{argmax}_x$ $\textcolor{OrangeRed}{r}$",
    "naked": r"\begin{cases} 1 & x > 0 \\ 2 & y \end{cases}",
    "wide formula": r"$$" + "a_{1} + " * 60 + "b$$",
    "broken": r"$\frac{a$", "hostile": r"$x \pdfobj stream file {/etc/passwd}\pdfrefobj$",
    "lists": "~~old~~\n\n- [ ] to do\n- [x] done", "code": "`" + "code" * 60 + "`",
    "link": "<https://example.com/" + "path/" * 40 + ">",
    "fold": "<details><summary>more</summary>\n\n**bold**\n\n</details>",
    "pictures": "![missing](nowhere.png) ![web](https://example.com/a.png)", "signs": "🎉 αβγ 你好 مرحبا ⇒ ≤ ∑",
    "headings": "# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6", "quotes": "> " * 30 + "deep",
    "tex": "\\input{/etc/passwd} \\end{document} 50% & a_b # ~ ^ { }",
}  # fmt: skip
CODE = [
    "print('10%', end='\\r'); print('12\\b3'); print('\\x1b[31mred\\x1b[0m', '█' * 9)",
    "from IPython.display import HTML, IFrame, Latex, Math, SVG, display\n"
    "display(HTML('<table><tr><th>A</th></tr><tr><td>2.5</td></tr></table>'), Math(r'\\frac{1}{2}'))\n"
    "display(Latex(r'\\begin{align} a &= b \\end{align}'), IFrame('https://e.org', 1, 1))\n"
    "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1e6\" height=\"1e6\"/>'))",
    "import matplotlib.pyplot as plt\n"
    "for size in ((30, 2), (2, 30)): plt.figure(figsize=size); plt.plot(range(5)); plt.show()",
    "'a_very_long_name_' * 20  # " + "comment " * 30, "", "%time 1\n!echo shell",
]  # fmt: skip
TELLS = {
    "long_output": "lines are left out", "wide_and_deep": "a table of 14 columns", "broken": "never closed",
    "hostile": "pdfobj is unknown", "pictures": "no such picture file", "code 1": "SVG",
}  # fmt: skip


def everything():
    """By title, the cells of every fault and of what is listed above; each title is a heading in the notebook."""
    made = {
        path.stem: [cell | {"id": f"{path.stem}-{n}"} for n, cell in enumerate(json.loads(path.read_text())["cells"])]
        for path in sorted(FAULTS.glob("*.ipynb"))
        if path.stem not in STOPS
    }
    made |= {title: [new_markdown_cell(words)] for title, words in WORDS.items()}
    made |= {f"code {number}": [new_code_cell(source)] for number, source in enumerate(CODE)}
    made["fails"] = [new_code_cell("plt.plot([1, 2]); 1/0", metadata={"tags": ["raises-exception"]})]
    made["raw"] = [new_raw_cell(r"\textbf{x} \input{/etc/passwd}", metadata={"format": "text/latex"})]
    return made


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The notebook of everything, built: its words, and what is told of it by place."""
    folder = tmp_path_factory.mktemp("everything")
    cells = [cell for title, its in everything().items() for cell in (new_markdown_cell(f"## The part {title}."), *its)]
    metadata = {"kernelspec": {"name": "latest", "display_name": "latest", "language": "python"}}
    (folder / "all.ipynb").write_text(json.dumps(new_notebook(cells=cells, metadata=metadata)))
    built = built_of(folder / "all.ipynb", cache=folder / "kept")
    made = typeset(built.notebook, "A B", pdf.find_engine())
    told = [f"{built.places[cell - 1]}: {what}" for cell, what in made.notes]
    return words(made.pdf), told


def test_every_part_of_a_notebook_with_every_oddity_is_there_in_its_order(shown):
    titles = [f"The part {title}." for title in everything()]
    places = [shown[0].find(title) for title in titles]
    assert (-1 in places, places == sorted(places), "root:" in shown[0]) == (False, True, False)


def test_what_is_shown_otherwise_is_told_with_its_cell(shown):
    titles = list(everything())
    first = {
        title: 2 + sum(1 + len(everything()[before]) for before in titles[: titles.index(title)]) for title in titles
    }
    for title, reason in TELLS.items():
        cells = range(first[title], first[title] + len(everything()[title]))
        assert any(
            line.startswith(f"all.ipynb, cell {cell}:") and reason in line for cell in cells for line in shown[1]
        )


def lines_of(*texts):
    made = typeset(new_notebook(cells=[new_markdown_cell(text) for text in texts]), "A B", pdf.find_engine())
    return pdf.text_of(made.pdf)[0].splitlines()


def test_cells_of_words_are_paragraphs_of_their_own():
    assert {"first words", "second words"} <= set(lines_of("first words", "second words"))


def test_a_formula_far_wider_than_the_line_takes_several_lines():
    assert sum("+b+b+b" in line.replace(" ", "") for line in lines_of("$$a = " + "b + " * 100 + "c$$")) > 2


COLAB = {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
CONDA = {
    "kernelspec": {"name": "conda-env-pDL-py", "display_name": "Python [conda env:pDL] *", "language": "python"},
    "language_info": {"name": "python", "version": "3.8.5"}, "toc": {"toc_cell": True}, "widgets": {"x": {"state": {}}},
}  # fmt: skip


@pytest.mark.parametrize("metadata", [COLAB, CONDA])
def test_metadata_of_colab_and_conda_are_no_hindrance(tmp_path, metadata):
    said = {"id": "x1", "colab": {"height": 1}, "cellView": "form", "ExecuteTime": {}}
    cell = {"cell_type": "code", "metadata": said, "source": ["#@title A\n", "6 * 7"]}
    cell |= {"execution_count": None, "outputs": []}
    book = {"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": [cell]}
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    built = built_of(tmp_path / "n.ipynb", cache=tmp_path)
    assert [output.data["text/plain"] for cell in built.notebook.cells for output in cell.get("outputs", [])] == ["42"]
