r"""Plain text made safe for TeX and for Markdown: pure functions.

Only characters for which LaTeX's T1 font encoding has a glyph or a composite (its file t1enc.dfu) may reach TeX;
anything else is refused here, in words, rather than by a hole in the page.
"""

from __future__ import annotations

import re

from writeup.claims import WriteupError

# Latin-1 and Latin Extended-A less what T1 lacks, the Romanian comma-below letters, and the punctuation of prose.
T1_CHARACTERS = (
    frozenset(map(chr, range(0x20, 0x7F)))
    | frozenset(map(chr, range(0xC0, 0x180))) - frozenset("×÷ĦħĸĿŀŉŦŧſ")
    | frozenset("ȘșȚț¡¿£«»‹›‘’‚“”„–—")
)

_TEX = {
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
    # T1 fonts join "--", ",," and "''" into a dash or a quotation mark; the empty group keeps them apart.
    "-": "-{}",
    ",": ",{}",
    "'": "'{}",
}
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_MARKDOWN = re.compile(
    r"[\\`*_{}\[\]<>#|~$&@^:]"  # markup, math, HTML, entities, links, mentions
    r"|(?<=\S)\.(?=\S)"  # www.example.org is a link without any markup
    r"|^[-+=]|(?<=-)-|^\d+[.)](?=\s|$)"  # lists, underlines of headings, rules
)


def unprintable(text: str) -> str:
    """The characters of `text`, each once and in order, that the document's fonts cannot show."""
    return "".join(dict.fromkeys(c for c in _WHITE_SPACE.sub(" ", text) if c not in T1_CHARACTERS))


def tex_escape(text: str) -> str:
    r"""`text` as TeX source that prints it: no command, group, comment, active character or ligature survives.

    White space of any length becomes one space. Raises `WriteupError` for characters that T1 fonts cannot show.
    """
    if bad := unprintable(text):
        raise WriteupError(
            f"cannot print {bad!r} ({', '.join(f'U+{ord(c):04X}' for c in bad)}) in {text!r}: the fonts show "
            r"Latin letters and common punctuation; write a symbol as math, for example $\le$"
        )
    spaced = _WHITE_SPACE.sub(" ", text)
    return "".join(c if c in "-,'" and spaced[i + 1 : i + 2] != c else _TEX.get(c, c) for i, c in enumerate(spaced))


def tex_label(text: str) -> str:
    r"""A label for TeX: plain text is escaped, `$...$` stays math, a line break becomes `\\`."""
    return r"\\".join(
        "".join(f"${part}$" if is_math else tex_escape(part) for is_math, part in math_parts(line))
        for line in text.split("\n")
    )


def math_parts(text: str) -> list[tuple[bool, str]]:
    """`text` cut at its dollar signs: (is math, part). Raises `WriteupError` where a dollar sign has no partner."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        raise WriteupError(f"label {text!r}: a dollar sign without its partner; math is written $...$")
    return [(index % 2 == 1, part) for index, part in enumerate(parts) if part]


_PLAIN_MATH = {
    "times": "×", "cdot": "·", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "approx": "≈", "pm": "±",
    "to": "→", "rightarrow": "→", "infty": "∞", "sum": "Σ", "sqrt": "√", "partial": "∂", "nabla": "∇", "dots": "…",
    "ldots": "…", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "log": "log", "exp": "exp", "min": "min", "max": "max",
    "quad": " ", ",": " ", ";": " ", " ": " ", "%": "%", "_": "_", "mid": "|", "in": "∈", "ell": "ℓ",
}  # fmt: skip
_PLAIN_SCRIPTS = {"^": dict(zip("0123456789+-nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ", strict=True)),
                  "_": dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))}  # fmt: skip


def plain_math(math: str) -> str:
    r"""TeX math of a label in Unicode, for pictures without TeX: `2^{-k}\,\times n` becomes `2⁻ᵏ × n` where it can.

    Raises `WriteupError` for a command that it does not know, rather than print something else than TeX does.
    """
    text = re.sub(r"\\(?:mathrm|text|mathbf|bm|operatorname)\s*\{([^{}]*)\}", r"\1", math)
    text = re.sub(r"\\t?d?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", text)

    def command(found: re.Match[str]) -> str:
        if found.group(1) not in _PLAIN_MATH:
            raise WriteupError(
                f"math ${math}$ in a label: no plain form is known for {found.group(0)!r}; "
                f"known commands are {', '.join(sorted(filter(str.isalpha, _PLAIN_MATH)))}"
            )
        return _PLAIN_MATH[found.group(1)]

    text = re.sub(r"\\([A-Za-z]+\s?|[^A-Za-z])", lambda m: command(re.match(r"\\(\S+|\s)", m.group()) or m), text)

    def script(found: re.Match[str]) -> str:
        content = found.group(2) if found.group(2) is not None else found.group(3)
        letters = _PLAIN_SCRIPTS[found.group(1)]
        if all(c in letters for c in content):
            return "".join(letters[c] for c in content)
        return found.group(1) + (content if len(content) == 1 else f"({content})")

    return re.sub(r"([\^_])(?:\{([^{}]*)\}|(\S))", script, text).replace("{", "").replace("}", "")


def markdown_escape(text: str) -> str:
    r"""`text` as Markdown (CommonMark, GitHub's and pandoc's) that shows it and does nothing else.

    Whatever could open markup gets a backslash, which all three readers drop before ASCII punctuation.
    White space of any length becomes one space.
    """
    return _MARKDOWN.sub(_backslashed, _WHITE_SPACE.sub(" ", text).strip())


def _backslashed(found: re.Match[str]) -> str:
    return found.group()[:-1] + "\\" + found.group()[-1]


def label_width(text: str) -> float:
    r"""A generous estimate in cm of the width of a label's longest line in `\footnotesize` (8 pt Latin Modern)."""
    lines = [
        "".join(plain_math(part) if is_math else part for is_math, part in math_parts(x)) for x in text.split("\n")
    ]
    return 0.158 * max(map(len, lines))
