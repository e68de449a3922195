"""The candidates, a stated sample of them, and the results so far.

A result holds as long as the sources and records that it rests on do: it is filed under their fingerprint, so a
campaign that was interrupted, or that follows a mend, tries only what it has to.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from writeup.assignment import load_assignment
from writeup.mutants.bench import Bench
from writeup.mutants.effect import FOUND, Outcome
from writeup.mutants.forgeries import Forgery, forgeries, overlay
from writeup.mutants.imports import module_of
from writeup.mutants.operators import Mutant, mutants, mutated
from writeup.records.store import RESULTS, source_fingerprint, write_whole

CODE, RECORDS = "answers", "records"


@dataclass(frozen=True)
class Fault:
    """A candidate: what is changed. `line` is the text of its line (code) or the records' names (records)."""

    change: Mutant | Forgery
    file: str
    line: str

    @property
    def part(self) -> str:
        return CODE if isinstance(self.change, Mutant) else RECORDS


class Campaign:
    """All faults of a project, and trying a sample of them on a `Bench`."""

    def __init__(self, root: Path, bench: Bench, results: Path) -> None:
        self.root, self.bench, self.results = root, bench, results

    @cached_property
    def faults(self) -> list[Fault]:
        return [*self._in_code(), *self._in_records()]

    def _in_code(self) -> Iterator[Fault]:
        assignment = load_assignment(self.root)
        for path in sorted(path for folder in assignment.code for path in (self.root / folder).rglob("*.py")):
            file = path.relative_to(self.root)
            if any(map(file.match, assignment.unchecked)) or not self.bench.resting_on_module(module_of(file)):
                continue
            source = path.read_text(encoding="utf-8")
            lines = source.splitlines()
            for mutant in mutants(source, file.as_posix()):
                yield Fault(mutant, mutant.file, lines[mutant.line - 1].strip())

    def _in_records(self) -> Iterator[Fault]:
        read = set().union(*self.bench.records.values())
        for forgery in forgeries(self.root):
            if read & forgery.files.keys():
                yield Fault(forgery, RESULTS.as_posix(), ", ".join(forgery.files))

    def sample(self, part: str, size: int, seed: int) -> list[Fault]:
        """The first `size` (0: all) of the part's faults, in an order drawn from `seed`."""
        of_part = [fault for fault in self.faults if fault.part == part]
        random.Random(seed).shuffle(of_part)
        return of_part[: size or None]

    def key(self, fault: Fault) -> str:
        """The fault and the fingerprint of everything that its outcome rests on."""
        return hashlib.sha256(f"{self._rests_on(fault)}{fault.change!r}{fault.line}".encode()).hexdigest()[:24]

    def _rests_on(self, fault: Fault) -> str:
        if isinstance(fault.change, Mutant):
            asked = self.bench.resting_on_module(module_of(Path(fault.file)))
        else:
            asked = self.bench.resting_on_records(fault.change.files)
        return "".join(self._prints[question.id] for question in asked)

    @property
    def sources(self) -> str:
        """One fingerprint of all that the outcomes rest on."""
        return hashlib.sha256("".join(self._prints.values()).encode()).hexdigest()[:16]

    @cached_property
    def _prints(self) -> dict[str, str]:
        """Of every question, the fingerprint of its sources and records."""
        prints = {}
        for question in self.bench.questions:
            modules = sorted(self.bench.closures[f"answers.{question.module}"])
            found = [source_fingerprint(self._file(module)) for module in modules]
            found += [(self.root / RESULTS / f"{p}.json").read_text() for p in sorted(self.bench.records[question.id])]
            prints[question.id] = hashlib.sha256("".join(found).encode()).hexdigest()
        return prints

    def _file(self, module: str) -> Path:
        path = self.root.joinpath(*module.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    def task(self, fault: Fault) -> partial[Outcome]:
        """What a forked copy is to do for the fault."""
        if isinstance(fault.change, Mutant):
            tree = mutated((self.root / fault.file).read_text(encoding="utf-8"), fault.change)
            return partial(self.bench.try_module, module_of(Path(fault.file)), tree)
        return partial(_try_forgery, self.bench, self.root, fault.change)

    def known(self) -> dict[str, Outcome]:
        """Results of earlier campaigns."""
        if not self.results.is_file():
            return {}
        whole, _, cut = self.results.read_text(encoding="utf-8").rpartition("\n")
        if cut:  # by the end of the campaign that wrote it
            write_whole(self.results, f"{whole}\n" if whole else "")
        return {row.pop("key"): Outcome(**row) for row in map(json.loads, whole.splitlines())}

    def note(self, fault: Fault, outcome: Outcome) -> None:
        self.results.parent.mkdir(parents=True, exist_ok=True)
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": self.key(fault), **asdict(outcome)}) + "\n")


def _try_forgery(bench: Bench, root: Path, forgery: Forgery) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return bench.try_records(overlay(root, Path(folder), forgery.files), list(forgery.files))


@dataclass(frozen=True)
class Score:
    """Of one part: how the faults of the sample ended; `survivors` passed with an effect."""

    part: str
    candidates: int
    tried: int
    ended: Counter[str]
    survivors: tuple[Fault, ...]
    seconds: float

    @property
    def share(self) -> float:
        """Found faults by all but the idle ones."""
        found = sum(self.ended[verdict] for verdict in FOUND)
        return found / (found + len(self.survivors)) if found else 1.0 - bool(self.survivors)


def score(part: str, candidates: int, outcomes: dict[Fault, Outcome], start: float) -> Score:
    """Count the outcomes."""
    survived = tuple(fault for fault, outcome in outcomes.items() if outcome.verdict in ("weakens", "shows"))
    ended = Counter(outcome.verdict for outcome in outcomes.values())
    return Score(part, candidates, len(outcomes), ended, survived, time.monotonic() - start)


def summary(scores: Sequence[Score], seed: int, sources: str) -> dict[str, object]:
    """The scores as JSON, with what they were measured on."""
    parts = {
        one.part: {
            "candidates": one.candidates,
            "tried": one.tried,
            **one.ended,
            "survivors": [str(fault.change) for fault in one.survivors],
            "share found": round(one.share, 4),
            "minutes": round(one.seconds / 60, 1),
        }
        for one in scores
    }
    return {"date": datetime.now(UTC).date().isoformat(), "sources": sources, "seed": seed, **parts}
