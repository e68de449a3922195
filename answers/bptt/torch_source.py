"""Where PyTorch's own source says what happens: looked up when the document is built, never typed."""

import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from writeup.errors import WriteupError

INCLUDE = Path(torch.__file__).parent / "include"


def file_of(function: Callable[..., Any]) -> str:
    """The file of `function` below the folder in which torch is installed: "torch/nn/modules/rnn.py"."""
    source = inspect.getsourcefile(function)
    assert source is not None
    return Path(source).relative_to(Path(torch.__file__).parent.parent).as_posix()


def lines_of_call(function: Callable[..., Any], call: str) -> list[int]:
    """The lines of the file of `function` on which its body contains the text `call`."""
    source, first = inspect.getsourcelines(function)
    found = [first + index for index, line in enumerate(source) if call in line]
    if not found:
        raise WriteupError(
            f"{file_of(function)}: {function.__qualname__} of torch {torch.__version__} contains no {call!r}"
        )
    return found


def calls_made(run: Callable[[], Any]) -> Counter[tuple[str, str, int]]:
    """How often each (calling function, called function, line of the call) came during `run`, by the interpreter."""
    found: Counter[tuple[str, str, int]] = Counter()

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            found[frame.f_code.co_qualname, called.__name__, frame.f_lineno] += 1
        elif event == "call" and frame.f_back is not None:
            found[frame.f_back.f_code.co_qualname, frame.f_code.co_name, frame.f_back.f_lineno] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return found


def line_of_declaration(header: str, declaration: str) -> int:
    """The line of `header`, a file that torch installs, on which the text `declaration` stands."""
    text = (INCLUDE / header).read_text(encoding="utf-8")
    position = text.find(declaration)
    if position < 0:
        raise WriteupError(f"{header} of torch {torch.__version__} contains no {declaration!r}")
    return text.count("\n", 0, position) + 1


def members(header: str, structure: str) -> dict[int, str]:
    """The member functions that `structure` declares in `header`: the name that stands on each line.

    Reads the file line by line and counts braces; comments are left out.
    """
    found: dict[int, str] = {}
    depth = inside = 0
    for number, line in enumerate((INCLUDE / header).read_text(encoding="utf-8").splitlines(), start=1):
        code = line.partition("//")[0]
        if re.match(rf"\s*(struct|class)\b.*\b{structure}\b[^;]*$", code):
            inside = depth + 1
        if inside and depth == inside and (named := re.search(r"(\w+)\(", code)):
            found[number] = named[1]
        depth += code.count("{") - code.count("}")
        if inside and depth < inside and found:
            break
    return found
