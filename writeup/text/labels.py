"""Unicode's raised and lowered characters, which a picture shows where TeX has scripts."""

from __future__ import annotations

_ONTO_THE_LINE = str.maketrans(
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵀ₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
    "0123456789+-nT0123456789+-aehijklmnoprstuvx",
)


def unscripted(text: str) -> str:
    """The text with its raised and lowered Unicode characters put on the line: `10⁻³` becomes `10-3`."""
    return text.translate(_ONTO_THE_LINE)
