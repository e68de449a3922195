r"""Labels of figures: plain text in which `$...$` is math, for TeX and, as Unicode, for pictures without TeX."""

from __future__ import annotations

import re

from writeup.errors import WriteupError
from writeup.text.escape import tex_escape

CHARACTER = 0.158  # cm: a generous mean width in \footnotesize of an 11 pt document (9 pt Latin Modern)
# fmt: off
_SYMBOLS = {
    "times": "×", "cdot": "·", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "approx": "≈", "pm": "±",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "infty": "∞", "sum": "Σ", "sqrt": "√", "partial": "∂",
    "nabla": "∇", "dots": "…", "ldots": "…", "in": "∈", "ell": "ℓ", "mid": "|", "odot": "⊙",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η",
    "theta": "θ", "lambda": "λ", "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω",
    "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "log": "log", "exp": "exp", "tanh": "tanh", "min": "min", "max": "max",
    "left": "", "right": "", "quad": " ", ",": " ", ";": " ", " ": " ", "%": "%", "_": "_", "#": "#", "&": "&",
}
# fmt: on
_RAISED = dict(zip("0123456789+-nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ", strict=True))
_LOWERED = dict(zip("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def math_parts(text: str) -> list[tuple[bool, str]]:
    """`text` cut at its dollar signs: (is math, part). Raises `WriteupError` where a dollar sign has no partner."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        raise WriteupError(f"label {text!r}: a dollar sign without its partner; math is written $...$")
    return [(index % 2 == 1, part) for index, part in enumerate(parts) if part]


def tex_label(text: str) -> str:
    r"""A label for TeX: plain text is escaped, `$...$` stays math, a line break becomes `\\`."""
    return r"\\".join(
        "".join(f"${part}$" if is_math else tex_escape(part) for is_math, part in math_parts(line))
        for line in text.split("\n")
    )


def plain_label(text: str) -> str:
    r"""A label in Unicode: `$35 \times 10^{-3}$` becomes `35 × 10⁻³`.

    Raises `WriteupError` for a command without a plain form, rather than show something else than TeX does.
    """
    return "".join(_plain_math(part) if is_math else part for is_math, part in math_parts(text))


def unscripted(text: str) -> str:
    """The text with its raised and lowered Unicode characters put on the line: `10⁻³` becomes `10-3`."""
    onto_the_line = {ord(small): plain for letters in (_RAISED, _LOWERED) for plain, small in letters.items()}
    return text.translate(onto_the_line)


def label_width(text: str) -> float:
    r"""An estimate in cm, rather too wide than too narrow, of a label's longest line in `\footnotesize`."""
    visible = re.sub(r"\\[A-Za-z]+", "x", re.sub(r"[${}^_]", "", text))
    return CHARACTER * max(len(line) for line in visible.split("\n"))


def _plain_math(math: str) -> str:
    text = re.sub(r"\\(?:mathrm|text|mathbf|bm|operatorname)\s*\{([^{}]*)\}", r"\1", math)
    text = re.sub(r"\\[td]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\([A-Za-z]+|[^A-Za-z])", _symbol, text)
    text = re.sub(r"([\^_])(?:\{([^{}]*)\}|(\S))", _script, text)
    return text.replace("{", "").replace("}", "")


def _symbol(found: re.Match[str]) -> str:
    if found[1] not in _SYMBOLS:
        known = ", ".join(sorted(filter(str.isalpha, _SYMBOLS)))
        raise WriteupError(f"math {found.string!r} in a label: {found[0]!r} has no plain form; these have one: {known}")
    return _SYMBOLS[found[1]]


def _script(found: re.Match[str]) -> str:
    content = found[2] if found[2] is not None else found[3]
    letters = _RAISED if found[1] == "^" else _LOWERED
    if all(c in letters for c in content):
        return "".join(letters[c] for c in content)
    return found[1] + (content if len(content) == 1 else f"({content})")
