"""The whole way from claims to files, on the tiny assignment: what is written, and what stays when something fails."""

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path

import nbformat
import pypdfium2
import pytest
from filelock import FileLock
from nbformat.v4 import new_code_cell, new_notebook

from tests.copies import append, copy_of_tiny, edit, make
from tests.processes import these_sources, writeup
from writeup import cli
from writeup.assignment import DESCRIPTION, load_assignment
from writeup.build import Unverified, build
from writeup.errors import WriteupError
from writeup.folder import heal
from writeup.naming import Naming
from writeup.new import new
from writeup.pages.pdf import compile as compile_tex
from writeup.pages.pdf import find_engine, text_of
from writeup.pages.submission import load_identity
from writeup.readback import read_back
from writeup.records.store import write_whole
from writeup.trust.ledger import read

IN_TEMPLATES = tomllib.loads((Path(__file__).parent / "typed_results.toml").read_text(encoding="utf-8"))["templates"]
A_1 = "templates/answers/A.1.md.j2"
FILES = ["Zoe_OBrien-Sohne_zob7_E1.md", "Zoe_OBrien-Sohne_zob7_E1.pdf", "Zoe_OBrien-Sohne_zob7_E1.tex"]


def hashes(root):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (root / "build").rglob("*") if p.is_file()}


def test_the_files_to_upload_are_there(built):
    assert sorted(p.name for p in (built / "build").iterdir() if p.suffix in {".md", ".pdf", ".tex"}) == FILES


def test_a_second_build_does_nothing(built):
    before = hashes(built)
    assert make(built).verification is None
    assert hashes(built) == before


def test_two_builds_are_the_same_bytes(built, tmp_path):
    other = copy_of_tiny(tmp_path)
    make(other)
    assert {name: hashes(built)[name] for name in FILES} == {name: hashes(other)[name] for name in FILES}


def test_the_tex_alone_gives_the_text_of_the_pdf(built):
    source = (built / "build" / FILES[2]).read_text(encoding="utf-8")
    alone = compile_tex(source, engine=find_engine())
    assert text_of(alone) == text_of((built / "build" / FILES[1]).read_bytes())


def test_the_true_name_is_on_the_page(built):
    assert "Zoë O’Brien & Söhne" in text_of((built / "build" / FILES[1]).read_bytes())[0].replace("'", "’")


def test_a_claim_that_does_not_hold_stops_the_build_and_the_old_files_stay(own):
    before = hashes(own)
    edit(own / "answers/sums.py", "(LAST + 1) // 2", "(LAST + 1) // 2 + 1")
    with pytest.raises(Unverified, match=r"A\.1\.total: the claim does not hold.*expected 5050, got 5051"):
        make(own)
    assert hashes(own) == before


def test_an_error_of_tex_stops_the_build_and_the_old_files_stay(own):
    before = hashes(own)
    append(own / A_1, "\n\n$\\nosuchcommand$\n")
    with pytest.raises(WriteupError, match=r"nosuchcommand"):
        make(own)
    assert hashes(own) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Pair the first", "It took 412 steps. Pair the first", "the number 412 is typed"),
        ("Pair the first", "It reached 97.3 % of them. Pair the first", "the number 97.3 % is typed"),
        ("Pair the first", "That is twice as many. Pair the first", "'twice' stands in no statement"),
        ("The sum and", "After 12 terms, the sum and", "the number 12 is typed"),
        ("The sum and", "A larger sum, and", "'larger' stands in no statement"),
    ],
)
def test_a_typed_result_stops_the_build_with_its_place(own, old, new, said):
    edit(own / A_1, old, new)
    with pytest.raises(WriteupError, match=rf"templates/answers/A\.1\.md\.j2:\d+: {said}"):
        make(own)


def test_every_typed_result_in_a_template_is_named_with_its_line(own):
    first = (own / A_1).read_text().count("\n") + 1
    append(own / A_1, "".join(f"\n{typed}\n" for typed in IN_TEMPLATES))
    with pytest.raises(Unverified) as refused:
        make(own)
    lines = {int(n) for n in re.findall(r"A\.1\.md\.j2:(\d+): ", str(refused.value))}
    place, missed = first, []
    for typed in IN_TEMPLATES:
        end = place + 1 + typed.count("\n")
        missed += [] if lines & set(range(place, end + 1)) else [typed]
        place = end + 1
    assert missed == []


@pytest.mark.parametrize(
    ("module", "old", "new", "said"),
    [
        ("growth", '"value"', '"value, up to 412"', r"answers/growth\.py:\d+: the label types 412"),
        ("growth", '"value"', '"twice the value"', r"answers/growth\.py:\d+: the label types twice"),
        (
            "sums",
            '[Ref("last"), Ref("total")]',
            '["12.5", Ref("total")]',
            r"answers/sums\.py:\d+: the label types 12.5",
        ),
        ("sums", '["Terms", "Sum"]', '["Terms", "Sum of 99"]', r"answers/sums\.py:\d+: the label types 99"),
        # a fact of this question prints 100: it is not what the label shows
        ("sums", '["Terms", "Sum"]', '["Terms", "Sum, try 100"]', r"answers/sums\.py:\d+: the label types 100"),
    ],
)
def test_a_result_typed_into_a_figure_or_a_table_stops_the_build(own, module, old, new, said):
    edit(own / f"answers/{module}.py", old, new)
    with pytest.raises(Unverified, match=said):
        make(own)


def test_a_number_that_no_claim_holds_is_found_by_the_read_back(own):
    edit(own / "answers/sums.py", "numbers), slips)", 'numbers), slips, "{:,d} (or 5,051)")')
    with pytest.raises(WriteupError, match=r"read-back.*\n.*answer-A\.1: they print 5051, which no claim holds"):
        make(own)


def test_the_files_of_a_build_read_back(built):
    report = read_back(built / "build")
    assert report.findings == []
    assert (report.printed, report.claims) == (3, 3)
    assert [row.file.partition("_E1")[2] for row in report.files] == [
        ".md",
        "_figures/A.2-race.svg",
        ".tex",
        ".pdf",
        "_evidence.html",
    ]
    assert all(row.matched + sum(row.allowed.values()) == row.numbers for row in report.files)


@pytest.mark.parametrize(
    ("ending", "old", "new", "message"),
    [
        (".md", "5,050", "5,051", r"\.md, answer-A\.1: after '.*' it prints 5051; 5050 \(claim:A\.1\.total\) is due"),
        (".tex", "5,050", "5,051", r"\.tex, answer-A\.1: after '.*' it prints 5051; 5050 \(claim:A\.1\.total\) is due"),
        (".tex", "7 wrong", "8 wrong", r"\.tex, appendix: after '.*' it prints 8; 7 \(count\) is due"),
        (
            "ledger.json",
            '"shown": "5,050"',
            '"shown": "5,051"',
            r"ledger\.json, A\.1\.total: 5,051 is not 5050 rounded",
        ),
    ],
)
def test_a_file_that_was_changed_after_the_build_is_found(own, ending, old, new, message):
    (path,) = (own / "build").glob(f"*{ending}")
    edit(path, old, new)
    assert re.search(message, str(read_back(own / "build").findings[0]))


def test_a_point_that_was_moved_in_the_tex_is_found(own):
    (path,) = (own / "build").glob("*.tex")
    text = path.read_text(encoding="utf-8")
    point = re.search(r"\\path\[[^\]]*\] \([-\d.]+,([-\d.]+)\)[^\n]*% panel-0-series-0-line-", text)
    path.write_text(f"{text[: point.start(1)]}3.210{text[point.end(1) :]}", encoding="utf-8")
    assert re.search(r"figure A\.2-race: series 1: its line goes through", str(read_back(own / "build").findings[0]))


def test_a_pdf_of_other_pages_is_found(own):
    (path,) = (own / "build").glob("*.tex")
    changed = path.read_text(encoding="utf-8").replace("5,050", "5,051", 1)
    path.with_suffix(".pdf").write_bytes(compile_tex(changed, engine=find_engine()))
    (finding,) = read_back(own / "build").findings
    assert re.search(r"\.pdf, pages: page 1: after '.*' it prints 5051; its source has 5050", str(finding))


def test_nothing_is_written_when_the_files_do_not_read_back(own):
    before = hashes(own)
    append(own / A_1, '<% if format == "tex" %>Or `n8`.<% endif %>\n')
    with pytest.raises(WriteupError, match=r"\.tex, answer-A\.1: .* it prints 8"):
        make(own)
    assert hashes(own) == before


def test_an_interrupted_build_leaves_the_old_files(own):
    before = hashes(own)

    def interrupt(stage):
        if stage == "write the files":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(own, interrupt, first="Eve", last="Else", netid="ee1")
    assert hashes(own) == before


def test_another_name_replaces_the_files_of_the_old_one(own):
    make(own, first="Eve", last="Else", netid="ee1")
    assert [p.name for p in (own / "build").glob("*.pdf")] == ["Eve_Else_ee1_E1.pdf"]


def test_another_pattern_replaces_the_files_of_the_old_one_and_leaves_what_is_not_the_build_s(own):
    (own / "build" / "notes.md").write_text("mine")
    identity = replace(load_identity(own, Naming("E1")), naming=Naming("E1", "{key}_{netid}"))
    build(own, identity)
    assert [p.name for p in sorted((own / "build").iterdir()) if not p.name.startswith(".")] == [
        "E1_zob7.md", "E1_zob7.pdf", "E1_zob7.tex", "E1_zob7_evidence.html", "E1_zob7_figures", "ledger.json",
        "notes.md",
    ]  # fmt: skip


def test_several_authors_and_a_due_day_stand_in_the_title_and_the_pdf_s_data(tmp_path):
    root = copy_of_tiny(tmp_path)
    (root / DESCRIPTION).write_text(f"due = 2026-03-14\n{(root / DESCRIPTION).read_text(encoding='utf-8')}")
    first = '{first_name="Ada", last_name="Lovelace", netid="al123"}'
    second = '{first_name="Zoë", last_name="Söhne", netid="zob7"}'
    (root / "submission.toml").write_text(f"authors = [{first}, {second}]", encoding="utf-8")
    built = build(root, load_identity(root, load_assignment(root).naming))
    paper = next(path for path in built.files if path.suffix == ".pdf")
    assert paper.name == "Ada_Lovelace_al123_E1.pdf"
    page = " ".join(text_of(paper.read_bytes())[0].split())
    assert "Ada Lovelace (al123) and Zoë Söhne (zob7) Due 14 March 2026" in page
    with pypdfium2.PdfDocument(paper) as document:
        assert document.get_metadata_dict()["Author"] == "Ada Lovelace (al123) and Zoë Söhne (zob7)"
    markdown = paper.with_suffix(".md").read_text(encoding="utf-8")
    assert "**Ada Lovelace** (al123) and **Zoë Söhne** (zob7)\n\nDue 14 March 2026\n" in markdown
    page = paper.with_name(f"{paper.stem}_evidence.html").read_text(encoding="utf-8")
    assert "Ada Lovelace, al123; Zoë Söhne, zob7" in page


def test_the_note_on_the_first_page_stands_at_its_foot_though_what_follows_fits_the_next_page_alone(built):
    tex = (built / "build" / FILES[2]).read_text(encoding="utf-8")
    figure = re.compile(r"\\begin{tikzpicture}.*\\end{tikzpicture}", re.DOTALL)
    apart = figure.sub("", tex).replace(r"\end{document}", "\n\n\\rule{1pt}{0.9\\textheight}\\end{document}")
    with pypdfium2.PdfDocument(compile_tex(apart, engine=find_engine(), name="apart")) as document:
        words = document[0].get_textpage()
        at, _ = words.search("The results here").get_next()
        assert (len(document), words.get_charbox(at)[1] < 110) == (2, True)  # points from below


def test_two_builds_at_once_are_refused(own):
    with FileLock(own / ".cache" / "build.lock"), pytest.raises(WriteupError, match="another build is running"):
        make(own)


def test_a_build_folder_that_cannot_be_made_is_one_clear_message(own):
    shutil.rmtree(own / "build")
    (own / "build").write_text("in the way")
    with pytest.raises(WriteupError, match=r"build.*File exists"):
        make(own)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["check", "--question", "B.9"], 2, "question 'B.9' was asked for; "),
        (["check", "--root", "/nowhere"], 2, "no assignment found"),
        (["chekc"], 2, "No such command"),
        (["check"], 0, "3 claims, 7 of 7 controls rejected, 7 of 7 points verified"),
    ],
)
def test_the_command_line_says_what_is_wrong_and_sets_its_status(built, arguments, status, message):
    run = writeup(*arguments, cwd=built)
    assert (run.returncode, message in run.stdout + run.stderr) == (status, True), run.stdout + run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("old", "new", "status", "message"),
    [
        ("(LAST + 1) // 2", "(LAST + 1) // 2 + 1", 1, "the claim does not hold"),
        (
            'by("adding them one by one", sum, numbers)',
            "lambda _records: lambda value: by('x', int, value)(())(value)",
            1,
            "a control survives",
        ),
        ("LAST = 100", "LAST = 1 / 0", 2, "ZeroDivisionError"),
    ],
)
def test_check_exits_with_one_for_what_does_not_hold_and_two_for_errors(own, old, new, status, message):
    edit(own / "answers/sums.py", old, new)
    for extra in ([], ["--json"]):
        run = writeup("check", "--question", "A.1", *extra, cwd=own)
        assert (run.returncode, message in run.stdout + run.stderr) == (status, True), run.stdout + run.stderr


def test_a_check_of_two_questions_at_once_is_refused(own):
    ended = writeup("check", "A.1", "--question", "A.2", cwd=own)
    assert (ended.returncode, "A.1 and --question A.2 are two questions" in ended.stderr) == (2, True)


def run(own, words, redirect="", **options):
    """The program in a process of its own, its output where the shell sends it: status and standard error."""
    command = ["sh", "-c", f'"$@" {redirect}', "sh", sys.executable, "-m", "writeup", *words, "--root", str(own)]
    ended = subprocess.run(command, env=these_sources(), stderr=subprocess.PIPE, text=True, check=False, **options)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(("command", "status"), [("build", 0), ("status", 2)])
def test_a_full_standard_output_is_said_and_a_build_that_is_whole_succeeds(own, command, status):
    code, said = run(own, [command], "> /dev/full")
    last = "writeup: standard output cannot be written: No space left on device"
    assert (code, said.splitlines()[-1]) == (status, last)


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["check", "--question", "A.1"], (0, "A.1  holds")),
        (["check", "--json", "--question", "A.1"], (0, "")),
        (["status"], (0, "")),
        (["status", "--help"], (0, "")),
    ],
)
def test_a_reader_that_goes_away_ends_what_is_printed_and_no_more(own, words, ends):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing) as closed:
        status, said = run(own, words, stdout=closed)
    assert (status, re.sub(r" +\d+ claims.*", "", said).strip()) == ends


def test_a_check_with_a_closed_standard_output_ends_by_what_holds(own):
    assert run(own, ["check", "--json"], ">&-") == (0, "")


@pytest.mark.parametrize("words", [["build"], ["check"], ["new", "x"]])
def test_a_removed_working_folder_is_said(tmp_path, words):
    command = ["sh", "-c", 'mkdir d; cd d; rmdir ../d; exec "$@"', "sh", sys.executable, "-m", "writeup", *words]
    ended = subprocess.run(command, cwd=tmp_path, env=these_sources(), capture_output=True, text=True, check=False)
    said = "writeup: the working folder was removed; go to one that exists\n"
    assert (ended.returncode, ended.stderr) == (2, said)


@pytest.mark.parametrize(
    "setting", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_that_cannot_print_a_name_changes_nothing_of_what_is_built(own, monkeypatch, setting):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    status, said = run(own, ["build", "--first", "Zo\u00eb", "--netid", "zob8"], ">&2")
    (page,) = (own / "build").glob("Zoe_OBrien-Sohne_zob8_E1.md")
    assert (status, "Zo\\xeb O'Brien" in said, "Zo\u00eb O" in page.read_text(encoding="utf-8")) == (0, True, True)


def test_what_is_current_need_not_be_writable(own, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    make(own)
    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    assert make(own).verification is None
    with pytest.raises(WriteupError, match=r"tiny/build: Read-only file system; the build writes to"):
        make(own, netid="zob8")


def test_a_disk_that_fills_up_while_the_files_are_written_leaves_the_old_ones(own, monkeypatch):
    before = hashes(own)

    def full(path, content):
        if path.suffix == ".pdf":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_whole(path, content)

    monkeypatch.setattr("writeup.folder.write_whole", full)
    with pytest.raises(WriteupError, match="No space left on device"):
        make(own, netid="zob8")
    assert hashes(own) == before
    assert not (own / "build/.next").exists()


def test_the_user_s_umask_is_kept(own):
    before = os.umask(0o077)
    try:
        make(own, netid="zob8")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in (own / "build").rglob("*") if path.is_file()} == {0}


def test_what_a_killed_build_was_working_on_goes_at_the_next_start_and_nothing_else(own, tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim/kept").touch()
    (own / ".cache/temporary/left").mkdir(parents=True)
    (own / ".cache/temporary/link").symlink_to(tmp_path / "victim")
    make(own, netid="zob8")
    assert (not (own / ".cache/temporary").exists(), (tmp_path / "victim/kept").exists()) == (True, True)


def test_an_interrupted_build_says_so_and_exits_with_130(own, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build", interrupted)
    monkeypatch.setattr(sys, "argv", ["writeup", "build", "--root", str(own)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, "interrupted; files are as they were" in capsys.readouterr().err) == (130, True)


def test_a_stamp_that_names_files_elsewhere_removes_none_of_them(own):
    victim = own / "victim"
    victim.write_text("kept")
    (own / "build" / ".stamp.json").write_text('{"inputs": "x", "files": {"../victim": "", "../../victim": ""}}')
    make(own)
    assert victim.read_text() == "kept"


def test_without_a_stamp_no_file_of_an_earlier_name_stays(own):
    (own / "build" / ".stamp.json").unlink()
    make(own, first="Eve", last="Else", netid="ee1")
    assert [path.name for path in (own / "build").iterdir() if "Zoe" in path.name] == []


@pytest.mark.parametrize(("left", "said"), [(".next", "old"), (".decided", "new")])
def test_what_a_killed_build_left_is_undone_or_finished_at_the_next_start(own, left, said):
    (own / "build" / left).mkdir()
    (own / "build" / left / FILES[0]).write_text("new")
    (own / "build" / FILES[0]).write_text("old")
    heal(own / "build", Naming("E1"))
    assert ((own / "build" / FILES[0]).read_text(), (own / "build" / left).exists()) == (said, False)


def test_a_fault_of_the_program_is_one_line_with_its_place(built):
    code = "import sys, writeup.cli as c; sys.argv[1:] = ['check']; c.find_root = lambda *_: {}['[red] :x:']; c.main()"
    run = subprocess.run([sys.executable, "-c", code], cwd=built, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert re.fullmatch(r"writeup: KeyError: '\[red\] :x:' \(<string>:1\); .*--debug.*\n", run.stderr)


def test_what_is_echoed_is_short_and_commands_no_terminal(tmp_path):
    status, said = run(tmp_path / ("\x1b[31m" + "9" * 10_000), ["status"])
    assert (status, len(said) < 300, "\x1b" in said, "File name too long" in said) == (2, True, False, True)


def with_notebook(own, *cells):
    """The same with a notebook that the student hands in."""
    (own / "mine.ipynb").write_text(nbformat.writes(new_notebook(cells=[*cells])))
    append(own / "submission.toml", 'notebooks = ["mine.ipynb"]\n')
    return own


def test_a_plain_log_says_where_a_build_is(own):
    cells = [new_code_cell("import time; time.sleep(2.5)"), new_code_cell("2")]
    status, said = run(with_notebook(own, *cells), ["build"])
    places = ["run the notebook", "run mine.ipynb: cell 1 of 2, ", "compile the notebook's PDF", "write the files"]
    found = [said.find(place) for place in places]
    assert (status, -1 in found, found == sorted(found)) == (0, False, True), said


@pytest.mark.usefixtures("another_course")
def test_several_notebooks_are_files_of_their_own_by_their_keys(tmp_path):
    new(root := tmp_path / "x", notebook=True)
    described, template = root / DESCRIPTION, root / "templates/answers/3.md.j2"
    first, second = described.read_text().split("[notebook]\n")
    again = second.replace('"3"', '"4"').replace('"walk"', '"again"')
    described.write_text(f'{first}[[notebook]]\nkey = "lab"\n{second}[[notebook]]\nkey = "E1_more"\n{again}')
    template.with_name("4.md.j2").write_text(template.read_text())  # the same cells, and so the same ids
    module = root / "answers/walk.py"
    module.with_name("again.py").write_text(module.read_text().replace('Facts("3")', 'Facts("4")'))
    build(root, load_identity(root, load_assignment(root).naming))
    ledger = read(root / "build/ledger.json")
    stems = {"3.estimate": "Ada_Lovelace_al123_lab", "4.estimate": "_more"}
    assert {row.id: {place.file for place in row.printed} for row in ledger.claims if row.id in stems} == {
        id: {f"{stem}.ipynb", f"{stem}.pdf"} for id, stem in stems.items()
    }
    files = {row.file for row in ledger.readback.files if row.file.endswith(".ipynb")}
    assert files == {"Ada_Lovelace_al123_lab.ipynb", "Ada_Lovelace_al123_E1_more.ipynb"}
    assert {row.sources for row in ledger.readback.cells} >= {"claim:3.estimate", "claim:4.estimate"}
    (root / "build/Ada_Lovelace_al123_lab.ipynb").unlink()
    assert "Ada_Lovelace_al123_lab.ipynb, the file: is not there" in map(str, read_back(root / "build").findings)


def test_a_cell_s_limit_is_the_user_s(own):
    status, said = run(with_notebook(own, new_code_cell("while True: pass")), ["build", "--cell-seconds", "1"])
    told = "cell 1 did not end within the limit of 1 s for a cell" in said
    assert (status, told, "Traceback" in said) == (2, True, False)
