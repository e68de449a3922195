r"""The formulas of a notebook, as Jupyter finds them in Markdown and as MathJax reads them, in TeX that cannot do harm.

Jupyter takes formulas out of a cell before it reads the rest as Markdown, and MathJax knows a macro from where it is
defined to the notebook's end. So do we: macros are expanded here, and only commands of `KNOWN` ever reach TeX; every
other one could read a file (`\input`, `\pdfobj`) or stop the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OPEN, CLOSE = "\U000f0000", "\U000f0001"  # private use: around the number of what was taken out of a text
KNOWN = frozenset((Path(__file__).with_name("layouts") / "mathematics.txt").read_text(encoding="utf-8").split())
DISPLAYS = {"align": "aligned", "gather": "gathered", "multline": "gathered", "equation": "", "eqnarray": "aligned",
            "alignat": "alignedat", "flalign": "aligned", "displaymath": "", "math": ""}  # fmt: skip
INNER = {"aligned", "alignedat", "gathered", "split", "cases", "array", "matrix", "pmatrix", "bmatrix", "Bmatrix",
         "vmatrix", "Vmatrix", "smallmatrix"}  # fmt: skip
ENVIRONMENTS = INNER | DISPLAYS.keys() | {f"{name}*" for name in DISPLAYS}
LONGEST, EXPANSIONS = 20_000, 2_000  # characters of a formula, macros expanded in it

_PARAGRAPH = r"(?:(?!\n[ \t]*\n)[\s\S])"
_FOUND = re.compile(
    r"(?P<skip>^(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})[^\n]*(?:\n(?! {0,3}(?P=fence))[^\n]*)*"
    r"(?:\n {0,3}(?P=fence)[^\n]*)?"
    rf"|(?<!`)(?P<ticks>`+)(?!`){_PARAGRAPH}*?(?<!`)(?P=ticks)(?!`)|\\\$|<!--[\s\S]*?-->)"
    r"|\\begin\{(?P<name>[a-zA-Z]+\*?)\}"
    rf"|\$\$(?P<display>{_PARAGRAPH}+?)\$\$|\\\\\[(?P<bracket>{_PARAGRAPH}+?)\\\\\]"
    rf"|\\\\\((?P<paren>{_PARAGRAPH}+?)\\\\\)"
    rf"|\$(?=(?P<space>\s)?)(?P<inline>(?:\\{_PARAGRAPH}|(?![\\$]){_PARAGRAPH})+?)(?(space)|(?<!\s))\$(?!\d)",
    re.MULTILINE,
)
_CONTROL = re.compile(r"\\([a-zA-Z]+)\*?|\\[\s\S]|%[^\n]*\n?")
_DEFINERS = {"newcommand", "renewcommand", "providecommand", "def", "let", "DeclareMathOperator"}


class Unshowable(Exception):
    """Why a formula cannot be set; its source is shown instead."""


@dataclass(frozen=True)
class Formula:
    """A formula as it was written: its source without delimiters, and whether it stands on a line of its own."""

    source: str
    display: bool
    written: str


def take_out(text: str, formulas: list[Formula]) -> str:
    """The Markdown with a number in the place of each formula, which is added to `formulas`."""
    pieces, place = [], 0
    while found := _FOUND.search(text, place):
        end, formula = found.end(), None
        if name := found["name"]:
            end = _end_of(text, found.end(), name) or found.end()
            if name in ENVIRONMENTS and end > found.end():
                formula = Formula(text[found.start() : end], True, text[found.start() : end])
        elif not found["skip"]:
            source = next(found[kind] for kind in ("display", "bracket", "paren", "inline") if found[kind] is not None)
            display = found["display"] is not None or found["bracket"] is not None
            formula = Formula(source, display, found[0]) if source.strip() else None
        pieces.append(text[place : found.start()])
        if formula is None:
            pieces.append(text[found.start() : end])
        else:
            pieces.append(f"{OPEN}m{len(formulas)}{CLOSE}")
            formulas.append(formula)
        place = end
    return "".join([*pieces, text[place:]])


def _end_of(text: str, start: int, name: str) -> int | None:
    """Behind the \\end that belongs to a \\begin."""
    depth = 1
    for found in re.finditer(rf"\\(begin|end)\{{{re.escape(name)}\}}", text[: start + LONGEST][start:]):
        depth += 1 if found[1] == "begin" else -1
        if depth == 0:
            return start + found.end()
    return None


@dataclass
class Macros:
    """What the notebook has defined so far: by name, the number of arguments, the first one's default, the body."""

    defined: dict[str, tuple[int, str | None, str]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    def tex(self, formula: Formula, *, inline: bool = False) -> str:
        """The formula as TeX, with its delimiters; raises `Unshowable`."""
        source = self.expanded(formula.source).strip()
        if not source:
            return ""  # it only defined macros
        _check(source)
        source = self._labelled(re.sub(r"\n\s*\n", "\n", source))
        outer = re.fullmatch(r"\\begin\{([a-z]+)(\*?)\}([\s\S]*)\\end\{\1\2\}", source)
        alone = formula.display and not inline and outer and f"\\end{{{outer[1]}" not in outer[3]
        if alone and outer and outer[1] in DISPLAYS and outer[1] not in ("math", "displaymath"):
            return f"\n{source}\n"
        source = _nested(source)
        if inline or not formula.display:
            return rf"\({source}\)"
        if r"\tag" in source:
            return rf"\[{source}\]"
        return rf"\displayed{{{source}}}" if re.search(r"&|\\(\\|begin)", source) else rf"\inlines{{{source}}}"

    def expanded(self, source: str) -> str:
        """Without macros and comments; definitions are learned."""
        place, left = 0, EXPANSIONS
        while found := _CONTROL.search(source, place):
            name = found[1]
            if found[0].startswith("%"):
                source, place = source[: found.start()] + source[found.end() :], found.start()
                continue
            if name not in _DEFINERS and name not in self.defined:
                place = found.end()
                continue
            left -= 1
            if left < 0 or len(source) > LONGEST:
                raise Unshowable(f"\\{name} never ends" if left < 0 else f"it has more than {LONGEST:,} characters")
            reader = _Reader(source, found.start() + 1 + len(name))
            new = self._define(name, reader) if name in _DEFINERS else self._replaced(name, reader)
            after = source[reader.place :]
            source, place = _joined(_joined(source[: found.start()], new), after), found.start()
        if len(source) > LONGEST:
            raise Unshowable(f"it has more than {LONGEST:,} characters")
        return source

    def _replaced(self, name: str, reader: _Reader) -> str:
        count, default, body = self.defined[name]
        arguments = [] if default is None else [reader.option() or default]
        arguments += [reader.argument() for _ in range(count - len(arguments))]
        pieces = re.split(r"#([1-9])", body)
        text = pieces[0]
        for number, rest in zip(pieces[1::2], pieces[2::2], strict=True):
            if int(number) > len(arguments):
                raise Unshowable(f"\\{name} has no argument {number}")
            text = _joined(_joined(text, arguments[int(number) - 1]), rest)
        return text

    def _define(self, by: str, reader: _Reader) -> str:
        reader.star()
        name = reader.argument().strip().removeprefix("\\")
        if not re.fullmatch(r"[a-zA-Z]+", name):
            raise Unshowable(f"\\{by} defines {name!r}, which is no macro's name")
        if by == "let":
            other = reader.argument()
            other = reader.argument() if other == "=" else other
            self.defined[name] = (0, None, "" if other == f"\\{name}" else other)
        elif by == "DeclareMathOperator":
            self.defined[name] = (0, None, rf"\operatorname{{{reader.argument()}}}")
        else:
            count = reader.parameters() if by == "def" else int(reader.option() or 0)
            default = None if by == "def" else reader.option()
            body = reader.argument()
            if by == "providecommand" and name in KNOWN | self.defined.keys():
                return ""
            if not re.search(rf"\\{name}(?![a-zA-Z])", body):  # one that names itself would never end
                self.defined[name] = (count, default, body)
        return ""

    def _labelled(self, source: str) -> str:
        """Without labels that stand twice."""

        def once(found: re.Match[str]) -> str:
            new = found[1] not in self.labels
            self.labels.add(found[1])
            return found[0] if new else ""

        return re.sub(r"\\label\{([^{}]*)\}", once, source)


def _nested(source: str) -> str:
    """What MathJax lets stand inside a formula and LaTeX does not: an align in dollars."""

    def inner(found: re.Match[str]) -> str:
        name = DISPLAYS.get(found[2])
        if name is None:
            return found[0]
        return rf"\{found[1]}{{{name}}}" if name else ""

    tidy = re.sub(r"\\(begin|end)\{([a-z]+)\*?\}", inner, source)
    return re.sub(r"\\(?:label\{[^{}]*\}|nonumber|notag)(?![a-zA-Z])", "", tidy)


def _joined(before: str, after: str) -> str:
    """Two pieces of TeX, kept apart where a command's name would run on."""
    return before + (" " if re.search(r"\\[a-zA-Z]+$", before) and after[:1].isalpha() else "") + after


def _check(source: str) -> None:
    if "^^" in source:
        raise Unshowable("^^ is no mathematics")
    for token in _tokens(source):
        if token[:1] == "\\" and token[1:].isalpha() and token[1:] not in KNOWN:
            raise Unshowable(f"the macro {token} is unknown")
    nesting: list[str] = []
    words = re.sub(r"\\(?:text|mbox|hbox|textbf|textit|textrm)\s*\{(?:[^{}$]|\$[^{}$]*\$)*\}", "", source)
    for token in _tokens(words):
        if token == "{" or token.startswith(r"\begin") or token == r"\left":
            nesting.append(token)
            if token.startswith(r"\begin") and token[7:-1] not in ENVIRONMENTS:
                raise Unshowable(f"the environment {token[7:-1]} is unknown")
        elif token == "}" or token.startswith(r"\end") or token == r"\right":
            wanted = {"}": "{", r"\right": r"\left"}.get(token, token.replace("end", "begin"))
            if not nesting or nesting.pop() != wanted:
                raise Unshowable(f"{token} closes nothing")
        elif token in "$#" or (token == "&" and not any(name.startswith(r"\begin") for name in nesting)):
            raise Unshowable(f"{token} stands where it means nothing")
    if nesting:
        raise Unshowable(f"{nesting[-1]} is never closed")


def _tokens(source: str) -> Iterator[str]:
    for found in re.finditer(r"\\(?:begin|end)\{[a-zA-Z]+\*?\}|\\[a-zA-Z]+|\\[\s\S]|[{}$#&]", source):
        yield found[0]


@dataclass
class _Reader:
    """Reads the arguments of a macro from `place` on."""

    text: str
    place: int

    def _skip(self) -> None:
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1

    def star(self) -> None:
        if self.text[self.place : self.place + 1] == "*":
            self.place += 1

    def argument(self) -> str:
        self._skip()
        if self.text[self.place : self.place + 1] == "{":
            return self._between("{", "}")
        if not (found := re.compile(r"\\[a-zA-Z]+|\\?[\s\S]").match(self.text, self.place)):
            raise Unshowable("a macro lacks an argument")
        self.place = found.end()
        return found[0]

    def option(self) -> str | None:
        self._skip()
        return self._between("[", "]") if self.text[self.place : self.place + 1] == "[" else None

    def parameters(self) -> int:
        """How many parameters a \\def names: #1#2 is two."""
        found = re.compile(r"\s*((?:#\d)*)\s*").match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found[1].count("#") if found else 0

    def _between(self, opening: str, closing: str) -> str:
        depth = 0
        for found in re.compile(r"\\[\s\S]|[\[\]{}]").finditer(self.text, self.place):
            if found[0] in "{" + opening:
                depth += 1
            elif found[0] in "}" + closing:
                depth -= 1
            if depth == 0:
                start, self.place = self.place + 1, found.end()
                return self.text[start : found.start()]
        raise Unshowable(f"{opening} is never closed")
