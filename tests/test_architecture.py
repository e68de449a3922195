"""The arrows between the parts hold: imports run one way, and data are data."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("writeup", "answers", "experiments")


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def uses(path: Path, package: str) -> bool:
    return any(name == package or name.startswith(package + ".") for name in imported(path))


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [("writeup", "answers"), ("writeup", "experiments"), ("experiments", "answers")],
)
def test_imports_run_one_way(package, forbidden):
    assert [path.name for path in files(package) if uses(path, forbidden)] == []


@pytest.mark.parametrize("module", ["claims", "trust/ledger"])
def test_the_trust_core_does_not_know_how_documents_are_made(module):
    path = ROOT / "writeup" / f"{module}.py"
    assert not {
        name for name in imported(path) if name.startswith(("writeup.pages.render", "writeup.pages.pdf", "writeup.cli"))
    }


# Runs the public example, a program, from a folder that the user names.
RUNS_A_PROGRAM = "experiments/language_model/example.py"


def test_no_module_reads_pickles_or_evaluates_text():
    """Records and configuration are data."""
    offenders = []
    for package in PACKAGES:
        for path in files(package):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            calls = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            if calls & {"eval", "exec"} or uses(path, "pickle"):
                offenders.append(str(path.relative_to(ROOT)))
    assert offenders == [RUNS_A_PROGRAM]
