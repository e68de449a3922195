"""No typed numbers: what reaches a reader holds no digit that is not allowed, with a reason, by the lists below.

Two sources of words are walked: the templates, and the prose in the modules of `answers/` (texts of claims, reasons of
controls, routes of checks, headers, captions, labels; docstrings of Part 2, which the notebook shows).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = [*sorted((ROOT / "templates" / "answers").glob("*.md.j2")), ROOT / "writeup/pages/layouts/document.md.j2"]

# What may hold a digit in a template, and why.
ALLOWED = {
    r"<<.*?>>|<%.*?%>|<#.*?#>": "template code: it prints what the ledger holds",
    r"\[@[^\]]*\]": "citation keys",
    r"\(#[^)]*\)": "link targets",
    r"`[^`\n]*`": "names of the program, such as nn.Conv2d; values are printed by claims",
    r"\b[12]D\b": "two-dimensional, in the assignment's own words",
}
# Constants of a formula, in mathematics only: the one in 1/(1-p), exponents, indices, halves.
FORMULA_CONSTANT = re.compile(r"(?<![\d.])[0-4](?![\d.])")
MATHEMATICS = re.compile(r"<% call math\(\) %>.*?<% endcall %>|\$[^$\n]+\$", re.DOTALL)

# What may hold a digit in the prose of a module, and why.
ALLOWED_IN_CODE = {
    r"\b64x111x111 -> 4x234x234": "the assignment's own shapes",
    r"\bquestion 1\.1\b": "label of a question",
    r"[HW]' = [^,;]*": "constants of a size formula",
    r"\(count \+ 1\)|^[+-] 2$|^ [+-] 1\}?$|^2 V h$|1e-$|1 / \(1 - p\)|\b1-p\b": "constants of a formula",
    r"\beps = 0\b|[+-] 1 forgotten|closing \+ 1": "constants of a formula",
    r"\(distance 0: 1\)": "definition of an axis: the norm at distance nought is the unit",
    r"^2 to the loss": "the slip of taking two for e",
    r"rate / 4": "the example's own rule, cited in the answer",
    r"\b4 gates\b": "definition of the LSTM",
    r"\b9[05] % interval\b": "a level; the claim .level of the question checks it",
    r"\bbatch 2\b|\b(?:60000 masks|200000 samples|32000 channels)\b": "sample that a check draws for itself",
    r"\b(?:1000 simulated samples|20,000 simulated studies)\b": "sample that a check draws for itself",
    r"\b0\.99 to 1\b": "a range that a check asks for",
    r"probability of 0\.3": "setting of an example",
    r"\baround 1000\b": "setting of a trial",
    r"`one_hot` 0": "argument of a function",
    r"(?:,|al\.,) \d{4}[;)]": "years of citations",
    r"\bWikiText-2\b": "name of a corpus",
    r"\b[A-Za-z]+\d+[A-Za-z]*\b": "names: Conv2d, float32, sha256",
}
# Modules whose strings no document prints: a program of its own with its settings, and what is said of a bad record.
NOT_PRINTED = {"study/laws.py"}


def digits_left(text: str) -> list[str]:
    """Lines of a template that hold a digit which nothing on the list allows."""
    text = MATHEMATICS.sub(lambda match: FORMULA_CONSTANT.sub("", match[0].replace("<% call math() %>", "")), text)
    for pattern in ALLOWED:
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    return [line.strip() for line in text.splitlines() if re.search(r"\d", line)]


def prose(source: str, docstrings: bool = False) -> Iterator[str]:
    """The strings of a module that have a space in them, less those of errors; docstrings of functions on demand."""
    tree = ast.parse(source)
    holders = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    unprinted = {
        id(node.body[0].value)
        for node in holders
        if node.body and isinstance(node.body[0], ast.Expr) and not (docstrings and node is not tree)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            unprinted |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unprinted:
            yield from [node.value] if " " in node.value.strip() else []


def digits_in_prose(text: str) -> bool:
    """Whether a string of a module holds a digit that nothing on its list allows. TeX may hold formula constants."""
    if "\\" in text or "^" in text:
        text = FORMULA_CONSTANT.sub("", text)
    for pattern in ALLOWED_IN_CODE:
        text = re.sub(pattern, "", text)
    return re.search(r"\d", text) is not None


def strings_of_modules() -> dict[str, list[str]]:
    modules = {path.relative_to(ROOT / "answers").as_posix(): path for path in (ROOT / "answers").rglob("*.py")}
    return {
        name: list(prose(path.read_text(encoding="utf-8"), docstrings=name.startswith("part_two/")))
        for name, path in sorted(modules.items())
        if name not in NOT_PRINTED
    }


STRINGS = strings_of_modules()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_types_no_number(path):
    assert digits_left(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", STRINGS)
def test_the_prose_of_a_module_types_no_number(name):
    assert [text for text in STRINGS[name] if digits_in_prose(text)] == []


@pytest.mark.parametrize("pattern", ALLOWED)
def test_every_entry_for_templates_is_needed(pattern):
    texts = (re.findall(pattern, path.read_text(encoding="utf-8"), re.DOTALL) for path in TEMPLATES)
    assert any(re.search(r"\d", found) for each in texts for found in each)


@pytest.mark.parametrize("pattern", ALLOWED_IN_CODE)
def test_every_entry_for_modules_is_needed(pattern):
    assert any(re.search(pattern, text) and re.search(r"\d", text) for texts in STRINGS.values() for text in texts)


@pytest.mark.parametrize("sentence", ["It took 14 steps.", "A factor of $1.5$.", "The year 2015.", "$k = 14$"])
def test_a_typed_number_is_found(sentence):
    assert len(digits_left(sentence)) == 1


@pytest.mark.parametrize(
    "sentence", ["$1/(1-p)$ and $x^2$", 'It is << v(".k2") >>.', "[@srivastava2014]", "`nn.Conv2d`"]
)
def test_what_is_allowed_passes(sentence):
    assert digits_left(sentence) == []


def test_a_number_typed_in_a_claims_text_is_found():
    texts = prose('"""About 9 of it."""\nclaim("1.1.x", 3, "wrong by 17 rows")\nraise ValueError(f"1 to {n} only")\n')
    assert [text for text in texts if digits_in_prose(text)] == ["wrong by 17 rows"]
