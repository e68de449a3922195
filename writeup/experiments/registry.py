"""The assignment's own experiments, found by the package that its `assignment.toml` names."""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from writeup.assignment import DESCRIPTION, course_module, load_assignment
from writeup.errors import WriteupError
from writeup.records.store import Record


@dataclass(frozen=True)
class Registry:
    """All experiments by their kind, the package that lists each, and the package that the assignment names."""

    package: ModuleType | None = None
    kinds: dict[str, Any] = field(default_factory=dict)
    listed_by: dict[str, ModuleType] = field(default_factory=dict)

    def experiment(self, kind: str) -> Any:
        """The experiment of this kind; raises `WriteupError` listing those that exist where there is none."""
        if kind not in self.kinds:
            raise WriteupError(f"no experiment of kind {kind!r}; there are {sorted(self.kinds)}")
        return self.kinds[kind]

    def rerun_reason(self, record: Record) -> str:
        """Why no probe can vouch for the record, as its package says; empty when one can. Silence is a reason, too."""
        self.experiment(record.kind)
        package = self.listed_by[record.kind]
        said = getattr(package, "rerun_reason", None)
        return said(record) if said else f"{package.__name__} does not say that its probe can vouch for it"

    def foreign_sources(self, record: Record) -> str:
        """What is wrong with the list of a record's sources, by which it would go stale; empty when nothing is."""
        if not record.sources:
            return "names no source, so it would never go stale"
        if not self.package:
            return ""
        self.experiment(record.kind)
        room = self.listed_by[record.kind].__name__.replace(".", "/")
        if not any(name.startswith(f"{room}/") for name in record.sources):
            return f"names no source of {room}, whose code makes records of its kind"
        home = self.package.__name__.replace(".", "/")
        others = [name for name in record.sources if not name.startswith(f"{home}/")]
        return f"names sources outside of {home}: {', '.join(others)}" if others else ""

    def prepare(self) -> None:
        """What a process does before its first run."""
        getattr(self.package, "prepare", lambda: None)()

    def require(self, settings: Any) -> None:
        """Raises `WriteupError` where something that the run reads is missing."""
        getattr(self.package, "require", lambda _: None)(settings)

    @property
    def alone(self) -> frozenset[str]:
        return getattr(self.package, "ALONE", frozenset())

    @property
    def audited(self) -> str:
        return getattr(self.package, "AUDITED", "")


@cache
def registry(root: Path, sought: str = "") -> Registry:
    """The experiments of the assignment in `root`; none where it names no package of them.

    Where a kind is sought, no more modules are imported than it takes to find it: all of them together are slow.
    """
    name = load_assignment(root).experiments
    if not name:
        return Registry()
    package = course_module(name, root)
    kinds: dict[str, Any] = {}
    listed_by: dict[str, ModuleType] = {}
    listed = [(name, listing) for listing in _packages(package, root) for name in getattr(listing, "MODULES", ())]
    for module_name, listing in sorted(listed, key=lambda one: sought not in one[0]):  # the likely ones first
        module = course_module(module_name, root)
        if module.KIND in kinds:
            both = f"{kinds[module.KIND].__name__} and {module_name}"
            raise WriteupError(f"experiments: {both} are both of kind {module.KIND!r}; a kind has one module")
        kinds[module.KIND], listed_by[module.KIND] = module, listing
        if sought == module.KIND:
            break
    if not kinds:
        raise WriteupError(f"{root / DESCRIPTION}: experiments = {name!r}, but no package there lists any in MODULES")
    return Registry(package, kinds, listed_by)


def _packages(package: ModuleType, root: Path) -> Iterator[ModuleType]:
    """The package and those directly inside it."""
    yield package
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.ispkg:
            yield course_module(f"{package.__name__}.{info.name}", root)
