"""Whatever keeps an answer from being verified stops `check` with a message and a status that is not 0."""

import builtins
import json
import re
import sys

import pytest

from tests.copies import append, copy_of_tiny, edit
from tests.processes import writeup
from tests.recorded import saved
from writeup import cli
from writeup.claims import Claim
from writeup.errors import WriteupError
from writeup.experiments.registry import registry
from writeup.pages.printable import printable
from writeup.pages.render import template_environment
from writeup.records import manifest
from writeup.records.store import load, write
from writeup.trust import claims as verifying
from writeup.trust.verify import verify

RECORD = "experiments/results/runs/first.json"


@pytest.fixture
def tiny(tmp_path):
    """The tiny assignment with an experiment, a record of it, and an answer that states what the record has."""
    root = copy_of_tiny(tmp_path)
    (root / "experiments").mkdir()
    (root / "experiments/__init__.py").write_text("MODULES = ('experiments.runs',)\n")
    (root / "experiments/runs.py").write_text("KIND = 'runs'\n")
    edit(root / "answers/assignment.toml", "points = 7", 'points = 7\nexperiments = "experiments"')
    edit(root / "answers/sums.py", "_records", "records")
    stated = 'a.on(r := records["runs/first"])("runs", int(r.metrics["runs"]), by("counting", lambda: 12))\n'
    edit(root / "answers/sums.py", "    return", f"    {stated}    return")
    append(root / "templates/answers/A.1.md.j2", "\nIt was tried << runs >> times.\n")
    save_record(root, "first", ["experiments/runs.py"])
    manifest.accept(root)
    return root


def save_record(root, name, sources):
    return saved(root, "runs", name, metrics={"runs": 12}, sources=sources)


def check(root):
    """Exit status and output of `writeup check` in processes of its own."""
    run = writeup("check", cwd=root)
    return run.returncode, run.stdout + run.stderr


def checked(root, question=None):
    """The same in this process: status and problems."""
    verification = printable(root, verify(root, question, jobs=1))
    return verification.exit_status, "\n".join(map(str, verification.problems))


pytestmark = pytest.mark.usefixtures("another_course")


@pytest.fixture(autouse=True)
def put_back(monkeypatch):
    """What the answers of these tests exchange."""
    monkeypatch.setattr(builtins, "abs", abs)
    monkeypatch.setattr(Claim, "neighbours", Claim.neighbours)
    monkeypatch.setattr(verifying, "_last_digit", verifying._last_digit)
    registry.cache_clear()


def test_without_a_fault_it_holds(tiny):
    assert checked(tiny) == (0, "")


RETURN, FIRST = "    return a.answer", "    numbers = range"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (RETURN, "    import sys; sys.exit(0)\n" + RETURN, "A.1: SystemExit: 0"),
        (FIRST, "    return a.answer()\n" + FIRST, "A.1: has an answer without claims"),
        ("    slips =", "    return a.answer()\n    slips =", "A.1: its template cannot be printed: "),
        (", max, numbers", ", lambda: __import__('sys').exit(0)", "A.1: SystemExit: 0"),
        (
            FIRST,
            "    import writeup.trust.claims as v\n    v._last_digit = lambda *_: []\n" + FIRST,
            "exchanged writeup",
        ),
        (FIRST, "    import writeup.claims as c\n    c.Claim.neighbours = lambda _: []\n" + FIRST, "exchanged writeup"),
        (FIRST, "    import builtins\n    builtins.abs = lambda _: 0\n" + FIRST, "exchanged builtins.abs"),
        (
            'records["runs/first"]',
            f"__import__('writeup.records.store').records.store.load(records.root / '{RECORD}')",
            "A.1: read the file of record first; only what comes from `records` is checked",
        ),
        ("LAST, by", 'float("nan"), by', "must be finite"),
        ('"A.1")', '"A.1")\n    a("x", 0.5, by("again", lambda: 0.5), form="{:g}")', "A.1.x: no wrong value was tried"),
    ],
)
def test_an_answer_that_was_not_verified_stops_the_check(tiny, old, new, said):
    edit(tiny / "answers/sums.py", old, new)
    status, problems = checked(tiny)
    assert (status > 0, said in problems) == (True, True), problems


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_an_answer_whose_process_ends_is_named_and_the_others_are_verified(tiny, end):
    edit(tiny / "answers/sums.py", RETURN, f"    import os; {end}\n{RETURN}")
    status, printed = check(tiny)
    assert (status, "A.2  holds" in printed) == (2, True)
    assert "A.1: its process was killed or ended itself; nothing was verified" in printed


def test_what_exits_elsewhere_is_no_success(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["writeup"])  # not what pytest was asked
    monkeypatch.setattr(cli, "app", lambda: sys.exit(0))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "something exited with 0 before all was done" in capsys.readouterr().err


def delete(root):
    (root / RECORD).unlink()


def add(root):
    save_record(root, "second", ["experiments/runs.py"])


def seal_again(root):
    record = load(root / RECORD)
    write(record.model_copy(update={"seeds": [1]}), root)


def edited(root):
    content = json.loads((root / RECORD).read_text())
    (root / RECORD).write_text(json.dumps(content | {"seeds": [1]}))


def exchange(root):
    other = save_record(root, "second", ["experiments/runs.py"])
    manifest.accept(root)
    (root / RECORD).write_text((root / RECORD).with_name(f"{other.name}.json").read_text())


def without_sources(root):
    save_record(root, "first", [])
    manifest.accept(root)


def foreign_sources(root):
    (root / "other.py").write_text("")
    save_record(root, "first", ["experiments/runs.py", "other.py"])
    manifest.accept(root)


def no_manifest(root):
    (root / manifest.MANIFEST).unlink()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (delete, "record runs/first: is gone, and experiments/records.toml lists it; restore it"),
        (add, "record runs/second: is not in experiments/records.toml; delete it, or `writeup manifest`"),
        (seal_again, "record runs/first: has the seal"),
        (edited, "does not match its seal"),
        (exchange, "says that it is runs/second"),
        (without_sources, "record runs/first: names no source, so it would never go stale"),
        (foreign_sources, "record runs/first: names sources outside of experiments: other.py"),
        (no_manifest, "record runs/first: is not in experiments/records.toml"),
    ],
)
def test_a_record_that_was_not_accepted_as_it_is_stops_the_check(tiny, fault, said):
    fault(tiny)
    status, problems = checked(tiny, "A.1")
    assert (status > 0, said in problems) == (True, True), problems


def test_accepting_the_records_lists_them_as_they_are(tiny):
    add(tiny)
    assert [where for where, _ in manifest.accept(tiny)] == ["record runs/second"]
    assert list(manifest.problems(tiny)) == []


UNREADABLE = b"<<<<<<< ours\n"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("experiments/records.toml", UNREADABLE, "not valid TOML"),
        ("experiments/records.toml", b"\xff", "not UTF-8"),
        ("experiments/records.toml", b'"runs/first" = 1\n', "runs/first = 1 is no seal; `writeup manifest`"),
        ("templates/exceptions.toml", b"\xff", "not UTF-8"),
        ("templates/references.toml", UNREADABLE, "not valid TOML"),
        ("templates/answers/A.1.md.j2", b"\xff", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_check_and_is_named(tiny, file, content, said):
    (tiny / file).write_bytes(content)
    with pytest.raises(WriteupError, match=f"{re.escape(file)}: {said}"):
        checked(tiny)


def test_a_layout_that_cannot_be_read_is_named(tiny):
    (tiny / "templates/document.md.j2").write_bytes(b"\xff")
    with pytest.raises(WriteupError, match=r"templates/document\.md\.j2: not UTF-8"):
        template_environment(tiny).get_template("document.md.j2")


@pytest.mark.parametrize("content", [UNREADABLE, b"\xff", b'"runs/first" = 1\n'])
def test_accepting_the_records_mends_a_list_that_cannot_be_read(tiny, content):
    (tiny / manifest.MANIFEST).write_bytes(content)
    assert [where for where, _ in manifest.accept(tiny)] == ["all records:"]
    assert list(manifest.problems(tiny)) == []


def test_a_template_whose_question_is_gone_stops_the_check(tiny):
    (tiny / "templates/answers/A.3.md.j2").write_text("No one asks.\n")
    assert "A.3.md.j2: answers a question that answers/assignment.toml does not ask" in checked(tiny)[1]


@pytest.mark.parametrize(
    ("stated", "way"),
    [
        ('a("spare", 3, by("counting", lambda: 3))', "<< spare >>"),
        ('a.say("s", lambda total: total > 0, {"total": -1})', '<% call say("s") %>...<% endcall %>'),
    ],
)
def test_what_no_template_prints_stops_the_check(tiny, stated, way):
    edit(tiny / "answers/sums.py", RETURN, f"    {stated}\n{RETURN}")
    status, problems = checked(tiny)
    told = f"is printed nowhere; print it by {way} in templates/answers/A.1.md.j2, or delete it (answers/sums.py:"
    assert (status, told in problems) == (1, True), problems


def test_a_part_is_checked_without_the_answers_that_its_template_refers_to(tiny):
    refers = '\nSee << ref("figure", "race", of="A.2") >> and << v("A.2.winner") >>.\n'
    append(tiny / "templates/answers/A.1.md.j2", refers)
    assert checked(tiny, "A.1") == (0, "")
