"""`make audit`: what a sceptic would redo, cheapest first, and how long trust took."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from writeup import readback
from writeup.assignment import Question, answer_to, load_assignment
from writeup.errors import Absent, CheckFailed, WriteupError
from writeup.experiments import rehearsal
from writeup.experiments.registry import registry
from writeup.folder import BUILD, LEDGER
from writeup.records.consistency import copies
from writeup.records.replay import largest_difference
from writeup.records.store import Record, Records, stale_sources
from writeup.trust import circular
from writeup.trust.certificate import Redone
from writeup.trust.ledger import Ledger, read
from writeup.trust.problem import Problem, last_lines
from writeup.trust.reruns import train_again
from writeup.trust.verify import verify


@dataclass(frozen=True)
class Item:
    """One thing to redo: `redo` returns what it showed; it raises `Absent` when something that it needs is not here,
    and whatever else when it does not hold."""

    what: str
    redo: Callable[[], str]


def items(root: Path, sample: int, seed: int) -> list[Item]:
    """Everything to redo, cheapest first. Of each kind `sample` records are replayed, drawn by `seed`.

    The draw is by chance, so that no forger can know which records are left out.
    """
    records = Records(root)
    found = [
        Item("records: consistent, current", lambda: _records(records, root)),
        Item("documents in build/ read back", lambda: _documents(root)),
        Item("claims and controls", lambda: _claims(root)),
    ]
    if len(records):
        found.append(Item("second routes read other fields", lambda: _circular(root)))
        found.append(Item("quick runs trained in full, twice", lambda: _retrained(root)))
        found += [
            Item(f"replay of {path} ({drawn} of {count} of its kind)", partial(_replayed, records, path, root))
            for path, drawn, count in _drawn(records, sample, seed)
        ]
        found += [
            Item(f"other seeds trained again, {question.id}", partial(_trained_again, question, root, sample, seed))
            for question in load_assignment(root).question
        ]
    return found


def states(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Path, date, device and state of every record: what changed since it was made, or when it was re-certified."""
    records = Records(root)
    for path in records:
        try:
            record = records[path]
        except WriteupError as error:
            yield path, "", "", str(error)
            continue
        changed = stale_sources(record, root)
        certified = f", re-certified {record.replays[-1].date}" if record.replays else ""
        yield path, record.date, record.device, f"stale: {', '.join(changed)}" if changed else f"current{certified}"


def carry_out(item: Item) -> Redone:
    """Redo one item."""
    start = time.perf_counter()
    holds: bool | None
    try:
        detail, holds = item.redo(), True
    except Absent as error:
        detail, holds = str(error), None
    except WriteupError as error:
        detail, holds = str(error), False
    except Exception:  # of a damaged file, say
        detail, holds = last_lines(), False
    return Redone(what=item.what, holds=holds, detail=detail, seconds=round(time.perf_counter() - start, 1))


def replay(record: Record, root: Path) -> float:
    """Repeat the record's probe with the code at hand; the largest relative difference of its numbers.

    Raises `CheckFailed` naming the number when one differs by more than `REPLAY_TOLERANCE`.
    """
    experiments = registry(root)
    experiment = experiments.experiment(record.kind)
    experiments.prepare()
    return largest_difference(record.probe, experiment.replay(record), record.path)


def _replayed(records: Records, path: str, root: Path) -> str:
    return f"largest difference {replay(records[path], root):.1e}"


def _drawn(records: Records, sample: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """Paths of the records that are replayed, with how many of how many of their kind those are."""
    chance = random.Random(seed)
    kinds: dict[str, list[str]] = {}
    for path in records:
        kinds.setdefault(path.partition("/")[0], []).append(path)
    for of_kind in kinds.values():
        drawn = sorted(chance.sample(of_kind, min(sample, len(of_kind))))
        yield from ((path, len(drawn), len(of_kind)) for path in drawn)


def _circular(root: Path) -> str:
    """No second route reads just what its value was read from, unless the answer says why it may."""
    said = [told for question in load_assignment(root).everything for told in circular.suspects(question, root)]
    if said:
        raise WriteupError(_first([Problem(id, what).seen_from(root) for id, what in said]))
    return "none reads just what its value was read from, unless its answer says why"


def _retrained(root: Path) -> str:
    """The quick runs of one kind come out as they are kept, and twice the same."""
    kind = registry(root).audited
    kept = rehearsal.kept_rehearsal(kind, root) if kind else None
    if kept is None:
        raise Absent(f"no rehearsal {f'of {kind} ' if kind else ''}is kept; `make experiments` keeps one")
    found, again = (rehearsal.fresh(kind, root)["outcome"] for _attempt in range(2))
    difference = largest_difference(kept["outcome"], found, kind)
    if again != found:
        raise CheckFailed(found, again, f"{kind} trained twice")
    return f"{len(found)} runs, the two the same to the last bit, {difference:.1e} from those that are kept"


def _trained_again(question: Question, root: Path, sample: int, seed: int) -> str:
    """Of every rerun of a question other values than `check` draws, up to `sample`, drawn by chance.

    A run in which rounding grows may end elsewhere on another processor, or alone instead of beside other seeds; so
    most of the values of a rerun must agree, and not every one.
    """
    problems: list[Problem] = []
    trained = agree = 0
    for asked in answer_to(question, Records(root), root).reruns:
        others = [k for k in range(len(asked.values)) if k != asked.drawn]
        drawn = random.Random(f"{seed} {asked.record} {asked.what}").sample(others, min(sample, len(others)))
        far: list[Problem] = []
        for k in drawn:
            train_again(replace(asked, drawn=k), far)
        trained, agree = trained + len(drawn), agree + len(drawn) - len(far)
        if 2 * len(far) > len(drawn):
            problems += far
    if problems:
        raise WriteupError(_first(problems))
    if not trained:
        raise Absent("nothing that the question rests on trains in seconds")
    return f"{agree} of {trained} values as they are recorded"


def _claims(root: Path) -> str:
    verification = verify(root)
    if verification.problems:
        raise WriteupError(_first(verification.problems))
    if (root / BUILD / LEDGER).is_file():
        _as_built(read(root / BUILD / LEDGER), verification.ledger)
    return f"{len(verification.ledger.claims)} claims hold, {verification.ledger.rejected()} wrong values rejected"


def _as_built(built: Ledger, found: Ledger) -> None:
    """Refuse a build that states something else than the answers do now."""
    stated = {row.id: row.shown for row in built.claims}
    asked = {row.question for row in built.claims}
    now = {row.id: row.shown for row in found.claims if row.question in asked}
    differ = [id for id in stated | now if stated.get(id) != now.get(id)]
    if other := [f"{id} is {now.get(id, 'gone')}, there {stated.get(id, 'not stated')}" for id in differ]:
        raise WriteupError(f"{BUILD / LEDGER} is of other answers: {_first(other)}; `make all` builds anew")


def _records(records: Records, root: Path) -> str:
    """Each is whole and free of contradictions (`load` refuses the others), none is a copy, none is stale."""
    loaded, problems = [], []
    for path in records:
        try:
            loaded.append(records[path])
        except WriteupError as error:
            problems.append(str(error))
    problems += copies(loaded)
    changed = {record.path: stale_sources(record, root) for record in loaded}
    problems += [f"{path} is stale ({', '.join(names)} changed)" for path, names in changed.items() if names]
    if problems:
        raise WriteupError(f"{_first(problems)}; `make experiments` replays them or runs them anew")
    certified = sum(bool(record.replays) for record in loaded)
    return f"{len(loaded)} records, {certified} of them re-certified by a replay"


def _documents(root: Path) -> str:
    if not (root / BUILD / LEDGER).is_file():
        raise Absent(f"{root / BUILD} holds nothing to read back; `make all` builds it")
    report = readback.read_back(root / BUILD)
    if report.findings:
        raise WriteupError(_first(report.findings))
    counts = ", ".join(f"{row.numbers} in {row.file}" for row in report.files)
    return f"every number is the ledger's: {counts}"


def _first(problems: Sequence[object]) -> str:
    """The first few problems in words, and how many more there are."""
    shown, rest = problems[:5], problems[5:]
    return "; ".join([*map(str, shown), *([f"and {len(rest)} more"] if rest else [])])
