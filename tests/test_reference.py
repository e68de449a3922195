"""The reference says what the docstrings say now."""

import importlib.util

from tests.places import ROOT

SCRIPT = ROOT / "docs" / "reference.py"


def script():
    spec = importlib.util.spec_from_file_location("reference", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_make_docs_writes():
    made = script()
    assert made.FILE.read_text(encoding="utf-8") == made.reference(), "`make docs` writes it anew"


def test_everything_in_the_reference_has_a_docstring():
    made = script()
    without = [name for _, entries in made.SECTIONS.values() for name, what in entries if not what.__doc__]
    assert without == []
