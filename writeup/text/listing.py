"""Program text and printed text as TeX: highlighted, cut into lines that fit the page, each line one TeX box.

The embedded TeX has neither listings nor fancyvrb.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

from writeup.text.characters import Characters, without_ansi
from writeup.text.escape import TEX

COLUMNS = 120  # characters of lmtt at the template's 7.5 pt that fit the line of its page
WHOLE, SHORT = 48, 12  # lines of a function or class, and of any listing, that no page turn cuts; a page has some 70
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
_NAMED = {tex: plain for plain, tex in TEX.items() if tex.startswith("\\text")} | {r"\textquotesingle{}": "'", "~": " "}
# A named character, an escaped one, one in braces; what is left of styles and of what keeps ligatures apart goes.
_SPELLING = re.compile(r"\\text\w+\{\}|\\([%_#&{}$])|\{([\[\]*])\}|\\code\w+(?:\{| )|~|\{\}|\}")


def code_lines(source: str, language: str, characters: Characters, columns: int = COLUMNS) -> str:
    """Program text as TeX, highlighted, a box for each line of at most so many characters."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("python", stripnl=False)
    return _boxes(lexer.get_tokens(source), characters, columns)


def output_lines(text: str, characters: Characters) -> str:
    """What a cell printed as TeX, a box a line."""
    return _boxes([(_TokenType(), without_ansi(text))], characters, COLUMNS)


def _boxes(tokens: Iterable[tuple[_TokenType, str]], characters: Characters, columns: int) -> str:
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
    plain = ["".join(" " if tex == "~" else tex for _, tex, _ in line) for line in lines]
    pieces = [
        (piece, not line, keep)
        for line, keep in zip(lines, _whole(plain), strict=True)
        for piece in _fitting(line, columns)
    ]
    return "\n".join(_with_breaks([(_box(*piece), blank) for piece, blank, _ in pieces], [keep for *_, keep in pieces]))


def _with_breaks(boxes: Sequence[tuple[str, bool]], kept: Sequence[bool]) -> Iterator[str]:
    """The boxes, each given with whether it is blank, and where a page may end: after a blank line, and inside a
    paragraph of lines where at least two of them stand on either side. No page ends behind a line that is `kept`."""
    blank = [True, *(is_blank for _, is_blank in boxes), True, True]  # beyond its ends a listing counts as blank
    for number, (box, is_blank) in enumerate(boxes, start=1):
        if number == len(boxes):
            yield box
        elif not kept[number - 1] and (is_blank or not any(blank[number - 1 : number + 3])):
            yield box + (r"\nobreak" if blank[number + 1] else r"\pagemayend")
        else:
            yield box + r"\nobreak"


def _whole(lines: Sequence[str]) -> list[bool]:
    """For each line whether the next belongs to the same function or class, or short listing, which stays whole."""
    if len(lines) <= SHORT:
        return [True] * len(lines)
    starts = [n for n, line in enumerate(lines) if line[:1].strip() and (n == 0 or not lines[n - 1].strip())]
    kept = [False] * len(lines)
    for start, end in pairwise([*starts, len(lines)]):
        last = max(n for n in range(start, end) if lines[n].strip())
        if last - start < WHOLE and any(line[:1].isspace() and line.strip() for line in lines[start:end]):
            kept[start:last] = [True] * (last - start)
    return kept


def _fitting(line: list[tuple[str, str, bool]], columns: int) -> Iterator[tuple[list[tuple[str, str, bool]], bool]]:
    """The line cut into pieces that fit the page, after a space or a comma where one is near; False for the first."""
    width, continues = columns, False
    while len(line) > width:
        ends = [column + 1 for column in range(width // 2, width) if line[column][2]]
        cut = ends[-1] if ends else width
        yield line[:cut], continues
        line, width, continues = line[cut:], columns - 2, True
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


def text_of_line(tex: str) -> str:
    """The program text of a line that `code_lines` made: its argument without styles, as a reader sees it."""
    return _SPELLING.sub(lambda found: found[1] or found[2] or _NAMED.get(found[0], ""), tex)
