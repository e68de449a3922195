"""Templates and ledger in, documents out. The words are written once, in Markdown with TeX mathematics:

    templates/answers/<question>.md.j2  --+-- format "md"  -->  the .md
                                          +-- format "tex" -->  pandoc --> layouts/document.tex.j2 --> the .tex

Every value enters the text as a `PrintedFact`, which is marked with its claim (`marks.py`); the ledger then says where
and how each was printed, and where each number of the documents comes from.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import jinja2
from jinja2.ext import Extension

from writeup.claims import Ref
from writeup.errors import WriteupError, near
from writeup.figures.picture import row_of
from writeup.pages.blocks import (
    CITATION,
    Kind,
    Numbering,
    caption,
    framed,
    picture,
    pipe_table,
    question_label,
    raw,
    sorting_key,
    spanning_heads,
)
from writeup.pages.colophon import kept_records, levels_of
from writeup.pages.identity import Identity
from writeup.pages.mathematics import mend_mathematics, refuse_words
from writeup.pages.printed import PrintedFact, printed
from writeup.pages.tex import to_tex
from writeup.readback import passages_of
from writeup.text.escape import markdown_escape, tex_escape
from writeup.text.files import read_toml
from writeup.text.marks import Marked, Sourced, mark, read, unmarked
from writeup.trust.ledger import ClaimRow, FigureRow, Ledger, PrintedRow, ReadBackRow
from writeup.trust.verify import Verification

Format = Literal["md", "tex"]
LAYOUTS = Path(__file__).with_name("layouts")


@dataclass(frozen=True)
class Documents:
    """`files` maps what follows the file stem (".md", "_figures/1.2b-accuracy.svg") to its content; `readback`
    is what the ledger keeps of their numbers and pictures."""

    files: Mapping[str, str]
    readback: ReadBackRow
    markdown: Sourced


@dataclass
class Page:
    """One document in one format: what the templates may call. What is printed carries the mark of its source."""

    format: Format
    verification: Verification
    figures_folder: str
    references: Mapping[str, Mapping[str, str]]
    question: str = ""
    cited: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    figures: list[FigureRow] = field(default_factory=list)
    numbering: Numbering = field(default_factory=Numbering)

    @cached_property
    def _rows(self) -> Mapping[str, ClaimRow]:
        return {row.id: row for row in self.verification.ledger.claims}

    # -- what templates call --------------------------------------------------------------------------------------

    def fact(self, id: str) -> PrintedFact | jinja2.Undefined:
        """A fact of any question, by its whole id; nothing where only a part was verified, and not that question."""
        if self._unanswered(id.rpartition(".")[0]):
            return jinja2.ChainableUndefined(name=id)
        if id not in self._rows:
            raise WriteupError(f"prints claim {id!r}, which no answer makes{near(id, self._rows)}")
        return printed(self._rows[id])

    def facts(self) -> dict[str, PrintedFact]:
        """The facts of the question being written, by their names in it."""
        start = f"{self.question}."
        names = {id.removeprefix(start): row for id, row in self._rows.items() if id.startswith(start)}
        return {name: printed(row) for name, row in names.items() if name.isidentifier()}

    def say(self, name: str, caller: Callable[[], str]) -> Marked:
        """The sentence of a statement, which stands as it is written while its predicate holds."""
        id = f"{self.question}.{name}"
        known = [row.id for row in self.verification.ledger.statements]
        if id not in known:
            raise WriteupError(f"says {id}, which no answer states{near(id, known)}")
        return mark(caller(), f"statement:{id}")

    def table(self, name: str, caller: Callable[[], str], wide: bool = False) -> str:
        """A table of the answer; what the call holds is its caption."""
        made = self._shown("tables", name)
        rows = [mark(row, "words") if isinstance(row, str) else [self._cell(cell) for cell in row] for row in made.rows]
        heads, header = spanning_heads(made.header) if self.format == "tex" else ("", made.header)
        body, too_wide = pipe_table([mark(cell.replace(": ", " "), "words") for cell in header], rows, made.align)
        title = caption("table", self.numbering.place("table", self.question, name), caller())
        if self.format == "tex":
            body = raw(rf"\def\tableheads{{{heads}}}") + f"\n\n{body}"
            return f"\n\n{framed('table', body, title, wide=wide or too_wide)}\n\n"
        return f"\n\n{body}\n\n{title}\n\n"

    def figure(self, name: str, caller: Callable[[], str], wide: bool = False) -> str:
        """A figure of the answer; what the call holds is its caption, whose first sentence is the finding."""
        drawn: Any = self._shown("figures", name)
        title = caption("figure", self.numbering.place("figure", self.question, name), caller())
        file = f"{self.question}-{name}.svg"
        self.figures.append(row_of(f"{self.question}-{name}", file, drawn))
        if self.format == "tex":
            return f"\n\n{framed('figure', raw(drawn.tikz()), title, wide=wide)}\n\n"
        self.files[file] = drawn.svg()
        return f"\n\n{picture(f'{self.figures_folder}/{file}', title)}\n\n{title}\n\n"

    def mathematics(self, caller: Callable[[], str]) -> str:
        """A displayed formula: GitHub eats backslashes in $$, so it is a block of its language."""
        return f"\n\n```math\n{caller().strip()}\n```\n\n"

    def reference(self, kind: Kind, name: str, of: str = "") -> str:
        """ "Figure 5" for a figure or table of this question, or of another."""
        if not self._unanswered(of):
            self._shown(f"{kind}s", name, of or self.question)
        return self.numbering.refer(kind, of or self.question, name, by=self.question)

    def anchor(self, name: str) -> str:
        return f'<a id="{name}"></a>' if self.format == "md" else f"[]{{#{name}}}"

    # -- helpers --------------------------------------------------------------------------------------------------

    def fill(self, template: jinja2.Template, **context: Any) -> str:
        """The template with all that it may use: what a page offers, the question's facts by name, `context`."""
        offered = {
            "v": self.fact,
            "say": self.say,
            "table": self.table,
            "figure": self.figure,
            "math": self.mathematics,
            "ref": self.reference,
            "anchor": self.anchor,
            "format": self.format,
            **context,
        }
        facts = self.facts() if self.question else {}
        if taken := sorted(facts.keys() & offered.keys()):
            raise WriteupError(f"fact {self.question}.{taken[0]}: a name that templates use themselves; choose another")
        try:
            return template.render(offered | facts)
        except jinja2.UndefinedError as error:
            said = error.message or ""
            (name,) = re.findall(r"^'(\w+)' is undefined", said) or [""]
            if found := re.search(rf"\b{PrintedFact.__name__} object' has no attribute '(\w+)'", said):
                forms = ", ".join(f".{form}" for form, it in vars(PrintedFact).items() if isinstance(it, property))
                said = f"a fact has no .{found[1]}; it has {forms}"
            raise jinja2.UndefinedError(f"{said}{near(name, facts)}").with_traceback(error.__traceback__) from None

    def write(self, template: jinja2.Template, **context: Any) -> Marked:
        text = re.sub(r"\n{3,}", "\n\n", self.fill(template, **context))
        text = mend_mathematics(text, template.name or "?")
        refuse_words(text, self._rows, template.name or "?")
        return Marked(self._cite(text, Path(template.filename or "")))

    def answer(self, environment: jinja2.Environment, context: Mapping[str, Any]) -> Marked:
        """The answer to the question being written."""
        template = environment.get_template(f"answers/{self.question}.md.j2")
        return Marked(self.write(template, context=context).strip())

    def _unanswered(self, question: str) -> bool:
        asked = {asked.id for asked in self.verification.assignment.everything}
        return question in asked - self.verification.answers.keys()

    def _shown(self, kind: str, name: str, question: str = "") -> Any:
        answer = self.verification.answers.get(question or self.question)
        found = getattr(answer, kind, {})
        if name not in found:
            others = f"; it has {', '.join(found)}" if found else "; it has none"
            told = f"asks for {kind[:-1]} {name!r}, which the answer does not hand to a.answer({kind}=...)"
            raise WriteupError(told + (near(name, found) or others))
        return found[name]

    def _cell(self, cell: str | Ref) -> str:
        if isinstance(cell, str):
            return mark(cell, "words")
        fact = self.fact(f"{self.question}.{cell.name}")
        return str(fact.ends if cell.ends else fact)

    def _cite(self, text: str, template: Path) -> str:
        def link(match: re.Match[str]) -> str:
            links = []
            for key in re.split(r"[;\s]+", match[1].replace("@", "")):
                if key not in self.references:
                    lines = template.read_text(encoding="utf-8").splitlines()
                    place = next((f"{template}:{n}" for n, line in enumerate(lines, 1) if f"@{key}" in line), template)
                    told = f"cites {key!r}, which templates/references.toml lacks{near(key, self.references)}"
                    raise WriteupError(f"{place}: {told}")
                self.cited.add(key)
                links.append(f"[{mark(self.references[key]['short'], 'citation')}](#ref-{key})")
            return "(" + "; ".join(links) + ")"

        return CITATION.sub(link, text)


class _Templates(jinja2.FileSystemLoader):
    """Templates that people write: one that cannot be read is one message, which names it."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            raise WriteupError(f"templates/{template}: not UTF-8: {error}") from error


def template_environment(root: Path) -> jinja2.Environment:
    """Templates of the assignment in `root`; the layout that it does not bring itself is this project's."""
    environment = jinja2.Environment(
        loader=_Templates([root / "templates", LAYOUTS]),
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        extensions=[_KeptLineEnds],
        finalize=_sourced,
    )
    environment.filters["source"] = lambda value, source: mark(str(value), source)
    return environment


class _KeptLineEnds(Extension):
    """The line end behind a statement parts it from the next sentence, so it is not trimmed."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return source.replace("<% endcall %>\n", "<% endcall +%>\n")


def render(root: Path, verification: Verification, identity: Identity, stem: str) -> Documents:
    """Write the Markdown and the TeX document; adds to the ledger where each claim is printed.

    Raises `WriteupError` naming template, line and claim when a template asks for what is not there.
    """
    environment = template_environment(root)
    references = references_of(root)
    pages: dict[Format, Page] = {}
    texts: dict[Format, Sourced] = {}
    for format in ("md", "tex"):
        page = pages[format] = Page(format, verification, f"{stem}_figures", references)
        texts[format] = read(guarded(partial(body, page, environment, identity, stem)))
    tex = guarded(
        lambda: unmarked(
            environment.get_template("document.tex.j2").render(
                assignment=verification.assignment,
                body=to_tex(texts["tex"].text),
                byline=tex_escape(identity.byline),
                due=verification.assignment.due_day,
                plain=tex_escape,
                ledger=verification.ledger,
            )
        )
    )
    note_printed(verification.ledger, texts)
    figures = {f"_figures/{name}": svg for name, svg in pages["md"].files.items()}
    kept = ReadBackRow(passages=passages_of(texts["md"]), figures=pages["tex"].figures)
    return Documents({".md": texts["md"].text, ".tex": tex, **figures}, kept, texts["md"])


def body(page: Page, environment: jinja2.Environment, identity: Identity, stem: str) -> Marked:
    """The whole document in the page's format."""
    verification, answers = page.verification, dict[str, str]()
    for id, answered in verification.answers.items():
        page.question = id
        answers[id] = page.answer(environment, answered.context)
    page.question = ""
    written = page.write(
        environment.get_template("document.md.j2"),
        assignment=verification.assignment,
        sections=[
            (section, [question for question in questions if question.id in answers])
            for section, questions in verification.assignment.sections
        ],
        answers=answers,
        ledger=verification.ledger,
        identity=identity,
        due=verification.assignment.due_day,
        escape=markdown_escape,
        label=question_label,
        evidence=f"{stem}_evidence.html",
        references=sorted(
            ((key, page.references[key]) for key in page.references if key in page.cited),
            key=lambda entry: sorting_key(entry[1]["text"]),
        ),
        kept=kept_records(verification.ledger),
        levels=levels_of(verification.ledger),
    )
    return page.numbering.resolve(written)


def _sourced(value: Any) -> Marked:
    """What a template prints without saying where it comes from: no source that any number may have."""
    return value if isinstance(value, Marked) else mark(str(value), "expression")


def references_of(root: Path) -> Mapping[str, Mapping[str, str]]:
    return read_toml(root / "templates" / "references.toml")


def guarded(write: Callable[[], str]) -> str:
    try:
        return write()
    except jinja2.TemplateSyntaxError as error:
        known = '<< name >> prints a fact, <% call say("name") %>...<% endcall %> is a statement'
        raise WriteupError(f"{error.filename or error.name}:{error.lineno}: {error.message}; {known}") from error
    except jinja2.TemplateNotFound as error:
        raise WriteupError(f"templates/{error.name} does not exist; write it") from error
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where = next((f"{f.filename}:{f.lineno}: " for f in reversed(frames) if f.filename.endswith(".j2")), "")
        if not (where or isinstance(error, jinja2.UndefinedError)):  # no template's fault
            raise
        told = "" if isinstance(error, WriteupError) else f"{type(error).__name__}: "
        told = "uses a name that is not there: " if isinstance(error, jinja2.UndefinedError) else told
        raise WriteupError(f"{where}{told}{error}") from error


def note_printed(ledger: Ledger, texts: Mapping[Format, Sourced]) -> None:
    """Add to the ledger where each claim is printed, by the marks that its values left in the finished texts."""
    printed: dict[str, list[PrintedRow]] = {}
    for format, text in texts.items():
        for source, start, end in text.spans:
            kind, _, id = source.partition(":")
            if kind == "claim":
                printed.setdefault(id, []).append(PrintedRow(file=format, text=text.text[start:end]))
    for row in ledger.claims:
        row.printed = printed.get(row.id, [])
