"""Writes reference.md, beside this file, from the docstrings: `make docs`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

import writeup.experiments
from writeup import facts
from writeup.assignment import Assignment, Notebook, Question, Section
from writeup.claims import Ref, Table
from writeup.cli import app
from writeup.estimators import Estimate, holm, pooled, pooled_probability, student
from writeup.facts import Facts, by, gap, when
from writeup.figures import drawing
from writeup.figures.drawing import Drawing
from writeup.figures.plot import PanelsDescription, PlotDescription, Reference, Series
from writeup.naming import Names
from writeup.pages import printed, submission
from writeup.pages.printed import PrintedFact
from writeup.pages.render import Page
from writeup.records.record import Record
from writeup.records.store import Records, save

FILE = Path(__file__).with_name("reference.md")
Entry = tuple[str, Any]  # how it is called, and what has its docstring

OF_FACTS = ("one_of", "on", "mean", "effect", "ratio", "change", "estimate", "rerun", "say")
SECTIONS: dict[str, tuple[str, list[Entry]]] = {
    "Facts: `writeup.facts`": (
        inspect.getdoc(facts) or "",
        [("a", Facts.__call__), *((f"a.{name}", getattr(Facts, name)) for name in OF_FACTS)],
    ),
    "Second routes: `writeup.facts`": ("", [(route.__name__, route) for route in (by, gap, when)]),
    "Estimates: `writeup.estimators`": (
        "",
        [(it.__name__, it) for it in (Estimate, student, pooled, pooled_probability, holm)],
    ),
    "Tables: `writeup.claims`": ("", [("Table", Table), ("Ref", Ref)]),
    "Plots: `writeup.figures.plot`": (
        "",
        [(made.__name__, made) for made in (PlotDescription, Series, Reference, PanelsDescription)],
    ),
    "Drawings: `writeup.figures.drawing`": (
        inspect.getdoc(drawing) or "",
        [
            (f"d.{name}", getattr(Drawing, name))
            for name in ("node", "arrow", "line", "text", "frame", "rectangle", "polygon", "at")
        ],
    ),
    "Templates": (
        f"{inspect.getdoc(printed)}\n\n`say`, `table`, `figure` and `math` stand around words: "
        '`<% call say("name") %>...<% endcall %>`.',
        [
            ("fact.bare", PrintedFact.bare), ("fact.plain", PrintedFact.plain), ("fact.ci", PrintedFact.ci),
            ("fact.ends", PrintedFact.ends),
            ("fact.tex", PrintedFact.tex), ("v", Page.fact), ("ref", Page.reference), ("say", Page.say),
            ("table", Page.table), ("figure", Page.figure), ("math", Page.mathematics),
        ],
    ),
    "Records: `writeup.records`": (
        "",
        [("Record", Record), ("Records", Records), ("records.of_kind", Records.of_kind), ("save", save)],
    ),
    "Experiments: `writeup.experiments`": (
        re.sub(r"^(`.+)\n    ", r"- \1: ", inspect.getdoc(writeup.experiments) or "", flags=re.MULTILINE),
        [],
    ),
    "`answers/assignment.toml`": (
        "",
        [
            ("", Assignment), ("[names]", Names), ("[[section]]", Section), ("[[question]]", Question),
            ("[notebook]", Notebook),
        ],
    ),
    "`submission.toml`": (inspect.getdoc(submission) or "", []),
}  # fmt: skip


def reference() -> str:
    """The whole file."""
    head = "# Reference\n\nWritten from the docstrings by `make docs`; what the words mean: [ideas](ideas.md)."
    parts = [head, *(_section(title, *given) for title, given in SECTIONS.items())]
    return "\n\n".join([*parts, "## Commands", *_commands()]) + "\n"


def _section(title: str, words: str, entries: list[Entry]) -> str:
    return "\n\n".join(filter(None, [f"## {title}", words, *(_entry(*entry) for entry in entries)]))


def _entry(called: str, what: Any) -> str:
    """A function by its signature, data by their fields, a property or class by its name, and the docstring."""
    said = inspect.getdoc(what) or ""
    if isinstance(what, property):
        return f"`<< {called} >>`\n\n{said}"
    if hasattr(what, "model_fields"):  # what is read from a file
        asked = [f"`{name}`" for name, field in what.model_fields.items() if field.is_required()]
        free = [f"`{name}`" for name, field in what.model_fields.items() if not field.is_required()]
        keys = " ".join(
            f"{words}: {', '.join(names)}." for words, names in (("Needed", asked), ("Free", free)) if names
        )
        return "\n\n".join(filter(None, [f"**{called}**" if called else "", said, keys]))
    return f"```python\n{called}{_signature(what)}\n```\n\n{said}"


def _signature(what: Callable[..., Any]) -> str:
    """Without what is given by itself, and with annotations as they are written."""
    signature = inspect.signature(what)
    given = [it for it in signature.parameters.values() if it.name not in ("self", "caller")]
    given = [it.replace(default=round(it.default, 9)) if isinstance(it.default, float) else it for it in given]
    shown = str(signature.replace(parameters=given))
    return re.sub(r"(: |-> )(['\"])(.*?)\2", r"\1\3", shown).removesuffix(" -> None")


def _commands() -> Iterator[str]:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        if command.hidden:
            continue
        told = [(max(given.opts, key=len), getattr(given, "help", None)) for given in command.params]
        rows = [f"- `{option}`: {said}" for option, said in told if said and option != "--root"]
        yield "\n\n".join(
            filter(None, [f"**`writeup {name}`** {inspect.cleandoc(command.help or '')}", "\n".join(rows)])
        )


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
