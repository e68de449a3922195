"""Where PyTorch's own source says what happens: looked up when the document is built, never typed."""

from __future__ import annotations

import inspect
import mmap
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

from lab.bptt.autograd_graph import onednn
from writeup.errors import WriteupError

TORCH = Path(torch.__file__).parent
# Steps of the way in Python: the function, its call that takes the next step, what the interpreter calls both.
PATH: tuple[tuple[Callable[..., Any], str, tuple[str, str]], ...] = (
    (nn.LSTM.forward, "_VF.lstm(", ("LSTM.forward", "lstm")),
    (Tensor.backward, "torch.autograd.backward(", ("Tensor.backward", "backward")),
    (torch.autograd.backward, "_engine_run_backward(", ("backward", "_engine_run_backward")),
    (
        torch.autograd.graph._engine_run_backward,
        "_execution_engine.run_backward(",
        ("_engine_run_backward", "run_backward"),
    ),
)


def file_of(function: Callable[..., Any]) -> str:
    """The file of `function` below the folder in which torch is installed: "torch/nn/modules/rnn.py"."""
    source = inspect.getsourcefile(function)
    assert source is not None
    return Path(source).relative_to(TORCH.parent).as_posix()


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


# -- C++ ---------------------------------------------------------------------------------------------------------------


def cpp_functions() -> set[str]:
    """The named C++ functions of torch on the stack at this moment: "torch::autograd::Engine::execute"."""
    return set(re.findall(r"((?:torch|at)(?:::\w+)+)\(", torch._C._get_cpp_backtrace(0, 100)))


@cache
def functions_in_backward() -> set[str]:
    """C++ functions on the stack while a node of the graph computes its gradient."""
    found: set[str] = set()

    def look(gradient: Tensor) -> None:  # noqa: ARG001 # a hook is given the gradient
        found.update(cpp_functions())

    value = torch.ones((), requires_grad=True)
    value.register_hook(look)
    (value * value).backward()
    return found


@cache
def functions_in_steps(fused: bool = False) -> set[str]:
    """C++ functions on the stack while an `nn.LSTM` saves what its second word, or the fused layer, needs backward."""
    found: list[set[str]] = []

    def look(tensor: Tensor) -> Tensor:
        found.append(cpp_functions())
        return tensor

    with onednn(fused), torch.autograd.graph.saved_tensors_hooks(look, lambda tensor: tensor):
        nn.LSTM(1, 1)(torch.ones(2, 1, 1))
    return found[-1]


class _Sums(TorchDispatchMode):
    """C++ functions on the stack while tensors of so many rows are added."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.found: set[str] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is torch.ops.aten.add.Tensor and self.rows in args[0].shape:
            self.found |= cpp_functions()
        return function(*args, **(kwargs or {}))


@cache
def functions_in_sums() -> set[str]:
    """C++ functions on the stack while the gradients that the words send to the gates' weights are added."""
    with onednn(False):
        ended = nn.LSTM(1, 3)(torch.ones(2, 1, 1))[0].sum()
        with _Sums(rows=12) as sums:
            ended.backward()
    return sums.found


@cache
def operators_in_backward() -> set[str]:
    """What torch's profiler names while an `nn.LSTM` runs back, fused as by default."""
    with onednn(True):
        ended = nn.LSTM(1, 1)(torch.ones(2, 1, 1))[0].sum()
        with profile() as profiler:
            ended.backward()
    return {event.name for event in profiler.events() or []}


@cache
def file_of_warning() -> str:
    """The C++ file from which the engine warns about `create_graph=True`, as the warning itself says."""
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = torch.ones((), requires_grad=True)
            (value * value).backward(create_graph=True)
            value.grad = None
    finally:
        torch.set_warn_always(always)
    said = " ".join(str(warning.message) for warning in caught)
    found = re.search(r"Triggered internally at \S*?(torch/csrc/\S+\.cpp)", said)
    return found[1] if found else ""


@cache
def compiled_files(ending: str) -> set[str]:
    """Names of aten's source files that the compiled library holds in its messages, those that end so."""
    (library,) = [path for path in TORCH.glob("lib/*torch_cpu.*") if path.suffix in (".so", ".dylib", ".dll")]
    found = set()
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        position = content.find(ending.encode())
        while position >= 0:
            start = max(content.rfind(b"\0", 0, position), position - 200)
            name = content[start : position + len(ending)].rpartition(b"/aten/src/")[2]
            found.add("aten/src/" + name.decode(errors="replace"))
            position = content.find(ending.encode(), position + 1)
    return found
