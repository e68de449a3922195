"""The PDF of a notebook. It is never refused for its looks: what TeX cannot set gives in, step by step, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from writeup.notebook.latex import PLAINER, Exported, export_latex
from writeup.pages import pdf
from writeup.pages.pdf import Engine, TeXError

ROUNDS = 8  # each takes TeX a second or two


@dataclass(frozen=True)
class Typeset:
    """The PDF, and what it shows otherwise than the notebook has it: by cell, counted from 1, in words."""

    pdf: bytes
    notes: Sequence[tuple[int, str]]


def typeset(notebook: NotebookNode, identity_title: str, engine: Engine, name: str = "notebook") -> Typeset:
    """The executed notebook as a PDF."""
    plainer: dict[int, tuple[int, str]] = {}
    bad: frozenset[str] = frozenset()
    for attempt in range(ROUNDS):
        exported = export_latex(notebook, identity_title, plainer, bad)
        try:
            made = pdf.compile(exported.tex, engine=engine, name=name, files=exported.pictures)
            return Typeset(made, exported.notes)
        except TeXError:
            if attempt == ROUNDS - 1:
                raise
            if attempt == 0 and (refused := _refused(exported, engine)):
                bad = refused
                continue
            found = _cells_with_defects(exported, engine)
            worse = {cell: (min(plainer.get(cell, (0, ""))[0] + step, 3), why) for cell, (step, why) in found.items()}
            if not found or all(plainer.get(cell, (0, ""))[0] == len(PLAINER) - 1 for cell in found):
                raise
            plainer |= worse
    raise AssertionError("unreachable")


def _refused(exported: Exported, engine: Engine) -> frozenset[str]:
    """The formulas that TeX cannot set, each tried by itself."""
    formulas = list(dict.fromkeys(f for f in exported.formulas if f))
    head = exported.tex.partition(r"\begin{document}")[0]
    lines, owner = [], []
    for formula in formulas:
        text = [r"\begingroup\hfuzz=\maxdimen", *formula.strip().splitlines(), r"\par\endgroup"]
        lines += text
        owner += [formula] * len(text)
    first = head.count("\n") + 2
    source = f"{head}\\begin{{document}}\n" + "\n".join(lines) + "\n\\end{document}\n"
    found = pdf.defects(source, engine=engine)
    return frozenset(owner[line - first] for line, _, _ in found if 0 <= line - first < len(owner))


def _cells_with_defects(exported: Exported, engine: Engine) -> dict[int, tuple[int, str]]:
    """By cell, by how many steps it must give in, and why."""
    found: dict[int, tuple[int, str]] = {}
    for line, what, grave in pdf.defects(exported.tex, engine=engine, files=exported.pictures):
        cell = sum(start <= line for start in exported.starts)
        if cell:
            step = 2 if grave else 1
            found[cell] = max(found.get(cell, (0, "")), (step, what), key=lambda one: one[0])
    return found
