"""What an edit of a record comes to: found by `check`, by `audit`, or by neither.

    python -m tests.campaign_records [EDITS] [SEED] [KINDS]

Each edit changes one number of a committed record, and is tried in a copy of the project in which only the questions
that read the record are verified: as an editor leaves it, and sealed again and accepted into the manifest, as a forger
would. Where `check` holds, the record's probe is replayed and other seeds are trained again, as `audit` does with what
it draws. Kinds take turns; record, series, point and factor are drawn. Of the KINDS named ("all" are all), only sealed
edits that change something printed, or that `check` finds, count: each is drawn anew until one does, at most TRIES
times. Takes half an hour; not a part of `make test`.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from tests.places import ROOT
from writeup import audit
from writeup.assignment import Notebook, Question, load_assignment
from writeup.errors import WriteupError
from writeup.mutants.forgeries import overlay
from writeup.records import manifest
from writeup.records.record import Record, sealed
from writeup.records.store import RESULTS, Records
from writeup.trust.forking import run_forked
from writeup.trust.question import Verified, verify_question

FACTORS = (0.5, 0.9, 0.98, 1.02, 1.1, 2.0)
FIELDS = ("metrics", "curves", "timing")
TRIES = 12
SAMPLE = 2  # values of every rerun that the audit trains, of some twenty


def numbers(value: object, where: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    """The places of all numbers below a value."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in numbers(item, (*where, key))]
    if isinstance(value, list):
        return [place for key, item in enumerate(value) for place in numbers(item, (*where, key))]
    return [where] if isinstance(value, (int, float)) and not isinstance(value, bool) and value else []


def edited(path: str, chance: random.Random) -> tuple[str, dict]:
    """A record with one number changed, and what was changed: a field, then a series of it, then a point."""
    content = json.loads((ROOT / RESULTS / f"{path}.json").read_text(encoding="utf-8"))
    series: dict[str, dict] = defaultdict(lambda: defaultdict(list))
    for place in (place for field in FIELDS for place in numbers(content[field], (field,))):
        series[place[0]][place[:-1] if isinstance(place[-1], int) else place].append(place)
    field = chance.choice(sorted(series))
    place = chance.choice(series[field][chance.choice(sorted(series[field], key=str))])
    *within, last = place
    parent = content
    for key in within:
        parent = parent[key]
    factor = chance.choice(FACTORS)
    new = parent[last] * factor
    if isinstance(parent[last], int):
        new = round(new) if round(new) != parent[last] else parent[last] + 1
    what = f"{'.'.join(map(str, place))}: {parent[last]:g} -> {new:g}"
    parent[last] = new
    return what, content


def readers() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """By record, the questions that read it; by question, what it prints. Everything is warm afterwards."""
    found: dict[str, set[str]] = defaultdict(set)
    printed: dict[str, set[str]] = {}
    for question in load_assignment(ROOT).everything:
        verified = verify_question(question, ROOT)
        assert not verified.problems, verified.problems
        printed[question.id] = printed_in(verified)
        for row in verified.records:
            found[row.path].add(question.id)
    return found, printed


def printed_in(verified: Verified) -> set[str]:
    """What the claims of a question print."""
    return {f"{row.id} {row.shown} {row.shown_ends}" for row in verified.rows}


def found_by_check(root: Path, questions: list[Question]) -> tuple[str, set[str]]:
    """The first problem that `check` names, nothing where it holds; and what the questions print."""
    shown: set[str] = set()
    for where, what in manifest.problems(root):
        return f"{where} {what}", shown
    for question in questions:
        verified = verify_question(question, root)
        if verified.problems:
            return str(verified.problems[0]), shown
        shown |= printed_in(verified)
    return "", shown


def found_by_audit(root: Path, path: str, questions: list[Question], seed: int) -> str:
    """What the audit's items for this record say; nothing where they hold."""
    items = [lambda: audit.replay(Records(root)[path], root)]
    items += [lambda q=question: audit._trained_again(q, root, SAMPLE, seed) for question in questions]
    for item in items:
        try:
            item()
        except audit.Absent:
            continue
        except WriteupError as error:
            return str(error)
    return ""


def copy(folder: Path, path: str, content: dict, forged: bool) -> Path:
    """The project with the record; sealed again and in the manifest where it is forged."""
    if forged:
        content = content | {"seal": sealed(Record.model_validate_json(json.dumps(content)))}
    root = overlay(ROOT, folder, {path: json.dumps(content)})
    if forged:
        manifest.accept(root)
    return root


def tried(
    path: str, content: dict, questions: list[Question], before: set[str], seed: int, printed_only: bool
) -> tuple[str, str, str]:
    """What finds the edit unsealed; who finds it sealed again, and what is said, or what is printed otherwise."""
    plain = ""
    if not printed_only:
        with tempfile.TemporaryDirectory() as folder:
            plain, _ = found_by_check(copy(Path(folder), path, content, forged=False), questions)
    with tempfile.TemporaryDirectory() as folder:
        root = copy(Path(folder), path, content, forged=True)
        said, shown = found_by_check(root, questions)
        if said:
            return plain, "check", said
        changed = sorted(shown - before)
        if (changed or not printed_only) and (
            said := found_by_audit(root, path, [q for q in questions if not isinstance(q, Notebook)], seed)
        ):
            return plain, "audit", said
    return plain, "neither, printed" if changed else "neither, not printed", "; ".join(changed)


def main(edits: int = 40, seed: int = 15, only: str = "") -> None:
    chance, (reads, before) = random.Random(seed), readers()
    kinds: dict[str, list[str]] = defaultdict(list)
    for path in sorted(reads):
        if only in ("", "all") or path.partition("/")[0] in only.split(","):
            kinds[path.partition("/")[0]].append(path)
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    for kind in islice(cycle(sorted(kinds)), edits):
        for _ in range(TRIES if only else 1):
            path = chance.choice(kinds[kind])
            what, content = edited(path, chance)
            questions = [question for question in load_assignment(ROOT).everything if question.id in reads[path]]
            printed = set().union(*(before[question.id] for question in questions))
            task = partial(tried, path, content, questions, printed, seed, bool(only))
            ((_, (plain, by, said)),) = run_forked(1, [(path, task)])
            if by != "neither, not printed":
                break
        if not only:
            ended[kind]["unsealed, found" if plain else "unsealed, MISSED"] += 1
        ended[kind][by] += 1
        print(f"{by:>20}  {path}  {what}  {said[:160]}", flush=True)
    columns = sorted({name for counts in ended.values() for name in counts})
    print("kind | " + " | ".join(columns))
    for kind, counts in ended.items():
        print(f"{kind} | " + " | ".join(str(counts[name]) for name in columns))
    print("all | " + " | ".join(str(sum(counts[name] for counts in ended.values())) for name in columns))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: a process of several threads cannot be copied
    sys.path.insert(0, str(ROOT))
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
