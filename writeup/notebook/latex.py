"""An executed notebook as LaTeX, with the template `layouts/notebook.tex.j2`: cell by cell, nothing of it refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbformat import NotebookNode, from_dict

from writeup.notebook.markdown import Converted, Converter, Text
from writeup.notebook.pictures import NoPicture, Pictures, decoded
from writeup.text.characters import Characters, without_ansi
from writeup.text.escape import markdown_escape
from writeup.text.listing import code_lines, output_lines

PICTURES = ("application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml")
MATHEMATICAL_OUTPUT = re.compile(r"\s*(\$|\\begin\{(equation|align|gather|multline)\*?\})")
BARE = re.compile(r"<[\w.]+ (object|at 0x|size )[^>]*>|<[\w.]+\.[\w.]+>")  # what Python says of an object without words
RAW = {"text/markdown": "markdown", "text/latex": "latex", "application/x-latex": "latex", "latex": "latex",
       "text/html": "html", "text/restructuredtext": "rst", "text/x-rst": "rst"}  # fmt: skip
FIRST, LAST, CHARACTERS = 200, 40, 2000  # lines kept of a long output, at its two ends; characters of a line
OUTPUTS = 60  # of a cell
CODE = 3000  # lines of a cell
PLAINER = ("as it is", "in smaller type", "as it is written", "left out")  # how far a cell must give in to fit

LAYOUTS = Path(__file__).with_name("layouts")


@dataclass(frozen=True)
class Exported:
    """The TeX document, the pictures that it includes by name, and what is shown otherwise, by cell.

    `starts` has the line on which each cell begins and `formulas` every formula as TeX, for finding what does not fit.
    """

    tex: str
    pictures: Mapping[str, bytes]
    notes: Sequence[tuple[int, str]]
    starts: Sequence[int]
    formulas: Sequence[str]


def export_latex(
    notebook: NotebookNode,
    identity_title: str,
    plainer: Mapping[int, tuple[int, str]] | None = None,
    bad: frozenset[str] = frozenset(),
) -> Exported:
    """The notebook as one TeX document with a title, highlighted code and its outputs.

    `plainer` says of cells, by their number from 1, how far they must give in (`PLAINER`) and why; `bad` are formulas
    that TeX refuses.
    """
    notebook = from_dict(notebook)
    title = _take_title(notebook.cells, identity_title)
    page = _Page(notebook, plainer or {}, bad)
    cells = list(page.cells())
    environment = Environment(
        loader=FileSystemLoader(LAYOUTS),
        undefined=StrictUndefined,
        block_start_string="((*",
        block_end_string="*))",
        variable_start_string="(((",
        variable_end_string=")))",
        comment_start_string="((=",
        comment_end_string="=))",
        autoescape=False,
    )
    plain = page.characters.text
    head, foot = (
        environment.get_template("notebook.tex.j2")
        .render(title=plain(title), identity=plain(identity_title), replaced=page.characters.note())
        .split("%% the cells\n")
    )
    starts, line = [], head.count("\n") + 1
    for cell in cells:
        starts.append(line)
        line += cell.count("\n") + 1
    tex = head + "".join(cell + "\n" for cell in cells) + foot
    return Exported(tex, page.pictures.files, page.notes, starts, page.converter.formulas)


def _take_title(cells: list[NotebookNode], identity: str) -> str:
    """The first heading of the first cell, which is taken out there, with the name below it: the PDF has its own."""
    found = re.match(r"# (.+)\n*", cells[0].source) if cells and cells[0].cell_type == "markdown" else None
    if not found:
        return "Notebook"
    cells[0].source = cells[0].source[found.end() :].removeprefix(markdown_escape(identity))
    return found[1].strip()


def _highest_heading(texts: list[str]) -> int:
    """The level of the highest heading, 1 to 6; 1 where there is none."""
    without_code = [re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE) for text in texts]
    return min(
        (len(marks) for text in without_code for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)), default=1
    )


@dataclass
class _Page:
    """One notebook on its way to TeX."""

    notebook: NotebookNode
    plainer: Mapping[int, tuple[int, str]]
    bad: frozenset[str]
    pictures: Pictures = field(default_factory=Pictures)
    characters: Characters = field(default_factory=Characters)
    notes: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.converter = Converter(self.pictures, self.characters, self.bad)
        self.language = self.notebook.metadata.get("language_info", {}).get("name", "python")

    def cells(self) -> Iterator[str]:
        """The TeX of each cell."""
        texts = dict(self._texts())
        markdown = [text.text for text in texts.values() if text.format == "markdown"]
        converted = self.converter.convert(list(texts.values()), 1 - _highest_heading(markdown))
        by_place = dict(zip(texts, converted, strict=True))
        for number, cell in enumerate(self.notebook.cells, start=1):
            level, reason = self.plainer.get(number, (0, ""))
            if level:
                self.notes.append((number, f"{PLAINER[level]}: {reason}"))
            yield self._cell(number, cell, by_place, level)

    def _cell(self, number: int, cell: NotebookNode, texts: Mapping[tuple[int, int], Converted], level: int) -> str:
        if level == 3:
            return self._remark(f"cell {number} is left out here; the notebook file holds it")
        if cell.cell_type != "code":
            if level == 2 or (number, -1) not in texts:
                return f"\\begin{{codeblock}}{{}}\n{self._output(number, cell.source)}\n\\end{{codeblock}}"
            tex = self._noted(number, texts[number, -1])
        else:
            tex = self._code(number, cell, texts, level)
        return f"{{\\smaller\n{tex}\n\\par}}" if level == 1 else f"{tex}\n\\par"

    def _code(self, number: int, cell: NotebookNode, texts: Mapping[tuple[int, int], Converted], level: int) -> str:
        parts = []
        outputs = cell.get("outputs", [])
        for place, output in enumerate(outputs[:OUTPUTS]):
            if (number, place) in texts and level < 2:
                converted = texts[number, place]
                shown = self._noted(number, converted) or self._not_shown(number, output)
                parts.append(f"\\begin{{shownblock}}\n{shown}\n\\end{{shownblock}}")
            else:
                parts.append(self._shown(number, output, level))
        if len(outputs) > OUTPUTS:
            parts.append(self._remark(self._note(number, f"{len(outputs) - OUTPUTS:,} of its outputs are left out")))
        parts = [part for part in parts if part]
        source = self._shortened(number, cell.source, CODE, 0)
        if source.strip():
            code = code_lines(source, self.language, self.characters)
            glue = r"\nobreak" if parts and parts[0].startswith((r"\begin{outputblock}", r"\drawn")) else ""
            count = cell.get("execution_count") or ""
            block = f"\\begin{{codeblock}}{{{count}}}\\renewcommand{{\\ground}}{{codeground}}\n{code}{glue}"
            parts.insert(0, f"{block}\n\\end{{codeblock}}")
        return "\n".join(parts)

    def _texts(self) -> Iterator[tuple[tuple[int, int], Text]]:
        """What pandoc reads, by cell and output; -1 is the cell itself."""
        for number, cell in enumerate(self.notebook.cells, start=1):
            if cell.cell_type == "markdown":
                yield (number, -1), Text("markdown", cell.source, cell.get("attachments") or {})
            elif cell.cell_type == "raw":
                named = cell.metadata.get("format") or cell.metadata.get("raw_mimetype") or ""
                if named in RAW:
                    yield (number, -1), Text(RAW[named], cell.source, cell.get("attachments") or {})
            for place, output in enumerate(cell.get("outputs", [])[:OUTPUTS]):
                data = output.get("data", {})
                if any(kind in data for kind in PICTURES):
                    continue
                if MATHEMATICAL_OUTPUT.match(data.get("text/latex", "")):
                    yield (number, place), Text("markdown", data["text/latex"])
                elif "text/markdown" in data:
                    yield (number, place), Text("markdown", data["text/markdown"])
                elif "text/html" in data and (
                    "<table" in data["text/html"] or BARE.fullmatch(data.get("text/plain", "<a.b>").strip())
                ):
                    yield (number, place), Text("html", data["text/html"])

    def _shown(self, number: int, output: NotebookNode, level: int) -> str:
        if output.output_type == "stream":
            return self._block(number, output.text)
        if output.output_type == "error":
            said = "\n".join(output.get("traceback") or []) or f"{output.get('ename')}: {output.get('evalue')}"
            return self._block(number, said)
        data = output.get("data", {})
        reasons = []
        for kind in PICTURES if level < 2 else ():
            if kind in data:
                try:
                    svg = kind == "image/svg+xml"
                    name = self.pictures.add("".join(data[kind]).encode() if svg else decoded(data[kind]))
                    return rf"\drawn{{{name}}}"
                except NoPicture as error:
                    reasons.append(str(error))
        if reasons:
            self._note(number, f"a picture is not shown: {reasons[0]}")
        plain = data.get("text/plain", "")
        if plain and not (reasons and BARE.fullmatch(plain.strip())):
            return self._block(number, plain)
        return self._not_shown(number, output, reasons[0] if reasons else "")

    def _not_shown(self, number: int, output: NotebookNode, reason: str = "") -> str:
        kinds = ", ".join(sorted(output.get("data", {}))) or "none"
        if not reason:
            self._note(number, f"an output of type {kinds} is not shown")
        return self._block(number, f"[output of type {kinds}: not shown in print{f': {reason}' * bool(reason)}]")

    def _block(self, number: int, text: str) -> str:
        lines = self._output(number, text)
        return f"\\begin{{outputblock}}\n{lines}\n\\end{{outputblock}}" if lines.strip() else ""

    def _output(self, number: int, text: str) -> str:
        return output_lines(self._shortened(number, without_ansi(text), FIRST, LAST), self.characters)

    def _shortened(self, number: int, text: str, first: int, last: int) -> str:
        """The beginning and the end of a long text, with a line that says how much lies between."""
        lines = text.split("\n")
        if len(lines) > first + last + 10:
            left = len(lines) - first - last - (lines[-1] == "")
            said = self._note(number, f"{left:,} lines are left out")
            lines = [*lines[:first], f"[{said}; the notebook file has them]", *lines[len(lines) - last :][: last or 0]]
        for place, line in enumerate(lines):
            if len(line) > CHARACTERS + 100:
                said = self._note(number, f"{len(line) - CHARACTERS:,} characters of a line are left out")
                lines[place] = f"{line[:CHARACTERS]} [{said}; the notebook file has them]"
        return "\n".join(lines)

    def _noted(self, number: int, converted: Converted) -> str:
        for note in converted.notes:
            self._note(number, note)
        return converted.tex

    def _note(self, number: int, said: str) -> str:
        if (number, said) not in self.notes:
            self.notes.append((number, said))
        return said

    def _remark(self, words: str) -> str:
        return rf"\par{{\small\emph{{[{self.characters.text(words)}]}}\par}}"
