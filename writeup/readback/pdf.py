r"""The numbers of a finished PDF, compared with those of the TeX file that it was made from.

A PDF says where its glyphs stand, not what they mean: a superscript is a digit like any other. So both files are
brought to one form, in which scripts and separators are gone, and must then hold the same numbers in the same order.
Only blocks (figures, tables, the note at the foot) may stand elsewhere, each as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from writeup.pages.pdf import text_of
from writeup.readback.figures import tikz_labels
from writeup.readback.text import FLOAT, TIKZ, text_of_tex
from writeup.text.numerals import numbers, spelled

JOINED = 12  # numbers that the extraction of a PDF's text may join into one: the ticks of a narrow axis
_OPERATOR = re.compile(r"(?<![A-Za-z])([A-Za-z]) ([-+−])(?=\d)")
_SCRIPT = r"(\{[^{}]*\}|\w)"


class Operated(str):
    """A number behind what looks like an operator and may be its own sign: a formula sets both the same way."""

    signed: str


@dataclass(frozen=True)
class Piece:
    """Numbers that stand together: the main text, one float, or one page of the PDF, which also has `furniture`, so
    many numbers in its running head and its foot."""

    name: str
    numbers: list[str]
    furniture: int = 0


def read_pages(pdf: bytes, running_head: bool = False) -> tuple[list[Piece], list[str]]:
    """The numbers of each page without its running head, where it has one, and its "3" or "3 of 66", and the pages
    whose foot says another."""
    pages = [text.replace("\x02", "\n") for text in text_of(pdf)]  # a hyphen at a line's end, which swallows that end
    bodies = [[line for line in text.split("\n") if line.strip()] or [""] for text in pages]
    (head, _), *_ = Counter(lines[0] for lines in bodies[1:] or bodies).most_common(1)
    found, wrong = [], []
    for number, lines in enumerate(bodies, 1):
        foot = f"{number} of {len(bodies)}"
        if lines[-1] not in (foot, str(number)):
            wrong.append(f"page {number} is marked {lines[-1]!r}, not {number} or {foot!r}")
        first = int(running_head and lines[0] == head and number > 1)
        around = set_numbers("\n".join([*lines[:first], lines[-1]]))
        found.append(Piece(f"page {number}", printed_numbers("\n".join(lines[first:-1])), len(around)))
    return found, wrong


def pieces_of_tex(tex: str) -> tuple[Piece, list[Piece]]:
    """The numbers of the main text and of each float of a TeX document, in the order in which pdfTeX sets them."""
    body = tex.partition(r"\begin{document}")[2]
    main = Piece("the text", set_numbers(as_set(FLOAT.sub(" ", body))))
    floats = []
    for index, found in enumerate(FLOAT.finditer(body), 1):
        text = TIKZ.sub(lambda picture: "\n".join(tikz_labels(picture[0])), found[2])
        floats.append(Piece(f"float {index}", set_numbers(as_set(text))))
    return main, floats


def set_numbers(text: str) -> list[str]:
    """The numbers of a text of a page, where a sign after a single letter is an operator, however narrow its space."""
    return spelled(_OPERATOR.sub(r"\1 \2 ", text))


def printed_numbers(text: str) -> list[str]:
    """The same of a page itself, where the sign may yet be the number's own."""
    found: list[str] = []
    text = _OPERATOR.sub(r"\1 \2 ", text)
    for number in numbers(text):
        behind = re.search(r"([-+−])\s*$", text[max(0, number.start - 3) : number.start])
        found.append(one := Operated(number.text))
        one.signed = behind[1].replace("−", "-") + one if behind else one
    return found


def as_set(tex: str) -> str:
    """TeX as the text of its PDF reads."""
    return on_the_line(re.sub(r"\\url\b", "", text_of_tex(tex.replace(r"\_", "\x02"))))


def on_the_line(text: str) -> str:
    """Mathematics of TeX as pdfTeX sets it, with scripts on the line, the upper one first."""
    text = text.replace(r"\_", "\x02")  # a printed underscore, unlike that of a subscript
    text = re.sub(rf"_{_SCRIPT}\^{_SCRIPT}", r"^\2_\1", text).replace("{,}", ",")
    return re.sub(r"[\^_${}]", "", text).replace("\x02", "_")


def difference(main: Piece, floats: Sequence[Piece], printed: Sequence[Piece]) -> str:
    """The first place at which the pages do not go on as the TeX does, in words; empty when there is none.

    Where a page could go on with the main text or with a float, both are tried, the longest float first.
    """
    numbers = [number for page in printed for number in page.numbers]
    unplaced = frozenset(index for index, piece in enumerate(floats) if piece.numbers)
    states, seen = [(0, 0, unplaced)], set()
    furthest = (-1, 0, unplaced)
    while states:
        state = states.pop()
        place, done, left = state
        while state not in seen:
            seen.add(state)
            if place == len(numbers) and done == len(main.numbers) and not left:
                return ""
            furthest = max(furthest, (place, done, left), key=lambda reached: reached[0])
            ends = {k: _whole(floats[k].numbers, numbers, place) for k in left}
            fitting = sorted((len(floats[k].numbers), k, end) for k, end in ends.items() if end is not None)
            step = _step(main.numbers, done, numbers, place)
            if fitting:
                states += [(step[1], step[0], left)] if step else []
                states += [(end, done, left - {k}) for _, k, end in fitting]
                break
            if step is None:
                break
            done, place = step
            state = (place, done, left)
    return _complaint(main, floats, printed, *furthest)


def _step(wanted: Sequence[str], k: int, printed: Sequence[str], j: int) -> tuple[int, int] | None:
    """The indices after a number that both hold next, or None.

    A line's end may cut a number in two in the PDF (in an address), and the end of a cell or small print may join it
    to its neighbours: where the numbers differ, their digits decide.
    """
    if k >= len(wanted) or j >= len(printed):
        return None
    if wanted[k] in (printed[j], getattr(printed[j], "signed", printed[j])):
        return k + 1, j + 1
    if _digits(printed[j]) == _digits(wanted[k]):
        return None  # another sign, or another place of the decimal point
    due, found = _digits(wanted[k]), _digits(printed[j])
    for _ in range(JOINED):
        if len(due) < len(found) and k + 1 < len(wanted):
            k, due = k + 1, due + _digits(wanted[k + 1])
        elif len(found) < len(due) and j + 1 < len(printed):
            j, found = j + 1, found + _digits(printed[j + 1])
        if due == found:
            return k + 1, j + 1
        if not (due.startswith(found) or found.startswith(due)):
            return None
    return None


def _whole(wanted: Sequence[str], printed: Sequence[str], j: int) -> int | None:
    """The index after all of `wanted`, or None where `printed` does not hold it at `j`."""
    k = 0
    while k < len(wanted):
        step = _step(wanted, k, printed, j)
        if step is None:
            return None
        k, j = step
    return j


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _complaint(
    main: Piece, floats: Sequence[Piece], printed: Sequence[Piece], place: int, done: int, left: frozenset[int]
) -> str:
    numbers = [(number, page.name) for page in printed for number in page.numbers]
    found = [number for number, _ in numbers]
    # of all that could have come, what agrees with the page for longest
    candidates = [(main, done), *((floats[k], 0) for k in sorted(left))]
    reach = []
    for piece, k in candidates:
        j = place
        while (step := _step(piece.numbers, k, found, j)) is not None:
            k, j = step
        reach.append((j, piece, k))
    j, piece, k = max(reach, key=lambda r: r[0])
    wanted = piece.numbers[k] if k < len(piece.numbers) else "nothing"
    got, page = numbers[j] if j < len(numbers) else ("nothing", printed[-1].name)
    return (
        f"{page}: after {' '.join(found[max(0, j - 4) : j])!r} it prints {got}; its source has {wanted} ({piece.name})"
    )
