"""Where a template prints each fact and each statement, and in which words, as the template's source has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from writeup.text.files import read_text

TEMPLATES = Path("templates/answers")
STATEMENT = re.compile(r"<% call say\(\"(?P<name>[^\"]+)\"\) %>(?P<text>.*?)<% endcall %>", re.DOTALL)
EXPRESSION = re.compile(r"<<(.*?)>>", re.DOTALL)
NAME = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?![\w(])|(?<=\"\.)[\w.]+(?=\")|(?<=\")[\w.]+(?=\")")
TAG = re.compile(r"<%.*?%>|<#.*?#>", re.DOTALL)
SENTENCE_END = re.compile(r"(?<=[.:;?])(?:\*\*)?\s+(?=[A-Z*`<(\[])|\n\s*\n")


@dataclass(frozen=True)
class Written:
    """One question's template."""

    question: str
    path: Path
    text: str

    def statement(self, id: str) -> tuple[str, str]:
        """The words of a statement and their place; empty words where the template does not say it."""
        for found in STATEMENT.finditer(self.text):
            if f"{self.question}.{found['name']}" == id:
                return words(found["text"]), self.place(found.start())
        return "", f"{self.path}, which does not say it"

    def statements(self) -> dict[str, str]:
        """The place of every statement that the template says, by its id."""
        return {f"{self.question}.{f['name']}": self.place(f.start()) for f in STATEMENT.finditer(self.text)}

    def printed(self, id: str) -> list[int]:
        """Where in the template a fact is printed."""
        name = id.removeprefix(f"{self.question}.")
        return [f.start() for f in EXPRESSION.finditer(self.text) if {name, id} & set(NAME.findall(f[1]))]

    def sentence(self, id: str) -> str:
        """The first sentence that prints a fact; empty where only a table or figure does."""
        return next((words(self.around(place)) for place in self.printed(id)), "")

    def place(self, start: int) -> str:
        return f"{self.path.as_posix()}:{self.text.count(chr(10), 0, start) + 1}"

    def around(self, place: int) -> str:
        """The sentence that stands there."""
        ends = [0, *(found.end() for found in SENTENCE_END.finditer(self.text)), len(self.text)]
        return next(self.text[a:b] for a, b in pairwise(ends) if a <= place < b)


def words(source: str) -> str:
    """A piece of a template on one line, its expressions in braces."""
    return " ".join(EXPRESSION.sub(lambda found: "{" + found[1].strip() + "}", TAG.sub("", source)).split())


def written_in(root: Path, question: str) -> Written:
    """The template of one question; an empty one where there is none (rendering says so)."""
    path = TEMPLATES / f"{question}.md.j2"
    return Written(question, path, read_text(root / path))


def all_written(root: Path) -> Iterator[Written]:
    """The templates of all questions."""
    for path in sorted((root / TEMPLATES).glob("*.md.j2")):
        yield written_in(root, path.name.removesuffix(".md.j2"))
