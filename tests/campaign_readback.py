"""How many numbers, exchanged in finished files, the read-back misses: its own miss rate.

    python -m tests.campaign_readback [FOLDER] [EXCHANGES] [SEED]

In each file of a build one number is drawn and exchanged for another number of the same file, so that nothing but its
place is wrong; then the file is read back. PDFs are compiled from their changed source. Not a part of `make test`.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

from tests.places import ROOT
from writeup import readback
from writeup.pages.pdf import compile as compile_tex
from writeup.pages.pdf import find_engine
from writeup.text.numerals import Number, numbers
from writeup.trust.ledger import Ledger, read

PDFS = 5  # a compilation takes seconds
# What no reader sees: layout, coordinates, links, comments.
UNSEEN = re.compile(
    r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}|\\[a-zA-Z]+\*?(?:\[[^\]]*\])?(?:\{[^{}]*\})?|%[^\n]*|!?(?<=\])\([^)]*\)"
    r"|<[^>]*>|\{[^{}]*\}|@\{\}.*",
    re.DOTALL,
)


def seen(text: str) -> list[Number]:
    """The numbers that a reader of the file sees."""
    start = text.find(r"\begin{document}") + 1
    hidden = [found.span() for found in UNSEEN.finditer(text)]
    return [n for n in numbers(text) if n.start > start and not any(a <= n.start < b for a, b in hidden)]


def exchanged(text: str, chance: random.Random) -> tuple[str, str]:
    """The text with one number replaced by another of its numbers, and what was done."""
    found = seen(text)
    one, other = chance.choice(found), chance.choice(found)
    while other.text == one.text:
        other = chance.choice(found)
    new = text[other.start : other.end]
    return f"{text[: one.start]}{new}{text[one.end :]}", f"{text[one.start - 30 : one.end + 10]!r} -> {new}"


def exchanged_in_notebook(raw: str, chance: random.Random) -> tuple[str, str]:
    """The same in one cell: its words, or what it printed."""
    notebook = json.loads(raw)
    holders = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    holders += [out for cell in notebook["cells"] for out in cell.get("outputs", []) if "text" in out]
    while True:
        holder = chance.choice(holders)
        key = "text" if "text" in holder else "source"
        text = "".join(holder[key])
        if len({number.text for number in seen(text)}) > 1:
            holder[key], what = exchanged(text, chance)
            return json.dumps(notebook), what


def misses(folder: Path, exchanges: int, seed: int) -> Counter[tuple[str, bool]]:
    """By kind of file, how many exchanges were found and missed."""
    ledger: Ledger = read(folder / "ledger.json")
    (tex,) = list(folder.glob("*.tex"))
    stem, counts, chance = tex.stem, Counter[tuple[str, bool]](), random.Random(seed)

    def count(kind: str, found: bool, what: str) -> None:
        counts[kind, found] += 1
        if not found:
            print(f"missed in {kind}: {what}", flush=True)

    source, markdown = tex.read_text(encoding="utf-8"), (folder / f"{stem}.md").read_text(encoding="utf-8")
    notebook = (folder / f"{stem}_code.ipynb").read_text(encoding="utf-8")
    for _ in range(exchanges):
        text, what = exchanged(markdown, chance)
        count(".md", bool(readback._markdown(f"{stem}.md", text, ledger)[0]), what)
        text, what = exchanged(source, chance)
        count(".tex", bool(readback._tex(f"{stem}.tex", text, ledger)[0]), what)
        text, what = exchanged_in_notebook(notebook, chance)
        read_files = readback._notebook(f"{stem}_code", {f"{stem}_code.ipynb": text.encode()}, ledger)
        count(".ipynb", any(found for found, _ in read_files), what)
    for row in ledger.readback.figures:
        file = f"{stem}_figures/{row.file}"
        svg = (folder / file).read_text(encoding="utf-8")
        words = [found.span(1) for found in re.finditer(r">([^<>]*\d[^<>]*)<", svg)]
        for start, end in chance.sample(words, min(3, len(words))):
            changed = re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), svg[start:end], count=1)
            found = readback._pictures(f"{stem}_figures", {file: f"{svg[:start]}{changed}{svg[end:]}".encode()}, ledger)
            mine = [finding for findings, of in found if of.file == file for finding in findings]
            count(".svg", bool(mine), f"{row.file}: {svg[start:end]} -> {changed}")
    for _ in range(PDFS):
        text, what = exchanged(source, chance)
        paper = compile_tex(text, engine=find_engine())
        count(".pdf", bool(readback._pdf(f"{stem}.pdf", paper, source, ledger)[0]), what)
    return counts


if __name__ == "__main__":
    folder, exchanges, seed = [*sys.argv[1:], *("docs/sample", "200", "15")[len(sys.argv) - 1 :]]
    counts = misses(ROOT / folder, int(exchanges), int(seed))
    for kind in dict.fromkeys(kind for kind, _ in counts):
        found, missed = counts[kind, True], counts[kind, False]
        print(f"{kind}: {missed} of {found + missed} missed ({missed / (found + missed):.1%})")
