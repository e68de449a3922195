"""`make all`: verify, render, compile, and replace the files of `build/` whole or not at all."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from writeup.assignment import load_assignment
from writeup.errors import WriteupError
from writeup.folder import BUILD, DECIDED, LEDGER, NEXT, alone, heal, replace, sha, stamp_of
from writeup.pages.identity import Identity
from writeup.text import prose
from writeup.trust.certificate import certificate_for
from writeup.trust.verify import Progress, Verification, verify

if TYPE_CHECKING:
    from writeup.assignment import Notebook
    from writeup.notebook.cells import Part
    from writeup.pages.pdf import Engine
    from writeup.readback import Report
    from writeup.readback.sources import Finding
    from writeup.text.marks import Sourced
    from writeup.trust.ledger import FigureRow, FileRow

# Whatever a built file can depend on; a change of any of these makes the next build do its work.
INPUTS = (
    "answers/**/*",
    "experiments/**/*",
    "templates/**/*",
    "requirements.lock",
    "docs/trust.md",
    "docs/mutants.json",
)
GENERATOR_INPUTS = ("**/*.py", "**/layouts/*")


class Unverified(WriteupError):
    """Something did not hold, so nothing was written."""

    def __init__(self, verification: Verification) -> None:
        self.verification = verification
        lines = [f"  {problem}" for problem in verification.problems]
        super().__init__("\n".join([f"{len(lines)} problems, nothing was written:", *lines]))


@dataclass(frozen=True)
class Built:
    """What one build did, and what there is to note about it. `verification` and `report`, what was read back, are None
    when nothing had changed."""

    files: list[Path]
    seconds: float
    verification: Verification | None = None
    report: Report | None = None
    notes: Sequence[str] = ()


def build(
    root: Path,
    identity: Identity,
    tex: str | None = None,
    on_stage: Callable[[str], None] = lambda _stage: None,
    on_question: Progress | None = None,
    on_cell: Callable[[str], None] = lambda _line: None,
    limits: tuple[int, int] | None = None,
) -> Built:
    """Build the files to upload into `root/build`; does nothing when they are there and no input has changed.

    `limits` are the seconds that a cell and a whole notebook may take.
    Raises `Unverified` when anything does not hold and `WriteupError` for whatever else stops the build; the files of
    the last good build stay as they were in both cases.
    """
    from writeup.pages import pdf  # these are slow to import, and an unchanged build needs none of them
    from writeup.pages.printable import printable
    from writeup.pages.render import render
    from writeup.readback import read_evidence

    start = time.perf_counter()
    folder = root / BUILD
    digest = _digest(root, identity, tex)
    if unchanged := _unchanged(folder, digest):  # then nothing is written, and nothing need be writable
        return Built(unchanged, time.perf_counter() - start)
    with alone(root):
        if heal(folder, identity.naming):
            on_stage("put the files of a build that was cut off in place")
            if unchanged := _unchanged(folder, digest):
                return Built(unchanged, time.perf_counter() - start)
        engine = pdf.find_engine(tex)
        parts = _handed_in(identity)
        on_stage("verify the claims")
        began = time.perf_counter()
        verification = verify(root, progress=on_question)
        verified = time.perf_counter() - began
        verification = printable(root, verification)
        if verification.problems:
            raise Unverified(verification)
        if identity.notebooks:
            verification = verification.document  # the notebook's claims are about our own, which is not handed in
        stem = identity.file_stem
        on_stage("render the documents")
        documents = render(root, verification.document, identity, stem)
        verification.ledger.readback = documents.readback
        on_stage("compile the PDF")
        paper = pdf.compile(documents.files[".tex"], engine=engine, name=stem)
        content: dict[str, str | bytes] = {f"{stem}{ending}": text for ending, text in documents.files.items()}
        content[f"{stem}.pdf"] = paper
        notes: list[str] = []
        asked = [None] if parts else verification.assignment.notebook  # the student's own are one
        for question, name in zip(asked, identity.notebook_stems, strict=False):
            made, said = _notebook(
                root, identity, verification, question, name,
                parts=parts, engine=engine, on_stage=on_stage, on_cell=on_cell, limits=limits,
            )  # fmt: skip
            content |= made
            notes += said
        on_stage("read the files back")
        report = _read_back(content, verification)
        on_stage("write the evidence page")
        pictures = {name: svg for name, svg in documents.files.items() if name.endswith(".svg")}
        name, figures = f"{stem}_evidence.html", documents.readback.figures
        page = evidence(root, verification, identity, documents.markdown, pictures, figures, report.files, verified)
        _refuse(read_evidence(name, page, verification.ledger)[0])
        content[name] = page
        content[LEDGER] = verification.ledger.model_dump_json(indent=1) + "\n"
        on_stage("write the files")
        stamp = {"inputs": digest, "files": {name: sha(data) for name, data in content.items()}}
        replace(folder, content, stamp, identity.naming)
        files = [folder / name for name in content]
    return Built(files, time.perf_counter() - start, verification, report, notes)


def evidence(
    root: Path,
    verification: Verification,
    identity: Identity,
    markdown: Sourced,
    pictures: Mapping[str, str],
    figures: Sequence[FigureRow],
    files: Sequence[FileRow] = (),
    seconds: float | None = None,
) -> str:
    """The evidence page; `pictures` are SVGs by what follows the file stem in their names. See `About` for the rest."""
    from writeup.evidence import About, evidence_page, kept

    stem, ledger = identity.file_stem, verification.document.ledger
    about = About(
        f"{verification.assignment.title}, {verification.assignment.subtitle}",
        "; ".join(f"{author.full_name}, {author.netid}" for author in identity.authors),
        f"{stem}.pdf",
        figures,
        prose.exceptions(root),
        files,
        seconds,
        certificate_for(root / BUILD, verification.ledger),
        **kept(root, ledger),
    )
    return evidence_page(about, markdown, {f"{stem}{name}": svg for name, svg in pictures.items()}, ledger)


def _handed_in(identity: Identity) -> list[Part]:
    """The student's notebooks; what is none is refused before anything slow runs."""
    if not identity.notebooks:
        return []
    from writeup.notebook import read_notebook

    return [read_notebook(path) for path in identity.notebooks]


def _notebook(
    root: Path,
    identity: Identity,
    verification: Verification,
    asked: Notebook | None,
    name: str,
    *,
    parts: Sequence[Part],
    engine: Engine,
    on_stage: Callable[[str], None],
    on_cell: Callable[[str], None],
    limits: tuple[int, int] | None,
) -> tuple[dict[str, str | bytes], list[str]]:
    """The notebook that is `asked` for, or of the student's `parts`, run, and its PDF; and what there is to note about
    them. Adds to the ledger where each claim is printed in them."""
    from writeup.notebook import Limits, build_notebook, note_printed, typeset
    from writeup.notebook.outputs import passages

    on_stage("run the notebook")
    named, began = identity.byline, time.perf_counter()

    def progress(name: str, cell: int, cells: int) -> None:
        on_cell(f"run {name}: cell {cell} of {cells}, {time.perf_counter() - began:.0f} s")

    notebook = build_notebook(
        root,
        identity_title=named,
        title=titled[0].title if (titled := verification.assignment.notebook) else verification.assignment.subtitle,
        parts=parts,
        question=asked,
        verification=verification,
        cache=root / ".cache" / "notebook",
        progress=progress,
        limits=Limits(*limits) if limits else None,
    )
    on_stage("compile the notebook's PDF")
    ending = name.removeprefix(identity.file_stem)
    note_printed(verification.ledger, notebook.marked, (f"{ending}.ipynb", f"{ending}.pdf"))
    verification.ledger.readback.cells += passages(notebook.marked, f"{name}.ipynb")
    made = typeset(notebook.notebook, named, engine, name)
    notes = [*notebook.notes]
    if shown := [f"{notebook.places[cell - 1]}: {what}" for cell, what in made.notes]:
        notes.append(f"shown otherwise in the notebook's PDF: {'; '.join(shown)}")
    return {f"{name}.ipynb": notebook.ipynb, f"{name}.pdf": made.pdf}, notes


def _read_back(content: Mapping[str, str | bytes], verification: Verification) -> Report:
    """Refuse finished files that print something else than the ledger says."""
    from writeup.readback import compare

    as_bytes = {name: data if isinstance(data, bytes) else data.encode() for name, data in content.items()}
    report = compare(as_bytes, verification.ledger)
    _refuse(report.findings)
    verification.ledger.readback.files = report.files
    return report


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise WriteupError("\n  ".join(["read-back: files and ledger differ:", *map(str, findings)]))


def _digest(root: Path, identity: Identity, tex: str | None) -> str:
    digest = hashlib.sha256(repr((identity, tex)).encode())
    generator = Path(__file__).resolve().parent
    assignment = load_assignment(root)
    patterns = (*INPUTS, *(f"{folder}/**/*" for folder in assignment.code))
    paths = {*identity.notebooks, *(p for pattern in patterns for p in root.glob(pattern))}
    paths |= {p for pattern in GENERATOR_INPUTS for p in generator.glob(pattern)}
    for path in sorted(p for p in paths if p.is_file() and "__pycache__" not in p.parts):
        digest.update(str(path).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _unchanged(folder: Path, digest: str) -> list[Path]:
    """The built files when inputs and files are both what the stamp says, and nothing of a killed build is left."""
    stamp = stamp_of(folder)
    if not stamp or stamp["inputs"] != digest or any((folder / left).exists() for left in (NEXT, DECIDED)):
        return []
    return [folder / name for name in stamp["files"]]
