"""What the fonts of the PDF lack, shown by a symbol of mathematics, or else by its nearest ASCII."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from anyascii import anyascii

from writeup.text.escape import T1_CHARACTERS, tex_escape

SYMBOLS = {
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "±": r"\pm", "×": r"\times",
    "·": r"\cdot", "÷": r"\div", "−": "-", "∞": r"\infty", "→": r"\to", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto", "↑": r"\uparrow",
    "↓": r"\downarrow", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int",
    "√": r"\surd", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap",
    "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "∀": r"\forall", "∃": r"\exists", "⊙": r"\odot", "⊕": r"\oplus",
    "⊗": r"\otimes", "∘": r"\circ", "°": r"{}^\circ", "²": "^2", "³": "^3", "¹": "^1", "µ": r"\mu",
    "…": r"\ldots", "•": r"\bullet", "′": "'", "ℓ": r"\ell", "∝": r"\propto", "∼": r"\sim", "⟨": r"\langle",
    "⟩": r"\rangle",
}  # fmt: skip
GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
)
GREEK_CAPITALS = "gamma delta theta lamda xi pi sigma upsilon phi psi omega"


@dataclass
class Characters:
    """What the fonts can show, and a note of what was shown otherwise."""

    replaced: dict[str, str] = field(default_factory=dict)

    def fixed(self, character: str) -> list[str]:
        """One character of program text as TeX, one item a column."""
        if character in T1_CHARACTERS:
            return [{"-": "-{}", "'": r"\textquotesingle{}", " ": "~"}.get(character) or tex_escape(character)]
        if symbol := _symbol(character):
            return [rf"\codesymbol{{{symbol}}}"]
        return [tex_escape(c) if c != " " else "~" for c in self._nearest(character)]

    def flowing(self, tex: str) -> str:
        """TeX source with every character that the fonts lack replaced, in text and in mathematics alike."""
        normal = unicodedata.normalize("NFC", tex)
        return "".join(c if c == "\n" or c in T1_CHARACTERS else self._in_text(c) for c in normal)

    def text(self, plain: str) -> str:
        """Plain text as TeX that prints it."""
        return "".join(tex_escape(c) if c in T1_CHARACTERS else self._in_text(c) for c in " ".join(plain.split()))

    def _in_text(self, character: str) -> str:
        if symbol := _symbol(character):
            return rf"\ensuremath{{{symbol}}}"
        return "~" if character == "\u00a0" else tex_escape(self._nearest(character))

    def _nearest(self, character: str) -> str:
        if unicodedata.category(character) in ("Mn", "Cf", "Cc"):  # combining or invisible: nothing to see is lost
            return ""
        nearest = "".join(c for c in anyascii(character) if c in T1_CHARACTERS) or "?"
        if unicodedata.category(character) != "Zs":
            self.replaced[character] = nearest
        return nearest

    def note(self) -> str:
        """The replacements as TeX, by the Unicode names of the characters; empty where there were none."""
        return "; ".join(
            f"U+{ord(character):04X} {tex_escape(unicodedata.name(character, 'unnamed').lower())}: "
            rf"\texttt{{{tex_escape(nearest)}}}"
            for character, nearest in sorted(self.replaced.items())
        )


def _symbol(character: str) -> str:
    if character in SYMBOLS:
        return SYMBOLS[character]
    case, _, letter = unicodedata.name(character, "").removeprefix("GREEK ").partition(" LETTER ")
    name = letter.lower()
    if case == "SMALL" and name in GREEK.split():
        return "\\" + name.replace("lamda", "lambda")
    if case == "CAPITAL" and name in GREEK_CAPITALS.split():
        return "\\" + name.replace("lamda", "lambda").capitalize()
    return ""


def without_ansi(text: str) -> str:
    """The text without terminal colours, and as a terminal shows it: what follows a carriage return overwrites, what
    follows a backspace replaces. In linear time, since a progress bar may print a line of megabytes."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]{0,4096}\x07", "", text)
    return "\n".join(_overwritten(line) if "\r" in line or "\b" in line else line for line in plain.split("\n"))


def _overwritten(line: str) -> str:
    shown: list[str] = []
    for piece in line.split("\r"):
        kept: list[str] = []
        for character in piece:
            if character != "\b":
                kept.append(character)
            elif kept:
                kept.pop()
        shown[: len(kept)] = kept
    return "".join(shown)
