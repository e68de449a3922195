r"""Words in pictures: plain text with `**bold**`, `` `code` `` and `$mathematics$`, set in TeX and in SVG.

The SVG's letters come with matplotlib and run wider than the document's Source Sans, so they are set smaller by
`NARROWER`; widths are measured with them, and are those of TeX within a few per cent.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from matplotlib import get_data_path
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from writeup.errors import WriteupError
from writeup.text.escape import tex_escape
from writeup.text.numerals import MINUS, minus

SIZE = 8.5  # pt
LEADING = 10.4 / 8.5  # distance of base lines, by the size
NARROWER = 1 / 1.2
POINT = 2.54 / 72.27  # cm
RISE = 0.31  # of the size: from the base line to the middle of a line of text
CODE = r"\drawncode"  # what a picture calls its typewriter font

_RUN = re.compile(r"\$([^$]*)\$|`([^`]*)`|\*\*(.+?)\*\*")


class Run(NamedTuple):
    """A piece of a line in one font."""

    kind: Literal["plain", "bold", "code", "math"]
    text: str


def runs(line: str, bold: bool = False) -> list[Run]:
    """A line cut where its font changes."""
    found: list[Run] = []
    last = 0
    for match in [*_RUN.finditer(line), None]:
        plain = line[last : match.start() if match else len(line)]
        if plain.count("$") or plain.count("`"):
            raise WriteupError(f"label {line!r}: a dollar sign or backtick without its partner")
        if plain:
            found.append(Run("bold" if bold else "plain", plain))
        if match:
            if re.search("[`$]", match[3] or ""):
                raise WriteupError(f"label {line!r}: code or mathematics in bold words; end the bold before them")
            kinds: tuple[Literal["math", "code", "bold"], ...] = ("math", "code", "bold")
            found += [Run(kind, text) for kind, text in zip(kinds, match.groups(), strict=True) if text]
            last = match.end()
    return found


def tex_line(line: str, bold: bool = False) -> str:
    """A line for TeX, inside a picture that defines `CODE`."""
    pieces = []
    for kind, text in runs(line, bold):
        if kind == "math":
            pieces.append(f"${text}$")
        else:
            font = {"plain": "", "bold": r"\bfseries ", "code": CODE + " "}[kind]
            safe = MINUS.sub("$-$", tex_escape(text))
            pieces.append(f"{{{font}{safe}}}" if font else safe)
    return "".join(pieces)


def font_of(kind: str, size: float) -> FontProperties:
    """The SVG's font for a run: matplotlib's own file, whatever fonts the machine has."""
    file = {"code": "DejaVuSansMono", "bold": "DejaVuSans-Bold"}.get(kind, "DejaVuSans")
    return FontProperties(fname=f"{get_data_path()}/fonts/ttf/{file}.ttf", size=size * NARROWER)


def run_width(run: Run, size: float) -> float:
    """In cm, as the SVG sets it."""
    if run.kind == "math":
        return _measure(f"${run.text}$", run.kind, size)
    # between two bars: spaces at either end count
    return _measure(f"|{minus(run.text)}|", run.kind, size) - _measure("||", run.kind, size)


def line_width(line: str, size: float = SIZE, bold: bool = False) -> float:
    """In cm, of the wider one of both settings."""
    return sum(run_width(r, size) / (NARROWER if r.kind == "math" else 1) for r in runs(line, bold))


@cache
def _measure(text: str, kind: str, size: float) -> float:
    try:
        width, _, _ = TextToPath().get_text_width_height_descent(text, font_of(kind, size), kind == "math")
    except ValueError as error:  # mathtext's own message shows the label and the place in it
        raise WriteupError(f"label {text!r}: {error}") from error
    return float(width) * POINT
