import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from writeup.errors import WriteupError
from writeup.pages.pdf import Engine, TeXError, compile, errors_in, find_engine, problems_in, text_of

PREAMBLE = (
    "\\pdfsuppressptexinfo=-1 \\pdftrailerid{} \\pdfinfoomitdate=1\n"
    "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{lmodern}\n"
)


def document(body, packages=""):
    """A document whose body starts on line 4."""
    return f"{PREAMBLE}{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n"


@pytest.fixture(scope="module")
def engine():
    return find_engine()


def test_the_embedded_engine_is_found_without_any_tex_installed(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_engine().version.startswith("pdfTeX")


def test_a_named_engine_is_used(tmp_path, engine):
    link = tmp_path / "my-pdflatex"
    link.symlink_to(engine.path)
    assert find_engine(str(link)) == Engine(link, engine.version)


def test_an_engine_under_a_path_that_tex_would_expand_finds_its_tree(tmp_path, engine):
    odd = tmp_path / "it's a $HOME, {x,y}" / "bin" / engine.path.parent.name
    odd.mkdir(parents=True)
    moved = Engine(Path(shutil.copy(engine.path, odd)), engine.version, engine.path.parents[2])
    source = document("A", r"\usepackage{tikz}")
    assert compile(source, engine=moved) == compile(source, engine=engine)


def test_a_full_disk_is_said_instead_of_what_tex_makes_of_it(engine, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(WriteupError, match="the disk is full"):
        compile(document(r"\nosuch"), engine=engine)


def test_an_engine_that_does_not_exist_is_refused():
    with pytest.raises(WriteupError, match=r"TEX=/no/pdflatex: no such program"):
        find_engine("/no/pdflatex")


def test_a_program_that_is_no_pdftex_is_refused():
    with pytest.raises(WriteupError, match="a pdfTeX is needed"):
        find_engine(sys.executable)


def test_references_settle_over_as_many_passes_as_they_need(engine):
    body = (
        r"\tableofcontents\section{One}\label{one}Section \ref{two}.\newpage\section{Two}\label{two}Page \pageref{one}."
    )
    first, second = text_of(compile(document(body), engine=engine))
    assert "Section 2." in first
    assert "Page 1." in second
    assert "2 Two 2" in " ".join(first.split())


def test_one_source_gives_one_pdf(engine):
    source = document(r"\section{A}\pdfcreationdate", r"\usepackage{hyperref}")
    first = compile(source, engine=engine)
    time.sleep(1.1)  # the clock must have moved on for this to mean anything
    assert compile(source, engine=engine) == first


def test_tex_sees_a_clock_that_stands_still(engine):
    assert "January 1, 2020" in text_of(compile(document(r"\today"), engine=engine))[0]


def test_files_lie_beside_the_source(engine):
    pdf = compile(document(r"\input{part.tex}"), engine=engine, files={"part.tex": b"from beside"})
    assert "from beside" in text_of(pdf)[0]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a b", "", "-x", "a\\b"])
def test_file_names_are_plain(engine, name):
    with pytest.raises(WriteupError, match="file name"):
        compile(document("x"), engine=engine, name=name)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (r"fine \nosuchcommand here", r"line 4: Undefined control sequence.*nosuchcommand"),
        (r"\textbf{fine \nosuchcommand here}", r"line 4: Undefined control sequence. after 'fine .*nosuchcommand'\n"),
        (r"\usepackage{x}", r"line 4: LaTeX Error: Can be used only in preamble"),
        (r"\begin{equation", r"File ended while scanning"),
        ("x ≤ y", r"line 4: .*Unicode character ≤"),
        (r"\includegraphics{x}", r"Undefined control sequence"),
        (r"\input{missing}", r"File `missing.tex' not found"),
        (r"\ref{nowhere}", r"Reference `nowhere' on page 1 undefined on input line 4"),
        (r"\cite{nobody}", r"Citation `nobody' on page 1 undefined"),
        (r"\label{a}\label{a}x", r"Label `a' multiply defined"),
        (r"\hbox to 1cm{a long line of text}", r"Overfull \\hbox \(\d+\.\d+pt too wide\) detected at line 4"),
        (r"\fontseries{zz}\selectfont x", r"Font shape `T1/lmr/zz/n' undefined"),
        (r"\font\symbols=lmsy10 \symbols\char'377 x", r"Missing character: There is no"),
        ("", r"TeX made no page"),
        (r"\fontfamily{cmr}\selectfont x", r"not found|not loadable"),
    ],
)
def test_errors_and_defects_are_told(engine, body, message):
    with pytest.raises(TeXError, match=message):
        compile(document(body), engine=engine)


def test_the_message_shows_the_source_line(engine):
    with pytest.raises(TeXError, match=r"\| fine \\nosuchcommand here"):
        compile(document(r"fine \nosuchcommand here"), engine=engine)


def test_a_box_that_sticks_out_by_less_than_two_points_passes(engine):
    body = r"\noindent\rule{\textwidth}{1pt}\rule{1.9pt}{1pt}"
    assert compile(document(body), engine=engine).startswith(b"%PDF")


@pytest.mark.parametrize(
    "body",
    [
        r"\immediate\write18{touch OUTSIDE}",
        r"\newwrite\f\immediate\openout\f=OUTSIDE \immediate\write\f{x}\immediate\closeout\f",
        r"\newwrite\f\immediate\openout\f=../escaped \immediate\write\f{x}\immediate\closeout\f",
    ],
)
def test_tex_writes_nowhere_else(engine, tmp_path, monkeypatch, body):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with contextlib.suppress(TeXError):  # refusing aloud is fine; what counts is what is left
        compile(document("x " + body.replace("OUTSIDE", str(tmp_path / "escaped"))), engine=engine)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["SECRET", "../secret.txt"])
def test_tex_reads_nothing_else(engine, tmp_path, monkeypatch, path):
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    name = path.replace("SECRET", str(tmp_path / "secret.txt"))
    body = rf"\newread\f\openin\f={name} \ifeof\f shut\else\read\f to\x \x\fi"
    assert text_of(compile(document(body), engine=engine))[0].split() == ["shut", "1"]


def test_a_document_without_end_is_stopped(engine, monkeypatch):
    monkeypatch.setattr("writeup.pages.pdf.SECONDS", 2.0)
    start = time.monotonic()
    with pytest.raises(TeXError, match="did not finish within 2 s"):
        compile(document(r"\def\x{\x}\x"), engine=engine)
    assert time.monotonic() - start < 60


def test_a_document_that_never_settles_is_refused(engine):
    counts_its_passes = (
        r"\newcount\passes\newwrite\file\InputIfFileExists{count.dat}{}{}\advance\passes1 "
        r"\immediate\openout\file=count.dat \immediate\write\file{\passes\the\passes\relax}\immediate\closeout\file x"
    )
    with pytest.raises(TeXError, match="still change after 4 passes"):
        compile(document(counts_its_passes), engine=engine)


def test_nothing_is_left_behind(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    compile(document("x"), engine=engine)
    with pytest.raises(TeXError):
        compile(document(r"\nosuchcommand"), engine=engine)
    assert list(tmp_path.iterdir()) == []


def test_only_the_first_error_of_a_log_counts():
    log = "! Undefined control sequence.\nl.7 \\foo\n        bar\n! Emergency stop.\nl.7 \\foo\n!  ==> Fatal error\n"
    assert errors_in(log) == [r"line 7: Undefined control sequence. after '\\foo'"]


def test_harmless_lines_of_a_log_are_no_problems():
    log = "Underfull \\hbox (badness 10000)\nOverfull \\hbox (1.99pt too wide) in x\nLaTeX Font Info: a\nPackage b Info"
    assert problems_in(log) == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no other TeX is installed")
def test_another_tex_gives_the_same_text(engine):
    source = document(r"\section{One} $x^2$ and \textbf{bold}, \texttt{code}: José")
    other = find_engine("pdflatex")
    assert text_of(compile(source, engine=other)) == text_of(compile(source, engine=engine))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere TeX finishes its pass first")
def test_tex_ends_with_whoever_called_it(tmp_path):
    def at_work():
        folders = [process.info["cwd"] or "" for process in psutil.process_iter(["cwd"])]
        return any(folder.startswith(str(tmp_path)) for folder in folders)

    def wait_for(state):
        for _ in range(300):
            if at_work() is state:
                break
            time.sleep(0.1)
        return at_work() is state

    endless = document(r"\def\again{\again}\again")
    code = f"from writeup.pages.pdf import *; compile({endless!r}, engine=find_engine())"
    caller = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)})
    assert wait_for(True)
    caller.kill()
    caller.wait()
    assert wait_for(False)
