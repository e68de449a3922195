r"""Plain text made safe for TeX and for Markdown: pure functions.

Only characters for which LaTeX's T1 font encoding has a glyph or a composite (its file t1enc.dfu) may reach TeX;
anything else is refused here, in words, rather than by a hole in the page.
"""

from __future__ import annotations

import re

from writeup.errors import WriteupError

# ASCII, Latin-1 and Latin Extended-A less what T1 lacks, the Romanian comma-below letters, the punctuation of prose.
T1_CHARACTERS = (
    frozenset(map(chr, range(0x20, 0x7F)))
    | frozenset(map(chr, range(0xC0, 0x180))) - frozenset("×÷ĦħĸĿŀŉŦŧſ")
    | frozenset("ȘșȚț¡¿£«»‹›‘’‚“”„–—")
)

TEX = {  # what TeX needs for a character that means something to it
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after \\ or \item a bare bracket would open an option, and a star would be one
    "]": "{]}",
    "*": "{*}",
}
_JOINED = re.compile(r"([-,'])(?=\1)")  # T1 fonts join two of these into a dash or a quotation mark
_TYPEWRITER = re.compile(r"\\texttt\{((?:[^{}]|\{[^{}]*\})*)\}")
_NAME = re.compile(r"(?:\w|\\_|[.-])+")
LONG_NAME = 30  # characters; a longer one does not fit a line of a margin
_TABLE_START = "{\\def\\LTcaptype{none} % do not increment counter\n"  # its space would shift the table
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_MARKDOWN = re.compile(
    r"[\\`*_{}\[\]<>#|~$&@^:]"  # markup, math, HTML, entities, links, mentions
    r"|(?<=\S)\.(?=\S)"  # www.example.org is a link without any markup
    r"|^[-+=]|(?<=-)-"  # lists, headings underlined, rules
    r"|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d\d\d)[.)]"  # numbered lists
)


def unprintable(text: str) -> str:
    """The characters of `text`, each once and in order, that the document's fonts cannot show."""
    return "".join(dict.fromkeys(c for c in _WHITE_SPACE.sub(" ", text) if c not in T1_CHARACTERS))


def tex_escape(text: str) -> str:
    r"""`text` as TeX source that prints it: no command, group, option, comment, active character or ligature survives.

    White space of any length becomes one space. Raises `WriteupError` for characters that T1 fonts cannot show.
    """
    if bad := unprintable(text):
        raise WriteupError(
            f"cannot print {bad!r} ({', '.join(f'U+{ord(c):04X}' for c in bad)}) in {text!r}: the fonts show "
            r"Latin letters and common punctuation; write a symbol as math, for example $\le$"
        )
    escaped = "".join(TEX.get(c, c) for c in _WHITE_SPACE.sub(" ", text))
    return _JOINED.sub(r"\1{}", escaped)


def markdown_escape(text: str) -> str:
    r"""`text` as Markdown (CommonMark, GitHub's and pandoc's) that shows it and does nothing else.

    Whatever could open markup gets a backslash, which all three readers drop before ASCII punctuation.
    White space of any length becomes one space.
    """
    return _MARKDOWN.sub(r"\\\g<0>", _WHITE_SPACE.sub(" ", text).strip())


def settled(tex: str) -> str:
    """What pandoc wrote, its tables where they belong and its program text with places to break."""
    return breakable_words(tex.replace(_TABLE_START, "{\\def\\LTcaptype{none}%\n"))


def breakable_words(tex: str) -> str:
    r"""TeX in which program text inside \texttt may break after an opening bracket and a slash, but not inside a name,
    except after a dot or an underscore of one that is longer than `LONG_NAME`."""

    def broken(match: re.Match[str]) -> str:
        inner = re.sub(r"([(/])(?=[^}\s)]{3})", r"\1\\allowbreak{}", match[1])
        return rf"\texttt{{{_NAME.sub(_parted, inner)}}}"

    return _TYPEWRITER.sub(broken, tex)


def _parted(name: re.Match[str]) -> str:
    if len(name[0].replace("\\", "")) <= LONG_NAME:
        return name[0]
    return re.sub(r"(\\_|\.)(?=\w{3})", r"\1\\allowbreak{}", name[0])
