"""Unicode's raised and lowered characters, which a picture shows where TeX has scripts."""

from __future__ import annotations

_RAISED = dict(zip("0123456789+-nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ", strict=True))
_LOWERED = dict(zip("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def unscripted(text: str) -> str:
    """The text with its raised and lowered Unicode characters put on the line: `10⁻³` becomes `10-3`."""
    onto_the_line = {ord(small): plain for letters in (_RAISED, _LOWERED) for plain, small in letters.items()}
    return text.translate(onto_the_line)
