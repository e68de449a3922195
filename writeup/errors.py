"""The one error type of the generator and of all that it runs, and how a program ends with whatever goes wrong."""

import difflib
import os
import re
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

LONGEST_WORD = 400  # characters of what is echoed; a path may be long


class WriteupError(Exception):
    """Its message says what was asked, what was received, what is allowed, and where."""


class Absent(WriteupError):
    """Something that is needed is not here: nothing holds or fails by that."""


class CheckFailed(WriteupError):
    """The second route disagrees with the candidate value."""

    def __init__(self, expected: object, got: object, what: str = "") -> None:
        super().__init__(f"{what + ': ' if what else ''}expected {expected!r}, got {got!r}")


def near(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant, to end a message with."""
    found = difflib.get_close_matches(name, list(known), cutoff=0.5)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def run_program(program: Any, name: str) -> NoReturn:
    """Run a typer application, or one function as such, as the program `name`: whatever goes wrong is one message on
    standard error and exit status 2, an interrupt 130; a traceback is printed with --debug alone, which a
    command finds as `context.obj`."""
    import typer

    if not isinstance(program, typer.Typer):
        program, function = typer.Typer(add_completion=False, pretty_exceptions_enable=False), program
        program.command()(function)
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # where it cannot print a name
    try:
        os.getcwd()
        status = program(standalone_mode=False, obj=debug) or 0  # so that an exit status is handed back, not raised
    except KeyboardInterrupt:
        status = 130
    except SystemExit as error:  # of a template, a figure, an answer, or of rich whose help nobody reads to its end
        status = 0 if isinstance(error.__context__, BrokenPipeError) else 2
        if status:
            told = f"something exited with {error.code!r} before all was done"
            say(name, f"{told}; nothing is verified, nothing was written")
    except Exception as error:
        status = 2
        if isinstance(error, WriteupError):
            say(name, str(error))
        elif hasattr(error, "format_message"):  # a usage error of the command line
            say(name, error.format_message())
        elif debug:
            raise
        elif isinstance(error, SyntaxError):  # of a module of the assignment
            say(name, f"{error.filename}:{error.lineno}: {error.msg}")
        elif isinstance(error, OSError):
            _say_of_files(name, error)
        else:
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            say(name, f"{place}; this is a fault of the program: the same command with --debug prints what to report")
    if status == 130:
        say(name, "interrupted; files are as they were; called again, experiments go on from their last epoch")
    sys.exit(status)


def _say_of_files(name: str, error: OSError) -> None:
    if error.filename is not None:
        say(name, f"{error.filename}: {error.strerror}")
    elif isinstance(error, FileNotFoundError):
        say(name, "the working folder was removed; go to one that exists")
    else:
        output_is_closed(error, name)


def output_is_closed(error: OSError, name: str) -> None:
    """Say that standard output takes nothing more, and let what is still held back for it go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    say(name, f"standard output cannot be written: {error.strerror}")


def say(name: str, message: str) -> None:
    """One message on standard error: what was given is echoed in short, and none of it commands the terminal."""
    short = re.sub(
        rf"(\S{{60}})\S{{{LONGEST_WORD - 60},}}", lambda word: f"{word[1]}... ({len(word[0]):,} characters)", message
    )
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda control: repr(control[0])[1:-1], short)
    if sys.stderr is not None:
        with suppress(OSError):  # full: then the exit status says it alone
            print(
                f"\x1b[1;31m{name}:\x1b[0m" if sys.stderr.isatty() else f"{name}:", shown, file=sys.stderr, flush=True
            )
