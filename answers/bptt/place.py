"""2b: where back-propagation through time takes place, by file and line of the installed PyTorch."""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from answers.bptt import torch_source
from answers.bptt.graphs import small_network, words
from writeup.claims import Claim, Control, Evidence, Ref, Table, agrees, claim, require

ENGINE = "torch/csrc/autograd/engine.h"
# Step of the way: its name, the function, the call in it that takes the next step, what the interpreter calls both.
PATH: tuple[tuple[str, Callable[..., Any], str, tuple[str, str]], ...] = (
    ("lstm", nn.LSTM.forward, "_VF.lstm(", ("LSTM.forward", "lstm")),
    ("tensor", Tensor.backward, "torch.autograd.backward(", ("Tensor.backward", "backward")),
    ("autograd", torch.autograd.backward, "_engine_run_backward(", ("backward", "_engine_run_backward")),
    (
        "engine",
        torch.autograd.graph._engine_run_backward,
        "_execution_engine.run_backward(",
        ("_engine_run_backward", "run_backward"),
    ),
)


@cache
def calls_of_one_step() -> Counter[tuple[str, str, int]]:
    """Every call, with its line, of one forward and one backward pass through an LSTM."""
    network = small_network()
    return torch_source.calls_made(lambda: network(words())[0].sum().backward())


def place_claims() -> list[Claim]:
    """Lines of PyTorch's Python source, against what the interpreter saw; the engine's declaration; calls a window."""

    def executed(line: int, names: tuple[str, str]) -> Evidence:
        seen = sorted(at for caller, called, at in calls_of_one_step() if (caller, called) == names)
        require(line in seen, seen, line, f"line on which {names[0]} called {names[1]} while it ran")
        return Evidence("the interpreter's own report of calls while a backward pass ran", seen)

    def declared(line: int) -> Evidence:
        found = torch_source.members(ENGINE, "Engine").get(line, "no member of Engine")
        require(found == "execute", "execute", found, f"{ENGINE}, line {line}")
        return Evidence("the header's braces and declarations, read line by line", found)

    claims = [
        claim(
            "2b.version",
            torch.__version__.partition("+")[0],
            "the version of PyTorch whose lines are given",
            agrees(lambda: importlib.metadata.version("torch").partition("+")[0], "the installed package's metadata"),
            [Control("1.4.0", "the release that was current when the assignment was set")],
        )
    ]
    for name, function, call, seen in PATH:
        lines = torch_source.lines_of_call(function, call)
        first = function.__code__.co_firstlineno
        controls = [Control(first, "where the function begins"), *(Control(x, "other branch") for x in lines[1:])]
        text = f"line of {torch_source.file_of(function)} on which {seen[0]} calls {seen[1]}"
        claims.append(claim(f"2b.line_{name}", lines[0], text, partial(executed, names=seen), controls))
    claims += [kernel_claim("fused", "mkldnn_rnn_layer_backward"), kernel_claim("gpu", "_cudnn_rnn_backward")]
    claims.append(
        claim(
            "2b.line_execute",
            torch_source.line_of_declaration(ENGINE, "virtual variable_list execute("),
            f"line of {ENGINE} that declares Engine::execute",
            declared,
            [
                Control(torch_source.line_of_declaration(ENGINE, "execute_with_graph_task("), "its longer namesake"),
                Control(torch_source.line_of_declaration(ENGINE, "void evaluate_function("), "one node, not all"),
            ],
        )
    )
    return claims


def kernel_claim(name: str, kernel: str) -> Claim:
    """The operator whose C++ holds the backward loop over time, as the installed headers name it."""
    header = f"ATen/ops/{kernel}.h"
    torch_source.line_of_declaration(header, f"{kernel}(")  # raises where it is not declared

    def registered(candidate: str) -> Evidence:
        require(hasattr(torch.ops.aten, candidate), "an operator of PyTorch", candidate, "torch.ops.aten")
        return Evidence("the operators that PyTorch has registered", candidate)

    return claim(
        f"2b.kernel_{name}",
        kernel,
        f"operator that runs the recursion backwards inside one node, {name}",
        registered,
        [Control("lstm_backward", "a name that one would expect"), Control("cudnn_lstm_backward", "likewise")],
        code=True,
    )


def path_table() -> Table:
    rows: list[list[str | Ref]] = [
        [f"`{seen[0]}`", f"`{torch_source.file_of(function)}`", Ref(f".line_{name}"), f"`{call.rstrip('(')}`"]
        for name, function, call, seen in PATH
    ]
    rows.append(["`Engine::execute`", f"`{ENGINE}`", Ref(".line_execute"), "`evaluate_function`, node by node"])
    return Table(["Function", "File", "Line", "Calls"], rows, "llrl")
