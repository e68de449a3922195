"""The arrows between the parts hold: imports run one way, and data are data."""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.places import ROOT
from writeup.mutants.imports import imported, module_of

PACKAGES = ("writeup", "conv_solve", "lab", "answers", "experiments")
# What the generator may know nothing of: this course, and what only some courses use.
FOREIGN = ("answers", "lab", "conv_solve", "experiments", "torch")
LOADER = "writeup/assignment.py"  # finds the course's modules by the names that its assignment.toml gives
STARTER = ROOT / "writeup/starter"  # data: the files of a new assignment
LARGEST_ROOM = 14
CROWDED = {"experiments/language_model": 25}  # to be divided; none may grow


def spelled(path: Path) -> set[str]:
    """Strings of a file's code that are dotted names, by which a module could be imported or run as well."""
    constants = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
    )
    strings = {node.value for node in constants if isinstance(node.value, str)}
    return {string for string in strings if re.fullmatch(r"\w+(\.\w+)+", string)}


def files(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if STARTER not in path.parents)


def uses(path: Path, package: str) -> bool:
    return any(name == package or name.startswith(package + ".") for name in imported(path))


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """The first circle that is met, as a path; none where there is none."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("package", FOREIGN)
def test_the_generator_knows_nothing_of_this_course_or_of_torch(package):
    by_string = [p.name for p in files("writeup") if any(name.startswith(f"{package}.") for name in spelled(p))]
    assert [path.name for path in files("writeup") if uses(path, package)] + by_string == []


def test_no_file_of_the_generator_speaks_of_this_course():
    words = re.compile(r"\bA3\b|DS-GA|\bPart ?[12]\b|part_two|[Hh]omework|WikiText|conv.solve")
    texts = {
        path: path.read_bytes().decode(errors="ignore") for path in (ROOT / "writeup").rglob("*") if path.is_file()
    }
    assert [
        str(path.relative_to(ROOT)) for path, text in texts.items() if path.suffix != ".pyc" and words.search(text)
    ] == []


def test_the_course_is_loaded_by_name_in_one_place():
    def loads(path):
        return "import_module" in {
            node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
        }

    assert [str(path.relative_to(ROOT)) for path in files("writeup") if loads(path)] == [LOADER]


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("experiments", "answers"),
        ("experiments", "lab"),
        ("lab", "answers"),
        ("lab", "writeup.claims"),
        ("lab", "writeup.facts"),
        ("conv_solve", "answers"),
        ("conv_solve", "writeup.claims"),
    ],
)
def test_imports_run_one_way(package, forbidden):
    assert [path.name for path in files(package) if uses(path, forbidden)] == []


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == []


def test_no_circle_hides_among_the_modules_of_the_generator():
    """Imports inside functions and names in strings count, too."""
    modules = {module_of(path.relative_to(ROOT)): path for path in files("writeup")}
    graph = {name: (imported(path) | spelled(path)) & modules.keys() - {name} for name, path in modules.items()}
    assert circles(graph) == []


def test_no_room_is_crowded():
    rooms = Counter(path.parent for package in PACKAGES for path in files(package) if path.name != "__init__.py")
    counts = {str(folder.relative_to(ROOT)): count for folder, count in rooms.items()}
    assert {room: count for room, count in counts.items() if count > CROWDED.get(room, LARGEST_ROOM)} == {}
    assert [room for room in CROWDED if counts[room] <= LARGEST_ROOM] == [], (
        "no longer crowded: strike it from the list"
    )


@pytest.mark.parametrize("module", ["claims", "trust/ledger"])
def test_the_trust_core_does_not_know_how_documents_are_made(module):
    path = ROOT / "writeup" / f"{module}.py"
    assert not {
        name for name in imported(path) if name.startswith(("writeup.pages.render", "writeup.pages.pdf", "writeup.cli"))
    }


# The public example, a program: from a folder that the user names, and its model as a constant of the module.
RUN_A_PROGRAM = ["lab/example_source.py", "experiments/language_model/example.py"]


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
    assert offenders == RUN_A_PROGRAM
