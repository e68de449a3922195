"""A notebook's texts (Markdown, HTML, raw cells) as LaTeX: each by itself, all in one run of pandoc."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pypandoc

from writeup.errors import WriteupError
from writeup.notebook.mathematics import CLOSE, OPEN, Formula, Macros, Unshowable, take_out
from writeup.notebook.pictures import NoPicture, Pictures, attachment, decoded
from writeup.text.characters import Characters
from writeup.text.escape import settled
from writeup.text.listing import output_lines

SCRIPT = Path(__file__).with_name("layouts") / "cells.lua"
SECONDS = 30  # for one run of pandoc
LONGEST = 200_000  # characters of a text that pandoc reads
_PLACE = re.compile(f"{OPEN}([a-z])(\\d+){CLOSE}")


@dataclass(frozen=True)
class Text:
    """A text in one of the formats that `cells.lua` reads, and the pictures attached to its cell."""

    format: str
    text: str
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Converted:
    """LaTeX, and what is shown otherwise than written, in words."""

    tex: str
    notes: Sequence[str] = ()


@dataclass
class Converter:
    """Turns texts into LaTeX; macros live from text to text. `bad` holds the formulas that TeX has refused."""

    pictures: Pictures
    characters: Characters
    bad: frozenset[str] = frozenset()
    formulas: list[str] = field(default_factory=list)  # as set, in their order
    macros: Macros = field(default_factory=Macros)

    def convert(self, texts: Sequence[Text], shift: int = 0) -> list[Converted]:
        """Each text as LaTeX; a text that pandoc cannot read is shown as it is written."""
        formulas: list[Formula] = []
        items = []
        for one in texts:
            clean = re.sub("[\U000f0000-\U000ffffd\ue000-\uf8ff\x00]", "\ufffd", one.text)
            read = take_out(clean, formulas) if one.format == "markdown" else clean
            items.append({"format": one.format, "text": read})
        results = _pandoc(items, [formula.written for formula in formulas], shift)
        made = []
        for one, item, (result, written) in zip(texts, items, results, strict=True):
            new = [Formula(tex.strip("$"), tex.startswith("$$"), tex) for tex in written[len(formulas) :]]
            if "failed" in result:
                source = _PLACE.sub(lambda found: formulas[int(found[2])].written, item["text"])
                made.append(Converted(self._code(source), (f"its {one.format} as it is written: {result['failed']}",)))
            else:
                made.append(self._set(one, result, [*formulas, *new]))
        return made

    def _set(self, one: Text, result: Mapping[str, Any], formulas: Sequence[Formula]) -> Converted:
        notes = list(result["notes"])
        pieces = _PLACE.split(settled(result["tex"]))
        shown = [self.characters.flowing(pieces[0])]
        for kind, number, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            if kind == "p":
                shown.append(self._picture(one, result["pictures"][int(number)], notes))
            elif kind == "c":
                shown.append(self._code(result["code"][int(number)]["text"]))
            else:
                shown.append(self._formula(formulas[int(number)], kind, notes))
            shown.append(self.characters.flowing(after))
        return Converted("".join(shown).strip(), tuple(dict.fromkeys(notes)))

    def _formula(self, formula: Formula, kind: str, notes: list[str]) -> str:
        """`kind`: m where a line of its own is possible, t inside a table, h in a heading."""
        try:
            tex = self.characters.flowing(self.macros.tex(formula, inline=kind in "th"))
            if tex in self.bad:
                raise Unshowable("TeX cannot set it")
        except Unshowable as error:
            short = " ".join(formula.written.split())
            notes.append(f"the formula {short[:60]} as it is written: {error}")
            return rf"\texttt{{{self._broken(short[:400])}}}"
        self.formulas.append(tex)
        return rf"\texorpdfstring{{{tex}}}{{{self.characters.text(formula.source)}}}" if kind == "h" and tex else tex

    def _broken(self, words: str) -> str:
        pieces = [re.findall(r"\S{1,10}", word) for word in words.split()]
        return " ".join(r"\allowbreak{}".join(map(self.characters.text, word)) for word in pieces)

    def _code(self, text: str) -> str:
        return "\n\\begin{codeblock}{}\n" + output_lines(text, self.characters) + "\n\\end{codeblock}\n"

    def _picture(self, one: Text, picture: Mapping[str, str], notes: list[str]) -> str:
        source = picture["src"]
        try:
            if source.startswith("attachment:"):
                name = unquote(source.removeprefix("attachment:"))
                content = attachment(one.attachments, name)
            elif found := re.match(r"data:image/[\w.+-]+;base64,", source):
                content = decoded(unquote(source[found.end() :]))
            else:
                remote = re.match(r"[a-z]+://", source)
                raise NoPicture("it lies elsewhere on the net" if remote else "there is no such picture file")
            name = self.pictures.add(content)
        except NoPicture as error:
            words = picture["alt"] or source[:80]
            notes.append(f"the picture {words[:60]}: {error}")
            return rf"\emph{{[picture not shown: {self._broken(words)}]}}"
        size = re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", picture["width"])
        if size and 0 < float(size[1]) < 10_000:
            width = rf"{float(size[1]) / 100}\linewidth" if size[2] == "%" else f"{float(size[1]) * 0.75}bp"
            return rf"\fitted[width={width}]{{{name}}}"
        return rf"\fitted{{{name}}}"


def _pandoc(items: Sequence[Mapping[str, str]], formulas: list[str], shift: int) -> list[tuple[Any, list[str]]]:
    """What `cells.lua` makes of the texts, each with the formulas as they stand behind it."""
    fit = [{"text": "", "format": "markdown"} if len(item["text"]) > LONGEST else item for item in items]
    try:
        done = _run(fit, formulas, shift)
        results = [(result, list(done["formulas"])) for result in done["items"]]
    except WriteupError:
        results = []
        for item in fit:  # one of them is to blame
            try:
                done = _run([item], formulas, shift)
                results.append((done["items"][0], list(done["formulas"])))
            except WriteupError as error:
                results.append(({"failed": str(error)}, formulas))
    too_long = {"failed": f"it has more than {LONGEST:,} characters"}
    return [
        (too_long, formulas) if len(item["text"]) > LONGEST else result
        for item, result in zip(items, results, strict=True)
    ]


def _run(items: Sequence[Mapping[str, str]], formulas: list[str], shift: int) -> Any:
    asked = json.dumps({"items": items, "formulas": formulas, "shift": shift})
    try:
        done = subprocess.run(
            [pypandoc.get_pandoc_path(), "lua", SCRIPT], input=asked.encode(), capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise WriteupError(f"pandoc did not read it within {SECONDS} s") from None
    if done.returncode:
        raise WriteupError(f"pandoc did not read it ({done.stderr.decode(errors='replace').strip()[-300:]})")
    return json.loads(done.stdout)
