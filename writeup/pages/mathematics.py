"""Formulas of a rendered page, in which TeX reads otherwise than Markdown does."""

from __future__ import annotations

import re
from collections.abc import Mapping

from writeup.errors import WriteupError
from writeup.text.escape import markdown_escape
from writeup.text.marks import read, signs_apart
from writeup.trust.ledger import ClaimRow

MATHEMATICS = re.compile(r"```math\n.*?```|\$\$.*?\$\$|(?<!\\)\$[^$\n]+?\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def mend_mathematics(text: str, where: str) -> str:
    """Inside mathematics a thousands comma needs braces, a bare % would start a TeX comment, and a value's own sign
    must not read as an operator."""
    code = [match.span() for match in CODE.finditer(text) if not match[0].startswith("```math")]

    def mend(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match[0]
        if re.search(r"(?<!\\)%", match[0]):
            raise WriteupError(f"{where}: a percentage stands inside mathematics ({match[0]}); put it outside of the $")
        return signs_apart(re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "{,}", match[0]))

    return MATHEMATICS.sub(mend, text)


def refuse_words(text: str, rows: Mapping[str, ClaimRow], where: str) -> None:
    r"""Raises `WriteupError` where a fact prints as words inside mathematics: an escape of Markdown is another command
    to TeX, and `\-` would print nothing."""
    written = read(text)
    formulas = [formula.span() for formula in MATHEMATICS.finditer(written.text)]
    for source, start, end in written.spans:
        row, shown = rows.get(source.removeprefix("claim:")), written.text[start:end]
        words = row and isinstance(row.value, str) and shown != row.value and shown == markdown_escape(row.shown)
        if row and words and any(begin < start < close for begin, close in formulas):
            name = row.id.rpartition(".")[2]
            told = f"prints {row.id} inside mathematics as the words {shown!r}; as TeX it is << {name}.tex >>"
            raise WriteupError(f"{where}: {told}")
