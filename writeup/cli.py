"""The answers to an assignment, checked, and the documents that print them.

Exit status: 0 when everything holds, 1 when a claim does not hold or a control survives, 2 for anything else.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from writeup.assignment import Assignment, find_root, load_assignment
from writeup.build import Built, Unverified, build
from writeup.errors import WriteupError, output_is_closed, run_program
from writeup.experiments import DEVICE
from writeup.experiments.display import Output, Sparingly
from writeup.pages.submission import load_identity, schema
from writeup.trust.question import Verified
from writeup.trust.verify import Verification, verify

if TYPE_CHECKING:
    from writeup.readback import Report

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Root = Annotated[Path | None, typer.Option("--root", help="The project's folder (default: the working folder).")]
errors = Output(stderr=True, highlight=False, emoji=False)
console = Output(highlight=False, emoji=False)


def main() -> None:
    """The `writeup` program."""
    run_program(app, "writeup")


@app.command("build")
def build_command(
    first: Annotated[str | None, typer.Option(help="First name, instead of submission.toml's.")] = None,
    last: Annotated[str | None, typer.Option(help="Last name.")] = None,
    netid: Annotated[str | None, typer.Option(help="NetID.")] = None,
    tex: Annotated[str | None, typer.Option(help="Another pdflatex than the embedded one.")] = None,
    cell_seconds: Annotated[
        int, typer.Option(min=1, max=10**8, help="Limit for a cell of a notebook.", envvar="WRITEUP_CELL_SECONDS")
    ] = 1800,
    notebook_seconds: Annotated[
        int, typer.Option(min=1, max=10**8, help="Limit for a whole notebook.", envvar="WRITEUP_NOTEBOOK_SECONDS")
    ] = 14400,
    root: Root = None,
) -> None:
    """Verify every claim and build the files to upload into build/."""
    folder = find_root(root)
    assignment = load_assignment(folder)
    # make hands names over in the environment, where no shell reads them
    given = {"first": first, "last": last, "netid": netid, "tex": tex}
    given = {key: os.environ.get(f"WRITEUP_{key.upper()}") if it is None else it for key, it in given.items()}
    names = {key: _as_utf8(it) for key, it in given.items() if key != "tex"}
    identity = load_identity(folder, assignment.naming, **names)
    with _progress(len(assignment.everything) + 6) as show:
        task = show.add_task("verify the claims", total=len(assignment.everything) + 6)

        due, plain = Sparingly(), not errors.is_terminal

        def on_stage(stage: str) -> None:
            show.update(task, description=escape(stage), advance=1)
            if plain:
                errors.say(stage)

        def on_cell(line: str) -> None:
            show.update(task, description=escape(line))
            if plain and due():
                errors.say(line)

        try:
            limits = cell_seconds, notebook_seconds
            built = build(folder, identity, given["tex"], on_stage, _line_by_line(show, task), on_cell, limits)
        except Unverified as error:
            show.stop()
            _print_problems(error.verification)
            errors.print("[bold red]Nothing was written.[/]")
            raise typer.Exit(error.verification.exit_status) from None
    try:
        _print_summary(built)
        for notice in (*built.notes, *identity.notices):
            console.print("[yellow]Note:[/]", end=" ")
            console.say(notice)
    except OSError as error:  # the files are whole all the same
        output_is_closed(error, "writeup")


def _as_utf8(name: str | None) -> str | None:
    """What a terminal sent, where the locale is one that has no letters beyond ASCII."""
    try:
        return name and name.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return name


@app.command("new")
def new_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet.")],
    notebook: Annotated[bool, typer.Option("--notebook", help="With a part that is handed in as a notebook.")] = False,
) -> None:
    """Start a new assignment: two questions, an experiment, a test; it builds as it is."""
    from writeup.new import new

    for path in new(folder, notebook):
        console.say(f"  {path}")
    console.say(f"cd {folder} && make all")


@app.command("schema")
def schema_command(file: Annotated[str, typer.Argument(help="assignment or submission.")]) -> None:
    """Print the JSON schema of assignment.toml or submission.toml, by which an editor completes and marks slips."""
    known = {"assignment": Assignment.model_json_schema, "submission": schema}
    if file not in known:
        raise WriteupError(f"no schema of {file!r}; there are {' and '.join(known)}")
    _print_json(known[file]())


@app.command("where", hidden=True)  # as printed documents call it
@app.command("show")
def show_command(
    id: Annotated[str, typer.Argument(help="A fact or statement, as 2d.saved.")], root: Root = None
) -> None:
    """Say all of a fact or statement: value, second route and what it found, wrong values, record, where printed."""
    from writeup.where import where

    said = where(find_root(root), id)
    width = max(len(what) for what, _ in said)
    for what, words in said:
        console.say(f"{what:>{width}}  {words}")


@app.command("figure")
def figure_command(
    id: Annotated[str, typer.Argument(help="A figure, as 2d.tying.")],
    file: Annotated[Path | None, typer.Argument(help="An .svg or .pdf file; ID.svg unless given.")] = None,
    root: Root = None,
) -> None:
    """Draw one figure to a file to look at."""
    from writeup.where import draw

    draw(find_root(root), id, file or (file := Path(f"{id}.svg")))
    console.say(str(file))


@app.command("run")
def run_command(
    name: Annotated[str, typer.Argument(help="A run, as `writeup experiments --status` lists it.")],
    device: Annotated[str, typer.Option(help="cpu or cuda.", envvar=DEVICE)] = "cpu",
    root: Root = None,
) -> None:
    """Do one run of the experiments in this process; its prints are shown."""
    from writeup.experiments.runner import run_one

    console.say(run_one(find_root(root), name, device))


@app.command()
def check(
    context: typer.Context,
    asked: Annotated[str | None, typer.Argument(metavar="[QUESTION]", help="The same as --question.")] = None,
    question: Annotated[
        str | None, typer.Option(help="A question, such as 1.1, or a part of the assignment, such as 2.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the ledger and the problems as JSON.")] = False,
    root: Root = None,
) -> None:
    """Run every check on its claim and on every control, afresh; with --debug in this process: prints are shown."""
    from writeup.pages.printable import printable

    if asked and question and asked != question:
        raise WriteupError(f"{asked} and --question {question} are two questions; check takes one, or a part's start")
    folder, question, jobs = find_root(root), question or asked, 1 if context.obj else 0
    if as_json:
        verification = printable(folder, verify(folder, question, jobs=jobs))
        _print_json(_as_json(verification))
    else:
        assignment = load_assignment(folder)
        count = len(assignment.select(question) if question is not None else assignment.everything)
        with _progress(0 if jobs else count) as show:
            task = show.add_task("verify the claims", total=count)
            verification = printable(folder, verify(folder, question, _line_by_line(show, task), jobs))
        console.print(_totals(verification))
        _print_problems(verification)
    raise typer.Exit(verification.exit_status)


@app.command("watch")
def watch_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of 127.0.0.1; 0 takes a free one.")] = 8017,
    root: Root = None,
) -> None:
    """Show the evidence page in the browser, verified anew and reloaded on every change; Ctrl-C ends it."""
    from writeup.watch import Server, watch

    folder = find_root(root)
    load_assignment(folder)
    server = Server(port)
    console.print(f"Live preview: {server.url}  (Ctrl-C ends it; build/ stays as it is)", soft_wrap=True)
    with contextlib.suppress(KeyboardInterrupt):
        watch(folder, server, lambda done: console.print(_question_line(done)))


@app.command()
def experiments(
    preset: Annotated[str, typer.Option(help="quick, cpu or full.")] = "cpu",
    jobs: Annotated[int, typer.Option(min=0, help="Runs side by side, of one thread each; 0: one a core.")] = 0,
    launcher: Annotated[str, typer.Option(help="local; slurm; submitit-local tries slurm's way here.")] = "local",
    device: Annotated[str, typer.Option(help="Asked of the experiments: cpu or cuda.", envvar=DEVICE)] = "cpu",
    kind: Annotated[str, typer.Option(help="Only this kind of experiment.")] = "",
    status: Annotated[bool, typer.Option("--status", help="Only list the runs and how they stand.")] = False,
    root: Root = None,
) -> None:
    """Run the experiments whose records are missing or stale."""
    from writeup.experiments.runner import run_missing, states

    folder = find_root(root)
    if status:
        table = Table(Column("Run", overflow="fold"), Column("State", no_wrap=True), box=None)
        for row in states(preset, folder, kind):
            table.add_row(*map(escape, row))
        console.print(table)
        return
    run_missing(folder, preset, jobs, launcher, device, kind, console)


@app.command()
def audit(
    sample: Annotated[int, typer.Option(min=1, help="Replayed records of each kind.")] = 5,
    seed: Annotated[int | None, typer.Option(help="Of the draw of these records; by chance unless given.")] = None,
    root: Root = None,
) -> None:
    """Redo what a sceptic would redo, cheapest first; exit status 1 when something does not hold."""
    from writeup.audit import carry_out, items
    from writeup.certify import built_facts, certify

    folder, drawn_by = find_root(root), random.randrange(10**6) if seed is None else seed
    todo, facts = items(folder, sample, drawn_by), built_facts(folder)
    findings = []
    with _progress(len(todo)) as show:
        task = show.add_task("", total=len(todo))
        for item in todo:
            show.update(task, description=escape(item.what))
            findings.append(finding := carry_out(item))
            said = f"{_STATES[finding.holds]} {finding.seconds:6.1f} s  {escape(finding.what)}: "
            console.print(said, end="", soft_wrap=True)
            console.say(finding.detail)
            show.advance(task)
    minutes, seconds = divmod(round(sum(finding.seconds for finding in findings)), 60)
    held, failed, absent = (sum(finding.holds is state for finding in findings) for state in (True, False, None))
    console.print(
        f"Trust took {minutes} min {seconds} s: {held} of {len(findings)} items hold, "
        f"{failed} fail, {absent} absent. Replayed records were drawn by --seed {drawn_by}.",
        soft_wrap=True,
    )
    written = certify(folder, facts, sample, drawn_by, findings)
    console.say(f"Certificate: {written}")
    raise typer.Exit(1 if failed else 0)


_STATES = {True: "[green]holds[/] ", False: "[red]fails[/] ", None: "[yellow]absent[/]"}


@app.command("manifest")
def manifest_command(root: Root = None) -> None:
    """Accept the records as they are: what the documents rest on from now on."""
    from writeup.records.manifest import MANIFEST, accept

    folder = find_root(root)
    for where, what in accept(folder):
        console.say(f"{where} {what}")
    console.say(f"{folder / MANIFEST} lists the records as they are; commit it with them")


@app.command()
def status(root: Root = None) -> None:
    """Say what is there: every record, and what `make experiments` would do about it."""
    from writeup.audit import states

    table = Table("Record", "Date", "Device", "State")
    for row in states(find_root(root)):
        table.add_row(*map(escape, row))
    console.print(table)


def _progress(total: int) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True, disable=total < 1)


def _line_by_line(show: Progress, task: TaskID) -> Callable[[Verified], None]:
    """What prints a line for each question that was verified."""

    def on_question(done: Verified) -> None:
        show.console.print(_question_line(done))
        show.advance(task)

    return on_question


def _question_line(done: Verified) -> str:
    controls = sum(len(row.controls) for row in done.rows)
    state = "[red]fails[/]" if done.problems else "[green]holds[/]"
    question = escape(f"{done.question:>5}")
    return f"{question}  {state}  {len(done.rows):4d} claims  {controls:4d} controls  {done.seconds:5.1f} s"


def _totals(verification: Verification) -> str:
    ledger, assignment = verification.ledger, verification.assignment
    controls = sum(len(row.controls) for row in ledger.claims)
    answered = {id for id, done in verification.answers.items() if not done.problems}
    counted = f"{len(ledger.claims)} claims, {ledger.rejected()} of {controls} controls rejected"
    if not any(question.id in verification.answers for question in assignment.question):
        return counted  # the notebook alone, whose points are none of the document's
    points = sum(question.points for question in assignment.question if question.id in answered)
    return f"{counted}, {points} of {assignment.points} points verified"


def _print_problems(verification: Verification) -> None:
    for problem in verification.problems:
        errors.print(f"[red]{escape(problem.where)}[/]: ", end="")
        errors.say(problem.message)


def _print_json(document: object) -> None:
    console.say(json.dumps(document, indent=1))


def _as_json(verification: Verification) -> dict[str, Any]:
    document = verification.ledger.model_dump()
    document["problems"] = [{"where": p.where, "message": p.message} for p in verification.problems]
    document["totals"] = {
        id: {"claims": len(done.rows), "controls": sum(len(row.controls) for row in done.rows), "seconds": done.seconds}
        for id, done in verification.answers.items()
    }
    return document


def _read_back_table(report: Report) -> Table:
    """By finished file: the numbers found in it, how many are claims' or their wrong values', how many are allowed."""
    file = Column("read back", overflow="fold")
    table = Table(file, "numbers", "facts'", "others'", "share of facts", box=None, header_style="bold")
    for row in report.files:
        counts = (row.numbers, row.matched, sum(row.allowed.values()))
        table.add_row(escape(row.file), *(f"{count:,}" for count in counts), f"{row.share:.1%}")
    table.add_row(f"{report.printed} of {report.claims} claims are printed")
    return table


def _print_summary(built: Built) -> None:
    if built.verification is None:
        console.say(f"Nothing has changed: {len(built.files)} files in {built.files[0].parent} are current.")
    else:
        console.print(_totals(built.verification))
        if built.report is not None:
            console.print(_read_back_table(built.report))
        for path in built.files:
            console.say(f"  {path}")
    console.print(f"{len(built.files)} files, {built.seconds:.1f} s")
