"""What a kill, a second build and hostile input leave: old or new files, whole, and one clear message.

    python -m tests.campaign_faults [BUILDS] [OTHERS] [PAIRS] [INPUTS] [SEED]

So many builds are killed, a third of them while the files are written; then so many each of: builds while a notebook
runs, checks, experiments at tiny size. Builds are of tests/tiny, the others of this course, all on copies. INPUTS is 0
or 1. Takes some minutes; not a part of `make test`, run by hand and before a release.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from tests.places import ROOT
from tests.processes import heed_interrupts
from writeup.errors import WriteupError
from writeup.records.store import load

BUILD = [sys.executable, "-m", "writeup", "build"]
CHECK = [sys.executable, "-m", "writeup", "check", "--question", "1.2b"]  # trains again, in copies of a process
EXPERIMENTS = [sys.executable, "-m", "writeup", "experiments", "--preset", "quick", "--kind", "language_model"]
SOLVE = [sys.executable, "-m", "conv_solve.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
SECONDS = 90  # after which a command hangs
SIDE_BY_SIDE = 3
WHOLE = 6.0  # seconds of a build, about: random kills fall within
NAMES = {"first_name": "Ada", "last_name": "Lovelace", "netid": "al1"}


def copied(folder: Path, source: str = "tests/tiny") -> Path:
    """An assignment in a folder of its own, with a place for temporary files beside it."""
    (folder / "tmp").mkdir(parents=True)
    apart = shutil.ignore_patterns(".*", "build", "docs", "tests", "__pycache__")
    return Path(shutil.copytree(ROOT / source, folder / "tiny", ignore=apart))


def start(command: list[str], root: Path, **options: object) -> subprocess.Popen:
    """A command whose temporary files, caches and processes are told by its folder."""
    environment = ENVIRONMENT | {"TMPDIR": str(root.parent / "tmp"), "XDG_CACHE_HOME": str(root.parent / "cache")}
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    given["preexec_fn"] = heed_interrupts
    return subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, errors="replace", **given)


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def outside(root: Path) -> dict[str, str]:
    """What no build may touch."""
    return {name: sha for name, sha in files(root).items() if not name.startswith(("build/", ".cache/"))}


def stamped(build: Path) -> dict[str, str]:
    """What a folder's stamp says that it holds."""
    try:
        return json.loads((build / ".stamp.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError):
        return {}


def whole(build: Path) -> bool:
    """Whether a folder holds what its stamp says and nothing else."""
    found = files(build)
    return found.pop(".stamp.json", None) is not None and found == stamped(build)


def orphans(folder: Path) -> int:
    """Processes at work for a folder that live three seconds after the first of them was killed."""
    for _ in range(30):
        living = 0
        for process in psutil.process_iter(["cwd", "environ", "status"]):
            here = str(folder) in f"{process.info['cwd']} {process.info['environ']}"
            living += here and process.info["status"] != psutil.STATUS_ZOMBIE
        if not living:
            break
        time.sleep(0.1)
    return living


def struck(command: list[str], root: Path, seconds: float) -> Counter[str]:
    """A command killed after so long, and the processes that it leaves."""
    process = start(command, root, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return Counter({"killed": 1, "processes alive 3 s after": orphans(root.parent)})
    return Counter({"had ended before": 1})


def killed_checks(folder: Path, seed: int, times: int) -> Counter[str]:
    """Checks, each killed; nothing may change, and the last, which is not, must hold."""
    chance, counts, root = random.Random(seed), Counter(), copied(folder, ".")
    before = files(root)
    for _ in range(times):
        counts.update(struck(CHECK, root, chance.uniform(0, 12)))
        counts["files lost or changed"] += files(root) != before
    last = start(CHECK, root)
    last.communicate(timeout=SECONDS)
    counts["the next check holds"] += last.returncode == 0
    counts["temporary files left after it"] += len(list((folder / "tmp").iterdir()))
    return counts


def killed_experiments(folder: Path, seed: int, times: int) -> Counter[str]:
    """Experiments, each killed; every record stays as it is, and who calls again until all is done gets it."""
    chance, counts, root = random.Random(seed), Counter(), copied(folder, ".")
    results = root / "experiments/results"
    shutil.rmtree(results)
    before, beside = {}, outside(root)
    for _ in range(times):
        counts.update(struck(EXPERIMENTS, root, chance.uniform(4, 30)))
        now = {path: path.read_bytes() for path in results.rglob("*.json")}
        counts["records lost or changed"] += sum(now.get(path) != content for path, content in before.items())
        counts["records damaged"] += sum(not record_holds(path) for path in now)
        now_beside = {name: sha for name, sha in outside(root).items() if not name.startswith("experiments/results/")}
        counts["files lost or changed elsewhere"] += now_beside != beside
        before = now
    last = start(EXPERIMENTS, root)
    said = last.communicate(timeout=10 * SECONDS)[0]
    counts["the next call completes them"] += last.returncode == 0 and " 0 missing" in said
    counts["halves of records left after it"] += len([*results.rglob(".*")])
    counts["temporary files left after it"] += len(list((folder / "tmp").iterdir()))
    return counts


def record_holds(path: Path) -> bool:
    try:
        return load(path) is not None
    except WriteupError:
        return False


def killed(folder: Path, how: str, seed: int, times: int) -> Counter[str]:
    """Builds under two names in turn, each killed at random, while it writes ("aimed") or while a notebook runs; then
    the next build."""
    if not times:
        return Counter()
    chance, counts, root = random.Random(seed), Counter(), copied(folder)
    if how == "in a notebook":
        cells = [new_code_cell(f"import time; time.sleep({seconds})") for seconds in (1, 2, 1)]
        (root / "mine.ipynb").write_text(nbformat.writes(new_notebook(cells=cells)))
        (root / "submission.toml").write_text('notebooks = ["mine.ipynb"]\n' + (root / "submission.toml").read_text())
    start([*BUILD, "--netid", "al0"], root).communicate(timeout=SECONDS)
    for turn in range(times):
        command = [*BUILD, "--netid", f"al{turn + 1}"]
        old, beside = files(root / "build"), outside(root)
        process = start(command, root, stdout=subprocess.DEVNULL)
        if how == "aimed":
            while process.poll() is None and not (root / "build/.next").exists():
                time.sleep(0.0005)
            time.sleep(chance.uniform(0, 0.06))
        elif how == "in a notebook":
            shutil.rmtree(root / ".cache/notebook", ignore_errors=True)
            while process.poll() is None and not [*(root / ".cache/temporary").glob("writeup-*/tiny")]:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 5))
        else:
            time.sleep(chance.uniform(0, WHOLE))
        counts["had ended before"] += process.poll() is not None
        process.kill()
        process.wait()
        counts["processes alive 3 s after"] += orphans(root.parent)
        left = {name: sha for name, sha in files(root / "build").items() if not name.startswith((".next", ".decided"))}
        counts["decided, to be finished"] += (root / "build/.decided").exists()
        start(command, root).communicate(timeout=SECONDS)
        new = files(root / "build")
        counts["old or new files whole"] += all(sha in (old.get(name), new.get(name)) for name, sha in left.items())
        counts["healed by the next build"] += whole(root / "build")
        counts["files lost or changed elsewhere"] += outside(root) != beside
        counts["leftovers in build/"] += len(set(new) - stamped(root / "build").keys() - {".stamp.json"})
        counts["kills"] += 1
    counts["temporary files left after all"] += (
        len(list((folder / "tmp").iterdir())) + (root / ".cache/temporary").exists()
    )
    return counts


def pairs(folder: Path, times: int) -> Counter[str]:
    """Two builds at once under two names: one is done, the other done after it or refused with a word."""
    counts, root = Counter(), copied(folder)
    for turn in range(times):
        both = [start([*BUILD, "--netid", f"al{turn}{one}"], root) for one in (0, 1)]
        said = [process.communicate(timeout=SECONDS)[0] for process in both]
        status = sorted(process.returncode for process in both)
        clear = status == [0, 0] or (status == [0, 2] and any("another build is running" in words for words in said))
        counts["one done, one done or refused"] += clear
        counts["files whole"] += whole(root / "build")
        counts["pairs"] += 1
    return counts


def hostile() -> dict[str, tuple[list[str], dict[str, object]]]:
    """By name: a command, and what is special: the file of names, a notebook, how it is started."""
    names = {
        "script": "<script>alert(1)</script>", "quotes": "O'\"Brien\"", "emoji": "Ada \U0001f600",
        "dollar": "$HOME $(id)",
        "backslash": r"\input{/etc/passwd}", "new line": "Ada\nLovelace", "5,000 letters": "a" * 5000,
        "right to left": "\u202eעדה", "folder": "../../victim", "empty": "",
    }  # fmt: skip
    good = "".join(f'{key} = "{value}"\n' for key, value in NAMES.items())
    toml: dict[str, object] = {
        "byte-order mark": b"\xef\xbb\xbf" + good.encode(), "Latin-1": good.replace("Ada", "Zoë").encode("latin-1"),
        "UTF-16": good.encode("utf-16"), "zero bytes": b"\0" * 100, "empty": b"", "no TOML": b"first_name = Ada",
        "a list for a name": good.replace('"Ada"', '["Ada"]').encode(),
        "10,000 digits": good.replace('"Ada"', "9" * 10000).encode(), "unknown key": (good + "x = 1\n").encode(),
        "notebooks no list": (good + "notebooks = 3\n").encode(),
        "notebook elsewhere": (good + 'notebooks = ["/etc/passwd"]\n').encode(), "FIFO": "fifo", "folder": "folder",
    }  # fmt: skip
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": "1"}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    books = {
        "not JSON": "<html>", "empty": "", "a list": "[]", "a number of 10,000 digits": "9" * 10000,
        "deep": "[" * 100000,
        "no cells": json.dumps(notebook | {"cells": 3}), "zero bytes": "\0" * 100,
        "a lone surrogate": json.dumps(notebook | {"cells": [cell | {"source": "print('\ud800')"}]}),
        "a lone surrogate in words": json.dumps(
            notebook | {"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "\ud800"}]}
        ),
    }  # fmt: skip
    closed, gone = ["sh", "-c", 'exec "$@" >&-', "sh"], ["sh", "-c", 'mkdir d; cd d; rmdir ../d; exec "$@"', "sh"]
    chains = {
        "--limit 10^30": ["--limit", "1" + "0" * 30], "--factors 1e99999999": ["--factors", "1e99999999"],
        "--limit -1": ["--limit", "-1"], "10,000 digits": [], "--limit of 10,000 digits": ["--limit", "9" * 10000],
        "--check of nonsense": ["--check", "[" * 10000],
    }  # fmt: skip
    program, endless = BUILD[:-1], "9" * 10000
    told = {
        "status, a folder of 10,000 digits": ["status", "--root", endless], "where, 10,000 digits": ["where", endless],
        "experiments, 10,000 digits": ["experiments", "--kind", endless],
        "new, a command to the terminal": ["new", "\x1b[31m/" * 999],
        "audit, 10,000 digits": ["audit", "--seed", endless], "an option of 10,000 digits": ["build", "--" + endless],
    }  # fmt: skip
    surroundings = {
        "a terminal of ASCII": ["PYTHONIOENCODING=ascii"], "a TMPDIR of 8,000 letters": ["TMPDIR=/" + "a" * 8000],
        "a POSIX locale": ["LC_ALL=C", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0"], "no TMPDIR": ["TMPDIR=/nonexistent"],
    }  # fmt: skip
    solved = {
        name: ([*SOLVE, "9" * 10000 + ",1,1" if name == "10,000 digits" else "64,111,111", "4,234,234", *more], {})
        for name, more in chains.items()
    }
    cases: dict[str, tuple[list[str], dict[str, object]]] = {
        **{f"name: {name}": ([*BUILD, "--first", given], {}) for name, given in names.items()},
        **{f"submission.toml: {name}": (BUILD, {"toml": content}) for name, content in toml.items()},
        **{f"notebook: {name}": (BUILD, {"notebook": content}) for name, content in books.items()},
        "output: closed": ([*closed, *BUILD], {}), "output: full": (BUILD, {"full": True}),
        "output: full, status": ([*BUILD[:-1], "status"], {"full": True}),
        "working folder removed": ([*gone, *BUILD], {}),
        "output: closed, check": ([*closed, *BUILD[:-1], "check", "--json"], {}),
        **{name: ([*program, *words], {}) for name, words in told.items()},
        **{name: (["env", *given, *BUILD, "--last", "\u0141ukasz"], {}) for name, given in surroundings.items()},
        "the benchmark, 10,000 digits": ([sys.executable, "-m", "conv_solve.bench", endless], {}),
        **{f"conv-solve {name}": case for name, case in solved.items()},
        "conv-solve: output closed": ([*closed, *SOLVE, "64,111,111", "4,234,234"], {}),
        "conv-solve: output full": ([*SOLVE, "64,111,111", "4,234,234"], {"full": True}),
        "SIGINT in a build": (BUILD, {"interrupt": ".cache/build.lock"}),
    }  # fmt: skip
    return cases


def tried(folder: Path, name: str, command: list[str], special: dict[str, object]) -> tuple[str, str]:
    """What a hostile input comes to, and the words: built, clear, traceback, hang, lost or escaped."""
    root = Path(shutil.copytree(folder / "built", folder / hashlib.sha256(name.encode()).hexdigest()[:8])) / "tiny"
    path, content = root / "submission.toml", special.get("toml")
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.unlink()
        os.mkfifo(path) if content == "fifo" else path.mkdir()
    if "notebook" in special:
        (root / "mine.ipynb").write_text(str(special["notebook"]))
        path.write_text('notebooks = ["mine.ipynb"]\n' + path.read_text())
    if not special.get("full") and "--first" not in command and not content and "notebook" not in special:
        (root / "answers/sums.py").open("a").write("\n")  # so that a build has its work to do
    old, beside = files(root / "build"), outside(root) if content not in ("fifo", "folder") else None
    with open("/dev/full", "w") as full:
        process = start(command, root, **({"stdout": full, "stderr": subprocess.PIPE} if "full" in special else {}))
        if wanted := special.get("interrupt"):
            (root / str(wanted)).unlink()
            while process.poll() is None and not (root / str(wanted)).exists():
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "hang", " ".join(command)[:80]
    words = (out or "") + (err or "")
    last = f"{process.returncode}: {words.strip().splitlines()[-1][:150] if words.strip() else ''}"
    new = files(root / "build")
    if "Traceback" in words or "fault of the program" in words or "Exception ignored" in words:
        return "traceback", last
    if not whole(root / "build") or (process.returncode and new != old):
        return "lost", last
    pages = [path.read_text(encoding="utf-8") for path in (root / "build").glob("*.html")]
    if (beside is not None and outside(root) != beside) or any("<script>alert(1)" in page for page in pages):
        return "escaped", last
    if wanted and process.returncode != 130:
        return "unclear", last
    if process.returncode not in (0, 1, 2, 130) or len(words) > 6000 or (process.returncode and not words.strip()):
        return "unclear", last
    return ("clear message" if process.returncode else "done"), last


def all_tried(folder: Path) -> Counter[str]:
    """Every hostile input on a copy of a built assignment; prints what does not end well."""
    root = copied(folder / "built")
    (root / "submission.toml").write_text("".join(f'{key} = "{value}"\n' for key, value in NAMES.items()))
    start(BUILD, root).communicate(timeout=SECONDS)
    cases, counts = hostile(), Counter({"traceback": 0, "hang": 0, "lost": 0, "escaped": 0, "unclear": 0})
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ended = pool.map(lambda name: tried(folder, name, *cases[name]), cases)
        for name, (outcome, words) in zip(cases, ended, strict=True):
            print(f"{outcome:>14}  {name}: {words}", flush=True)
            counts[outcome] += 1
    return Counter({"inputs": len(cases)}) + counts


def main(builds: int = 60, others: int = 12, at_once: int = 6, inputs: int = 1, seed: int = 19) -> None:
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="faults-"))
    aimed, each = builds // 3, (builds - builds // 3) // 2
    work: dict[str, list[Callable[[], Counter[str]]]] = {
        "builds, while the files are written": [partial(killed, folder / "a", "aimed", seed, aimed)],
        "builds, at random": [
            partial(killed, folder / "b", "", seed + 1, each),
            partial(killed, folder / "c", "", seed + 2, builds - aimed - each),
        ],
        "builds, while a notebook runs": [partial(killed, folder / "d", "in a notebook", seed + 3, others)],
        "checks": [partial(killed_checks, folder / "e", seed + 4, others)],
        "experiments": [partial(killed_experiments, folder / "f", seed + 5, others)],
        "pairs of builds": [partial(pairs, folder / "g", at_once)] if at_once else [],
        "hostile inputs": [partial(all_tried, folder / "h")] if inputs else [],
    }
    for title, tasks in work.items():
        counts: Counter[str] = Counter()
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for found in pool.map(lambda task: task(), tasks):
                counts.update(found)  # a sum would drop the zeros
        print(f"| {title} ({time.monotonic() - began:.0f} s) | |\n| --- | ---: |")
        print("".join(f"| {what} | {count} |\n" for what, count in counts.items()), flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
