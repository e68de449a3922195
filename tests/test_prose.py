"""Comparatives and number words of the templates: printed by a claim, cited, or listed with what they rest on.

A sentence that holds a word of the lexicon must print a claim (`<< ... >>`), cite a source (`[@...]`), or stand in
`prose.toml` with its reason. What this cannot see: a claim printed in a sentence that it does not support.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates" / "answers").glob("*.md.j2"))
LISTED: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "prose.toml").read_text(encoding="utf-8"))
LEXICON = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|half|twice|first|last|single|both|all|every|each|always|"
    r"never|none|only|most|least|more|less|fewer|fewest|equal|same|exactly|far|hardly|best|better|worse|worst|"
    r"low(?:er|est)|high(?:er|est)|larg(?:er|est)|small(?:er|est)|great(?:er|est)|fast(?:er|est)|slow(?:er|est)|"
    r"long(?:er|est)|short(?:er|est)|weak(?:er|est)|strong(?:er|est)|cheap(?:er|est)|saf(?:er|est)|steadier|smoother|"
    r"nois(?:ier|iest)|near(?:er|est)|eas(?:ier|iest))\b",
    re.IGNORECASE,
)
NOT_PROSE = (
    r"<#.*?#>",  # comments
    r"<% call math\(\) %>.*?<% endcall %>",  # displayed mathematics
    r"<%.*?%>",
    r"```.*?```",
)
NOT_WORDS = r"<<.*?>>|`[^`]*`|\$[^$]*\$"


def sentences(template: str) -> Iterator[str]:
    """The sentences of a template, on one line each; what prints a claim is kept as `<< ... >>`."""
    for pattern in NOT_PROSE:
        template = re.sub(pattern, " ", template, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n|\n(?=- |####)", template):
        yield from re.split(r"(?<=[.:;?])(?:\*\*)?\s+(?=[A-Z*`<(\[])", " ".join(paragraph.split()))


def unbacked(template: str) -> list[str]:
    """Sentences with a word of the lexicon that neither print a claim nor cite a source."""
    return [
        sentence
        for sentence in sentences(template)
        if LEXICON.search(re.sub(NOT_WORDS, " ", sentence)) and "<<" not in sentence and "[@" not in sentence
    ]


def question_of(path: Path) -> str:
    return path.name.removesuffix(".md.j2")


def left(path: Path) -> list[str]:
    listed = LISTED.get(question_of(path), {})
    found = unbacked(path.read_text(encoding="utf-8"))
    return [sentence for sentence in found if not any(fragment in sentence for fragment in listed)]


@pytest.mark.parametrize("path", TEMPLATES, ids=question_of)
def test_a_comparative_is_printed_cited_or_listed(path):
    assert left(path) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=question_of)
def test_an_entry_that_nothing_needs_is_an_error(path):
    found = unbacked(path.read_text(encoding="utf-8"))
    assert [f for f in LISTED.get(question_of(path), {}) if not any(f in sentence for sentence in found)] == []


def test_every_listed_question_has_a_template():
    assert set(LISTED) <= {question_of(path) for path in TEMPLATES}


def test_a_claim_that_an_entry_names_exists():
    ledger = json.loads((ROOT / "docs" / "sample" / "ledger.json").read_text(encoding="utf-8"))
    ids = {row["id"] for row in ledger["claims"]}
    named = [
        id for reasons in LISTED.values() for reason in reasons.values() for id in re.findall(r"claim (\S+)$", reason)
    ]
    assert [id for id in named if id not in ids] == []


@pytest.mark.parametrize(
    "sentence", ["The GRU is faster.", "It took twice as long.", "Every run converged.", "Two of\nthe cells did."]
)
def test_a_typed_comparison_is_found(sentence):
    assert len(unbacked(f"It runs.\n\n{sentence}\n")) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        'The << v(".faster") >> is faster.',
        "No cell is best [@melis2018].",
        "`all` is a name.",
        "<# the best comment #>It runs.",
    ],
)
def test_what_a_claim_or_a_source_backs_passes(sentence):
    assert unbacked(sentence) == []
