"""The size functions as sympy expressions, from which the worked arithmetic of the document is typeset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy

from conv_solve.module import AnyModule
from conv_solve.windows import Window

FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
NAMES = ("n", "k", "s", "p", "d", "o", "r", "f", "a", "b", "m")
n, k, s, p, d, o, r, f, a, b, m = (sympy.Symbol(name) for name in NAMES)


def _sum(*terms: Any) -> Any:
    return sympy.Add(*terms, evaluate=False)


with sympy.evaluate(False):  # keep the terms in the order in which a textbook writes them
    _STEPS = _sum(n, 2 * p, sympy.Mul(-1, d, k - 1, evaluate=False), -1) / s
    WINDOWS = sympy.floor(_STEPS) + 1
    ROUNDED_UP = sympy.ceiling(_STEPS) + 1
    CEIL_MODE = sympy.Piecewise((ROUNDED_UP - 1, (ROUNDED_UP - 1) * s >= n + p), (ROUNDED_UP, True))
    TRANSPOSED = _sum((n - 1) * s, -2 * p, d * (k - 1), o, 1)
    UPSAMPLE = sympy.floor(n * f)
    SHUFFLE = n * r
    UNSHUFFLE = n / r
    PAD = _sum(n, a, b)


def form(module: AnyModule) -> Any:
    """The size after the module, in the symbols of its settings (a forced size is the symbol m)."""
    if getattr(module, "ceil_mode", False):
        return CEIL_MODE
    return {
        "Conv2d": WINDOWS,
        "MaxPool2d": WINDOWS,
        "AvgPool2d": WINDOWS,
        "ConvTranspose2d": TRANSPOSED,
        "Upsample": m if module.forces else UPSAMPLE,
        "PixelShuffle": SHUFFLE,
        "PixelUnshuffle": UNSHUFFLE,
        "ZeroPad2d": PAD,
        "AdaptiveAvgPool2d": m,
    }[module.name]


def values(module: AnyModule, setting: Any, size: int) -> Mapping[sympy.Symbol, Any]:
    """What the symbols stand for when `module` with `setting` meets `size` rows."""
    if isinstance(setting, Window):
        return dict(zip((n, k, s, p, d, o), (size, *setting), strict=True))
    if module.name == "ZeroPad2d":
        return {n: size, a: setting.before, b: setting.after}
    symbol = m if module.forces else f if module.name == "Upsample" else r
    return {n: size, symbol: setting}


def evaluate(module: AnyModule, setting: Any, size: int) -> int:
    """The size by the sympy form, where it is defined."""
    return int(form(module).subs(values(module, setting, size)).doit())


def tex(expression: Any, numbers: Mapping[sympy.Symbol, Any] | None = None) -> str:
    """TeX of a form; with `numbers`, each symbol's number stands in its place."""
    names = {symbol: _numeral(number) for symbol, number in (numbers or {}).items()}
    return sympy.latex(expression, symbol_names=names, mul_symbol="dot", order="none")


def worked(module: AnyModule, setting: Any, size: int) -> str:
    """One step of arithmetic, such as (111 - 1) * 2 - 2 * 0 + 1 * (14 - 1) + 0 + 1 = 234, in TeX for a line of text."""
    level = FRACTION.sub(r"(\1)/\2", tex(form(module), values(module, setting, size)))
    for tall, low in (
        (r"\left\lfloor{", r"\lfloor "),
        (r"}\right\rfloor", r" \rfloor"),
        (r"\left(", "("),
        (r"\right)", ")"),
    ):
        level = level.replace(tall, low)
    return f"{level} = {module.size(setting, size)}"


def _numeral(number: Any) -> str:
    return f"{float(number):g}" if number >= 0 else f"({float(number):g})"


def read(text: str) -> Any:
    """The expression that a TeX formula of this module says, read back from its text."""
    plain = FRACTION.sub(r"((\1)/(\2))", text).replace(r"\left", "").replace(r"\right", "").replace(r"\cdot", "*")
    for word, meaning in {r"\lfloor": "floor(", r"\lceil": "ceiling(", r"\rfloor": ")", r"\rceil": ")"}.items():
        plain = plain.replace(word, meaning)
    plain = plain.replace("{", "(").replace("}", ")")
    return sympy.sympify(plain, locals={name: sympy.Symbol(name) for name in NAMES})
