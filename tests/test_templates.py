"""Templates hold words and layout: no digit that is not allowed, with a reason, by the list below."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = [*sorted((ROOT / "templates" / "answers").glob("*.md.j2")), ROOT / "templates" / "document.md.j2"]

# What may hold a digit, and why.
ALLOWED = {
    r"<<.*?>>|<%.*?%>|<#.*?#>": "template code: it prints what the ledger holds",
    r"\[@[^\]]*\]": "citation keys",
    r"\(#[^)]*\)": "link targets",
    r"`[^`\n]*`": "names of the program, such as nn.Conv2d; values are printed by claims",
    r"\b(?:[12])D\b|\b[12]-D\b": "two-dimensional, in the assignment's own words",
    r"\bL[12]\b|\$\\ell_[12]\$": "names of norms",
    r"\{=latex\}.*?```": "layout",
}
# Constants of a formula, in mathematics only: the one in 1/(1-p), exponents, indices, halves.
FORMULA_CONSTANT = re.compile(r"(?<![\d.])[0-4](?![\d.])")
MATHEMATICS = re.compile(r"<% call math\(\) %>.*?<% endcall %>|\$[^$\n]+\$", re.DOTALL)


def digits_left(text: str) -> list[str]:
    """Lines that hold a digit which nothing on the list allows."""
    text = MATHEMATICS.sub(lambda match: FORMULA_CONSTANT.sub("", match[0].replace("<% call math() %>", "")), text)
    for pattern in ALLOWED:
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    return [line.strip() for line in text.splitlines() if re.search(r"\d", line)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_types_no_number(path):
    assert digits_left(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("sentence", ["It took 14 steps.", "A factor of $1.5$.", "The year 2015.", "$k = 14$"])
def test_a_typed_number_is_found(sentence):
    assert digits_left(sentence) == [sentence] or digits_left(sentence) != []


@pytest.mark.parametrize(
    "sentence", ["$1/(1-p)$ and $x^2$", 'It is << v(".k2") >>.', "[@srivastava2014]", "`nn.Conv2d`"]
)
def test_what_is_allowed_passes(sentence):
    assert digits_left(sentence) == []
