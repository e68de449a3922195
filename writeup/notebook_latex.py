"""An executed notebook as LaTeX, through nbconvert with the template `templates/notebook/index.tex.j2`.

The embedded TeX has neither listings nor fancyvrb, so program text is laid out here: highlighted by Pygments, cut into
lines that fit the page, each line one TeX box. A character for which the fonts have no glyph is shown by its symbol of
mathematics where it has one, else by its nearest ASCII; the document's last page lists every such replacement.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypandoc
from anyascii import anyascii
from nbconvert.exporters import LatexExporter
from nbformat import NotebookNode, from_dict
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound
from traitlets.config import Config

from writeup.escape import T1_CHARACTERS, tex_escape

COLUMNS = 120  # characters of lmtt at the template's 7.5 pt that fit the line of its page
STYLES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "codecomment"),
    (String, "codestring"),
    (Number, "codenumber"),
    (Keyword, "codekeyword"),
    (Operator.Word, "codekeyword"),
    (Name.Function, "codename"),
    (Name.Class, "codename"),
    (Name.Decorator, "codename"),
    (Name.Builtin, "codebuiltin"),
    (Comment.Preproc, "codename"),
)
SYMBOLS = {
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "±": r"\pm", "×": r"\times",
    "·": r"\cdot", "÷": r"\div", "−": "-", "∞": r"\infty", "→": r"\to", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto", "↑": r"\uparrow",
    "↓": r"\downarrow", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int",
    "√": r"\surd", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap",
    "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "∀": r"\forall", "∃": r"\exists", "⊙": r"\odot", "⊕": r"\oplus",
    "⊗": r"\otimes", "∘": r"\circ", "°": r"{}^\circ", "²": "^2", "³": "^3", "¹": "^1", "µ": r"\mu",
    "…": r"\ldots", "•": r"\bullet", "′": "'", "ℓ": r"\ell", "∝": r"\propto", "∼": r"\sim", "⟨": r"\langle",
    "⟩": r"\rangle",
}  # fmt: skip
GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
)
GREEK_CAPITALS = "gamma delta theta lamda xi pi sigma upsilon phi psi omega"
KEPT_PICTURES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
MATHEMATICAL_OUTPUT = re.compile(r"\s*(\$|\\begin\{(equation|align|gather|multline)\*?\})")


@dataclass(frozen=True)
class Exported:
    """The TeX document, and the picture files that it includes by name."""

    tex: str
    attachments: Mapping[str, bytes]


@dataclass
class Characters:
    """What the fonts can show, and a note of what was shown otherwise."""

    replaced: dict[str, str] = field(default_factory=dict)

    def fixed(self, character: str) -> list[str]:
        """One character of program text as TeX, one item a column."""
        if character in T1_CHARACTERS:
            return [{"-": "-{}", "'": r"\textquotesingle{}", " ": "~"}.get(character) or tex_escape(character)]
        if symbol := _symbol(character):
            return [rf"\codesymbol{{{symbol}}}"]
        return [tex_escape(c) if c != " " else "~" for c in self._nearest(character)]

    def flowing(self, tex: str) -> str:
        """TeX source with every character that the fonts lack replaced, in text and in mathematics alike."""
        normal = unicodedata.normalize("NFC", tex)
        return "".join(c if c == "\n" or c in T1_CHARACTERS else self._in_text(c) for c in normal)

    def text(self, plain: str) -> str:
        """Plain text as TeX that prints it."""
        return "".join(tex_escape(c) if c in T1_CHARACTERS else self._in_text(c) for c in " ".join(plain.split()))

    def _in_text(self, character: str) -> str:
        if symbol := _symbol(character):
            return rf"\ensuremath{{{symbol}}}"
        return "~" if character == "\u00a0" else tex_escape(self._nearest(character))

    def _nearest(self, character: str) -> str:
        if unicodedata.category(character) in ("Mn", "Cf", "Cc"):  # combining or invisible: nothing to see is lost
            return ""
        nearest = "".join(c for c in anyascii(character) if c in T1_CHARACTERS) or "?"
        if unicodedata.category(character) != "Zs":
            self.replaced[character] = nearest
        return nearest

    def note(self) -> str:
        """The replacements as TeX, by the Unicode names of the characters; empty where there were none."""
        return "; ".join(
            f"U+{ord(character):04X} {tex_escape(unicodedata.name(character, 'unnamed').lower())}: "
            rf"\texttt{{{tex_escape(nearest)}}}"
            for character, nearest in sorted(self.replaced.items())
        )


def _symbol(character: str) -> str:
    if character in SYMBOLS:
        return SYMBOLS[character]
    case, _, letter = unicodedata.name(character, "").removeprefix("GREEK ").partition(" LETTER ")
    name = letter.lower()
    if case == "SMALL" and name in GREEK.split():
        return "\\" + name.replace("lamda", "lambda")
    if case == "CAPITAL" and name in GREEK_CAPITALS.split():
        return "\\" + name.replace("lamda", "lambda").capitalize()
    return ""


def without_ansi(text: str) -> str:
    """The text without terminal colours, and as a terminal shows carriage returns: the last overwrites."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07", "", text)
    return re.sub(r"[^\n]*\r(?!\n)", "", plain)


def code_lines(source: str, language: str, characters: Characters) -> str:
    """Program text as TeX, highlighted, a box a line."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("python", stripnl=False)
    return _boxes(lexer.get_tokens(source), characters)


def output_lines(text: str, characters: Characters) -> str:
    """What a cell printed as TeX, a box a line."""
    return _boxes([(_TokenType(), without_ansi(text))], characters)


def _boxes(tokens: Iterator[tuple[_TokenType, str]] | list[tuple[_TokenType, str]], characters: Characters) -> str:
    lines: list[list[tuple[str, str, bool]]] = [[]]  # a line is its columns: style, TeX, may a line end here
    for kind, text in tokens:
        style = next((name for token, name in reversed(STYLES) if kind in token), "")
        for character in unicodedata.normalize("NFC", text):
            if character == "\n":
                lines.append([])
            elif character == "\t":
                lines[-1] += [("", "~", True)] * (8 - len(lines[-1]) % 8)
            else:
                lines[-1] += [(style, tex, character in " ,/([") for tex in characters.fixed(character)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(_box(piece, continues) for line in lines for piece, continues in _fitting(line))


def _fitting(line: list[tuple[str, str, bool]]) -> Iterator[tuple[list[tuple[str, str, bool]], bool]]:
    """The line cut into pieces that fit the page, after a space or a comma where one is near; False for the first."""
    width, continues = COLUMNS, False
    while len(line) > width:
        ends = [column + 1 for column in range(width // 2, width) if line[column][2]]
        cut = ends[-1] if ends else width
        yield line[:cut], continues
        line, width, continues = line[cut:], COLUMNS - 2, True
    yield line, continues


def _box(columns: list[tuple[str, str, bool]], continues: bool) -> str:
    runs: list[tuple[str, str]] = []
    for style, tex, _ in columns:
        if runs and runs[-1][0] == style:
            runs[-1] = (style, runs[-1][1] + tex)
        else:
            runs.append((style, tex))
    body = "".join(rf"\{style}{{{tex}}}" if style else tex for style, tex in runs)
    return rf"\codeline{{\codecontinues {body}}}" if continues else rf"\codeline{{{body}}}"


def markdown_to_tex(texts: list[str], shift: int, pictures: set[str], characters: Characters, lua: Path) -> list[str]:
    """Markdown texts as LaTeX, all in one run of pandoc, since starting it costs more than its work.

    Headings move by `shift` levels. Where unclosed markup of one text swallows the next, each is converted by itself.
    """
    separator = "WRITEUPNEXTCELL"
    converted = _pandoc(f"\n\n{separator}\n\n".join(texts), shift, pictures, lua).split(separator)
    if len(converted) != len(texts):
        converted = [_pandoc(text, shift, pictures, lua) for text in texts]
    verbatim = re.compile(r"\\begin\{verbatim\}\n(.*?)\n\\end\{verbatim\}", re.DOTALL)

    def pieces(tex: str) -> Iterator[str]:
        for number, piece in enumerate(verbatim.split(tex)):
            if number % 2:
                yield "\\begin{codeblock}{}\n" + output_lines(piece, characters) + "\n\\end{codeblock}"
            else:
                yield characters.flowing(piece)

    return ["".join(pieces(tex)).strip() for tex in converted]


def _pandoc(markdown: str, shift: int, pictures: set[str], lua: Path) -> str:
    tex: str = pypandoc.convert_text(
        markdown,
        "latex",
        format="markdown-implicit_figures-auto_identifiers-citations-example_lists-fancy_lists"
        "+lists_without_preceding_blankline-blank_before_header+tex_math_double_backslash+autolink_bare_uris",
        extra_args=[
            "--wrap=none",
            "--syntax-highlighting=none",
            f"--shift-heading-level-by={shift}",
            f"--lua-filter={lua}",
            f"--metadata=pictures={' '.join(sorted(pictures))}",
        ],
    )
    # a long program word may break after a dot, an underscore, a bracket
    return re.sub(
        r"\\texttt\{((?:[^{}]|\{[^{}]*\})*)\}",
        lambda match: r"\texttt{" + re.sub(r"(\\_|[.(=/])(?=[^}\s])", r"\1\\allowbreak{}", match[1]) + "}",
        tex,
    )


def _printable(output: NotebookNode) -> NotebookNode:
    """A display output with the one representation that the PDF shows."""
    if "data" not in output:
        return output
    data = output.data
    chosen = next((kind for kind in KEPT_PICTURES if kind in data), "text/plain")
    if chosen == "text/plain" and MATHEMATICAL_OUTPUT.match(data.get("text/latex", "")):
        chosen = "text/latex"
    elif chosen == "text/plain" and "text/markdown" in data:
        chosen = "text/markdown"
    shown = data.get(chosen, f"[output of type {', '.join(sorted(data))}: not shown in print]")
    output.data = NotebookNode({chosen: shown})
    return output


def _take_title(cells: list[NotebookNode]) -> str:
    """The first heading of the first cell, which is taken out there."""
    found = re.match(r"# (.+)\n?", cells[0].source) if cells and cells[0].cell_type == "markdown" else None
    if not found:
        return "Notebook"
    cells[0].source = cells[0].source[found.end() :]
    return found[1].strip()


def _highest_heading(texts: list[str]) -> int:
    """The level of the highest heading, 1 to 6; 1 where there is none."""
    without_code = [re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE) for text in texts]
    return min(
        (len(marks) for text in without_code for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)), default=1
    )


def export_latex(notebook: NotebookNode, identity_title: str, templates: Path) -> Exported:
    """The notebook as one TeX document with a title, a contents page, highlighted code and its outputs."""
    notebook = from_dict(notebook)
    characters = Characters()
    title = _take_title(notebook.cells)

    def convert_markdown(notebook: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        shown = [o.data for c in notebook.cells for o in c.get("outputs", []) if "text/markdown" in o.get("data", {})]
        texts = [cell.source for cell in cells] + [data["text/markdown"] for data in shown]
        shift = 1 - _highest_heading(texts)
        pictures = set(resources.get("outputs", {}))
        tex = markdown_to_tex(texts, shift, pictures, characters, templates / "notebook" / "markdown.lua")
        for cell, converted in zip(cells, tex, strict=False):
            cell.source = converted
        for data, converted in zip(shown, tex[len(cells) :], strict=True):
            data["text/markdown"] = converted
        return notebook, resources

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_printable(output) for output in cell.outputs]
    exporter = LatexExporter(
        template_name="notebook",
        extra_template_basedirs=[str(templates)],
        config=Config(
            {
                "NbConvertBase": {
                    "display_data_priority": [*KEPT_PICTURES, "text/latex", "text/markdown", "text/plain"]
                },
                "ExtractOutputPreprocessor": {"enabled": True, "extract_output_types": set(KEPT_PICTURES)},
                "ExtractAttachmentsPreprocessor": {"enabled": True},
                "SVG2PDFPreprocessor": {"enabled": False},  # needs inkscape
                "LatexPreprocessor": {"enabled": False},  # these two serve nbconvert's own highlighting
                "SphinxPreprocessor": {"enabled": False},
                "HighlightMagicsPreprocessor": {"enabled": False},
            }
        ),
    )
    exporter.register_preprocessor(convert_markdown, enabled=True)
    language = notebook.metadata.get("language_info", {}).get("name", "python")
    exporter.register_filter("code", lambda text: code_lines(text, language, characters))
    exporter.register_filter("output", lambda text: output_lines(text, characters))
    exporter.register_filter("plain", characters.text)
    exporter.register_filter("flowing", characters.flowing)
    exporter.register_filter("replacements", lambda _cells: characters.note())  # what it says is known at the end only
    tex, resources = exporter.from_notebook_node(
        notebook,
        {"unique_key": "figure", "title": title, "identity": identity_title},
    )
    return Exported(tex, dict(resources.get("outputs", {})))
