"""Which module imports which, and putting a changed module in the place of one that is loaded."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Mapping
from pathlib import Path

from writeup.assignment import load_assignment


def module_of(path: Path) -> str:
    """The dotted name of a source file named relative to the root."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_closures(root: Path) -> dict[str, set[str]]:
    """For every module of the answers and experiments: the modules that it imports, directly or not, and itself."""
    assignment = load_assignment(root)
    folders = [*assignment.code, *([assignment.experiments] if assignment.experiments else [])]
    files = {module_of(p.relative_to(root)): p for folder in folders for p in (root / folder).rglob("*.py")}
    direct = {name: imported(path) & files.keys() for name, path in files.items()}
    closures = {}
    for name in files:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            if (module := waiting.pop()) not in reached:
                reached.add(module)
                waiting += direct[module]
        closures[name] = reached
    return closures


def imported(path: Path) -> set[str]:
    """The names that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def exchange(module: str, tree: ast.Module, root: Path, closures: Mapping[str, set[str]]) -> None:
    """From now on, importing the module executes `tree`; it, and all that import it, are to be imported anew."""
    for name, reached in closures.items():
        if module in reached and name in sys.modules:
            del sys.modules[name]
            package, _, last = name.rpartition(".")
            if package in sys.modules:
                vars(sys.modules[package]).pop(last, None)  # or `from package import last` finds the old one there
    sys.meta_path.insert(0, _Changed(module, tree, root))


class _Changed(importlib.machinery.SourceFileLoader):
    """Finds one module and executes the changed tree for it."""

    def __init__(self, module: str, tree: ast.Module, root: Path) -> None:
        super().__init__(module, str(root.joinpath(*module.split(".")).with_suffix(".py")))
        self.tree = tree

    def find_spec(self, name: str, _path: object, _target: object = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, _fullname: str) -> types.CodeType:
        code: types.CodeType = compile(self.tree, self.path, "exec")
        return code
